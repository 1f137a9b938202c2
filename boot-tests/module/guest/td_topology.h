// The virtual topology: what a host may say of it in CPUID(1FH), and CPUID(0BH) made of that.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX Base 1.5, platform topology virtualization; the module's check_cpuid_1f()]
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "boot-tests/module/td.h"

/* Sub-leaves 0 to 5 of leaf 1FH can be configured; leaf 0BH has two levels, and one that says that
 * there are no more. Others of both are a #VE. */
#define TOPOLOGY_LEVELS 6
#define TOPOLOGY_LEVELS_0B 3

/* Level types ascend, CORE is one of them, none follows where they end. False: *bad is the sub-leaf
 * that is wrong. All 0 is good: the platform's values count then. */
bool td_topology_check(const struct cpuid_values levels[TOPOLOGY_LEVELS], uint32_t *bad);
bool td_topology_is_zero(const struct cpuid_values levels[TOPOLOGY_LEVELS]);

/* Level 0 as it is; as the core level the highest that there is. EDX is the vCPU's. */
void td_topology_0b(const struct cpuid_values levels[TOPOLOGY_LEVELS],
		    struct cpuid_values out[TOPOLOGY_LEVELS_0B]);
