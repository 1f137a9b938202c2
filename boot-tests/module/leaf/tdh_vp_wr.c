// TDH.VP.WR: writes a field of a vCPU.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/metadata.h"

/* [TDX ABI 1.5 TDH.VP.WR] RCX TDVPR, RDX field, R8 data, R9 mask; R8 old value. */
uint64_t tdh_vp_wr(struct vcpu *vcpu, const struct seam_regs *in, struct seam_regs *out)
{
	if (!vcpu_has_pages(vcpu)) {
		return TDX_TDCX_NUM_INCORRECT;
	}
	uint64_t status = vcpu_associate(vcpu, false);
	if (status != TDX_SUCCESS) {
		return status;
	}
	struct md_request request = {
		.id = in->rdx,
		.access = md_host_write(vcpu->td.tdcs),
		.value = in->r8,
		.mask = in->r9,
	};
	status = md_write(MD_CONTEXT_VCPU, vcpu, &request);
	out->r8 = request.value;
	return status;
}
