// The rules that payloads are held to, as a table.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/payload/payload_fault.h"

static const struct {
	uint8_t status;
	char field[20];
} rules[] = {
#define RULE(tag, status, field, text) [RULE_##tag] = { ST_##status, field },
#include "loader/payload/payload_rules.def"
};

enum status payload_refused(struct payload_fault *fault, enum payload_rule rule, uint64_t offset,
			    uint64_t value)
{
	*fault = (struct payload_fault){ rule, offset, value };
	return (enum status)rules[rule].status;
}

const char *payload_fault_field(const struct payload_fault *fault)
{
	return rules[fault->rule].field;
}

const char *payload_fault_text(const struct payload_fault *fault)
{
	static const char *const texts[] = {
#define RULE(tag, status, field, text) [RULE_##tag] = text,
#include "loader/payload/payload_rules.def"
	};
	return texts[fault->rule];
}
