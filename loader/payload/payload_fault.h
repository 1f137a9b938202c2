// What a payload, whatever its kind, is refused for.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

#include "arch/base/status.h"

enum payload_rule {
#define RULE(tag, ...) RULE_##tag,
#include "loader/payload/payload_rules.def"
};

struct payload_fault {
	enum payload_rule rule;
	uint64_t offset; /* of the field in the file; 0: it is not in the file */
	uint64_t value;
};

/* Records a fault; returns the rule's status. */
enum status payload_refused(struct payload_fault *fault, enum payload_rule rule, uint64_t offset,
			    uint64_t value) MUST_CHECK;

const char *payload_fault_field(const struct payload_fault *fault);
/* For people. The only use of the texts, so that the shim is linked without them. */
const char *payload_fault_text(const struct payload_fault *fault);
