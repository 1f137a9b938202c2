// CPUID as the TD sees it: a table made at TDH.MNG.INIT, patched by the state of the vCPU.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5 CPUID virtualization]
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "boot-tests/module/td.h"

/* Features of this CPU that XFAM can name. [SDM 1 13.1] */
uint64_t td_cpuid_platform_xfam(void);
/* CPUID(1).EAX of the platform. */
uint32_t td_cpuid_platform_signature(void);

/* False: a bit that cannot be configured is set; *bad is then leaf | subleaf << 32. */
bool td_cpuid_check(const struct td_params *params, uint64_t *bad);
/* Makes tdcs->cpuid of XFAM, which tdcs has, and of a configuration that has been checked. */
void td_cpuid_init(struct tdcs *tdcs, const struct td_params *params);

/* False: this leaf is a #VE. */
bool td_cpuid_read(const struct vcpu *vcpu, uint32_t leaf, uint32_t subleaf,
		   struct cpuid_values *out);

/* Has the TD the deadline timer? MSR 0x6E0 depends on it. */
bool td_cpuid_has_tsc_deadline(const struct tdcs *tdcs);
/* Bits of CR4 that the TD's CPUID allows to be set. */
uint64_t td_cpuid_cr4_allowed(const struct tdcs *tdcs);
