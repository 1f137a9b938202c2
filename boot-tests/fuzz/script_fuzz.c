// Fuzzes the parser of host scripts: it ends, and a rule that it takes is within its bounds.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/base/bits.h"
#include "arch/base/check.h"
#include "boot-tests/vmm/script/script_parse.h"
#include "linker/memmap.h"

static void judge(const struct script_rule *rule, unsigned line)
{
	CHECK(rule->line >= line && rule->event <= SCRIPT_END);
	CHECK(rule->first >= 1 && rule->first <= rule->last);
	CHECK(rule->any_cpu || rule->cpu < MACHINE_MAX_CPUS);
	CHECK(rule->hold_us <= SCRIPT_MAX_HOLD_US);
	CHECK(rule->actions != 0);
	CHECK(rule->event != SCRIPT_PHASE ||
	      (rule->hold_us != 0 && rule->number <= PHASE_AP_PARKED));
	CHECK(rule->event != SCRIPT_HOB || rule->size == 1 || rule->size == 2 || rule->size == 4 ||
	      rule->size == 8);
	CHECK(rule->copy < SCRIPT_MAX_COPIES && rule->source_copy < SCRIPT_MAX_COPIES &&
	      rule->awaits < SCRIPT_MAX_COPIES && rule->like < SCRIPT_MAX_COPIES);
	CHECK((rule->unlike >> SCRIPT_MAX_COPIES) == 0);
	CHECK((rule->actions & (ACT_LIKE | ACT_UNLIKE)) == 0 || (rule->actions & ACT_READ) != 0);
	CHECK(rule->page % MEM_PAGE_SIZE == 0);
	CHECK((rule->actions & ACT_WRITE) == 0 || rule->at % rule->size == 0);
	CHECK(rule->event != SCRIPT_END ||
	      (rule->actions & (ACT_AWAIT | ACT_WRITE | ACT_MOVE | ACT_ADD)) == 0);
	CHECK((rule->moved | rule->added) % MEM_PAGE_SIZE == 0);
	CHECK(!rule->answer.instead || rule->answer.set != 0);
	CHECK((rule->answer.set & ~(BIT32(sizeof(struct seam_regs) / sizeof(uint64_t)) - 1)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script;
	struct script_place place = { 0 };
	char error[80] = "";
	/* On the heap, where ASan sees its end. */
	char *text = malloc(size + 1);
	CHECK(text != NULL);
	memcpy(text, data, size);
	while (place.at != size) {
		struct script_place before = place;
		if (script_parse(text, size, &place, &script, error, sizeof(error)) != ST_OK) {
			CHECK(memcmp(error, "line ", 5) == 0 && strlen(error) < sizeof(error));
			break;
		}
		CHECK(place.at > before.at && place.at <= size);
		CHECK(script.count <= SCRIPT_MAX_RULES);
		CHECK(strlen(script.life) <= SCRIPT_LIFE_NAME_MAX);
		for (unsigned i = 0; i < script.count; i++) {
			judge(&script.rules[i], before.line + i + 1);
			CHECK(script.rules[i].line <= place.line);
		}
	}
	free(text);
	return 0;
}
