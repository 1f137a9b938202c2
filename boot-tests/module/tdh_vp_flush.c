// TDH.VP.FLUSH: ends the association of a vCPU with the CPU that calls.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf.h"

/* [TDX ABI 1.5 TDH.VP.FLUSH] RCX TDVPR. */
uint64_t tdh_vp_flush(struct vcpu *vcpu, const struct seam_regs *in, struct seam_regs *out)
{
	(void)in;
	(void)out;
	return vcpu_dissociate(vcpu) ? TDX_SUCCESS : TDX_VCPU_NOT_ASSOCIATED;
}
