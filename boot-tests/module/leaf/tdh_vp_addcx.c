// TDH.VP.ADDCX: adds one page to the TDVPS.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/memory/page.h"

/* [TDX ABI 1.5 TDH.VP.ADDCX] RCX page, RDX TDVPR. Pages after the fifth are for L2 VMs. */
uint64_t tdh_vp_addcx(struct vcpu *vcpu, const struct seam_regs *in, struct seam_regs *out)
{
	(void)out;
	if (vcpu->state != VCPU_UNINITIALIZED) {
		return TDX_VCPU_STATE_INCORRECT;
	}
	if (vcpu->tdcx_count == TDX_TDVPS_PAGES_MAX - 1) {
		return TDX_TDCX_NUM_INCORRECT;
	}
	struct pamt_entry *entry;
	uint64_t status = pamt_open_free(in->rcx, TDX_OPERAND_RCX, PG_4K, &entry);
	if (status != TDX_SUCCESS) {
		return status;
	}
	page_zero(hpa(in->rcx), PG_4K);
	vcpu->tdcx[vcpu->tdcx_count] = hpa(in->rcx);
	vcpu->tdcx_count++;
	td_take_page(vcpu->td.tdr_page, entry, PG_4K, TDX_PAGE_TDCX);
	pamt_close_free(entry, PG_4K);
	return TDX_SUCCESS;
}
