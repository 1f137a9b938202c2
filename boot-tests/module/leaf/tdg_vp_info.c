// TDG.VP.INFO: what TD and vCPU this is.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf/leaf.h"

#define SYS_RD_SUPPORTED BIT64(0)

/* [TDX ABI 1.5 TDG.VP.INFO] Never fails. */
uint64_t tdg_vp_info(struct vcpu *vcpu)
{
	const struct tdcs *tdcs = vcpu->td.tdcs;
	uint64_t *gpr = vcpu->svm.gpr;
	gpr[RCX] = field_put(TDG_VP_INFO_GPAW, td_gpa_bits(tdcs));
	gpr[RDX] = tdcs->attributes;
	gpr[R8] = field_put(TDG_VP_INFO_NUM_VCPUS, tdcs->num_vcpus) |
		  field_put(TDG_VP_INFO_MAX_VCPUS, tdcs->max_vcpus);
	gpr[R9] = field_put(TDG_VP_INFO_VCPU_INDEX, vcpu->index);
	gpr[R10] = SYS_RD_SUPPORTED;
	gpr[R11] = 0;
	return TDX_SUCCESS;
}
