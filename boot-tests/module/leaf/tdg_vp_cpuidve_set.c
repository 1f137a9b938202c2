// TDG.VP.CPUIDVE.SET: makes every CPUID a #VE, by privilege level.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf/leaf.h"

#define FLAG_SUPERVISOR BIT64(0)
#define FLAG_USER BIT64(1)

/* [TDX ABI 1.5 TDG.VP.CPUIDVE.SET] RCX flags. */
uint64_t tdg_vp_cpuidve_set(struct vcpu *vcpu)
{
	uint64_t flags = vcpu->svm.gpr[RCX];
	if (flags & ~(FLAG_SUPERVISOR | FLAG_USER)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	vcpu->cpuid_supervisor_ve = (flags & FLAG_SUPERVISOR) != 0;
	vcpu->cpuid_user_ve = (flags & FLAG_USER) != 0;
	return TDX_SUCCESS;
}
