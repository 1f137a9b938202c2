// TDH.VP.FLUSH: ends the association of a vCPU with the CPU that calls.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/guest/tlb.h"
#include "boot-tests/module/leaf/leaf.h"

/* [TDX ABI 1.5 TDH.VP.FLUSH] RCX TDVPR. */
uint64_t tdh_vp_flush(struct vcpu *vcpu, const struct seam_regs *in, struct seam_regs *out)
{
	(void)in;
	(void)out;
	if (vcpu->td.tdr->lifecycle != TD_KEYS_CONFIGURED) {
		return TDX_TD_KEYS_NOT_CONFIGURED;
	}
	if (!vcpu_has_pages(vcpu)) {
		return TDX_TDCX_NUM_INCORRECT;
	}
	if (!vcpu_dissociate(vcpu)) {
		return TDX_VCPU_NOT_ASSOCIATED;
	}
	tlb_empty(vcpu);
	return TDX_SUCCESS;
}
