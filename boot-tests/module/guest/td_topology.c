// Checks CPUID(1FH) and derives CPUID(0BH).
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/guest/td_topology.h"

/* [SDM 2A CPUID(1FH)] */
#define LEVEL_NUMBER MASK64(7, 0)
#define LEVEL_TYPE MASK64(15, 8)
enum level_type { LEVEL_INVALID, LEVEL_SMT, LEVEL_CORE, LEVEL_MODULE, LEVEL_TILE, LEVEL_DIE };

static uint64_t type_of(const struct cpuid_values *level)
{
	return field_get(LEVEL_TYPE, level->ecx);
}

bool td_topology_is_zero(const struct cpuid_values levels[TOPOLOGY_LEVELS])
{
	for (unsigned i = 0; i < TOPOLOGY_LEVELS; i++) {
		if ((levels[i].eax | levels[i].ebx | levels[i].ecx) != 0) {
			return false;
		}
	}
	return true;
}

bool td_topology_check(const struct cpuid_values levels[TOPOLOGY_LEVELS], uint32_t *bad)
{
	uint64_t last = LEVEL_INVALID;
	bool core = td_topology_is_zero(levels);
	bool ended = false;
	for (*bad = 0; *bad < TOPOLOGY_LEVELS; (*bad)++) {
		uint64_t type = type_of(&levels[*bad]);
		if (type == LEVEL_INVALID) {
			ended = true;
			continue;
		}
		if (ended || type <= last || type > LEVEL_DIE) {
			return false;
		}
		core = core || type == LEVEL_CORE;
		last = type;
	}
	*bad = 0;
	return core;
}

void td_topology_0b(const struct cpuid_values levels[TOPOLOGY_LEVELS],
		    struct cpuid_values out[TOPOLOGY_LEVELS_0B])
{
	unsigned highest = 0;
	for (unsigned i = 0; i < TOPOLOGY_LEVELS; i++) {
		highest = type_of(&levels[i]) != LEVEL_INVALID ? i : highest;
	}
	out[0] = levels[0];
	out[1] = levels[highest];
	out[1].ecx = (uint32_t)(field_put(LEVEL_NUMBER, 1u) | field_put(LEVEL_TYPE, LEVEL_CORE));
	out[2] = (struct cpuid_values){ .ecx = (uint32_t)field_put(LEVEL_NUMBER, 2u) };
}
