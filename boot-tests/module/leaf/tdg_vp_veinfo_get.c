// TDG.VP.VEINFO.GET: fetches the information of the last #VE.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf/leaf.h"

#define INFO_LENGTH MASK64(31, 0)
#define INFO_INSTRUCTION MASK64(63, 32)

/* [TDX ABI 1.5 TDG.VP.VEINFO.GET] */
uint64_t tdg_vp_veinfo_get(struct vcpu *vcpu)
{
	uint64_t *gpr = vcpu->svm.gpr;
	const struct ve_area *ve = &vcpu->ve;
	if (ve->valid == 0) {
		gpr[RCX] = gpr[RDX] = gpr[R8] = gpr[R9] = gpr[R10] = 0;
		return TDX_NO_VALID_VE_INFO;
	}
	gpr[RCX] = ve->exit_reason;
	gpr[RDX] = ve->exit_qualification;
	gpr[R8] = ve->gla;
	gpr[R9] = ve->gpa;
	gpr[R10] = field_put(INFO_LENGTH, ve->instruction_length) |
		   field_put(INFO_INSTRUCTION, ve->instruction_info);
	vcpu->ve.valid = 0;
	return TDX_SUCCESS;
}
