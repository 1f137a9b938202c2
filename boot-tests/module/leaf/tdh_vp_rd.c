// TDH.VP.RD: reads a field of a vCPU.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/metadata.h"

/* [TDX ABI 1.5 TDH.VP.RD] RCX TDVPR, RDX field; R8 value, RDX next field (version 1). */
uint64_t tdh_vp_rd(struct vcpu *vcpu, const struct seam_regs *in, struct seam_regs *out)
{
	if (!vcpu_has_pages(vcpu)) {
		return TDX_TDCX_NUM_INCORRECT;
	}
	uint64_t status = vcpu_associate(vcpu, true);
	if (status != TDX_SUCCESS) {
		return status;
	}
	bool with_next = field_get(TDX_VERSION, in->rax) > 0;
	if (!with_next && in->rdx == MD_NONE) {
		return TDX_METADATA_FIELD_ID_INCORRECT;
	}
	struct md_request request = { .id = in->rdx, .access = md_host_read(vcpu->td.tdcs) };
	status = md_read(MD_CONTEXT_VCPU, vcpu, &request);
	out->r8 = request.value;
	if (with_next) {
		out->rdx = request.next;
	}
	return status;
}
