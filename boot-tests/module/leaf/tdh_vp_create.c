// TDH.VP.CREATE: makes a free page the root of a new vCPU.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/memory/page.h"

/* [TDX ABI 1.5 TDH.VP.CREATE] RCX page, RDX TDR. */
uint64_t tdh_vp_create(const struct td *td, const struct seam_regs *in, struct seam_regs *out)
{
	(void)out;
	struct pamt_entry *entry;
	uint64_t status = pamt_open_free(in->rcx, TDX_OPERAND_RCX, PG_4K, &entry);
	if (status != TDX_SUCCESS) {
		return status;
	}
	page_zero(hpa(in->rcx), PG_4K);
	struct vcpu *vcpu = hpa_ptr(hpa(in->rcx));
	vcpu->td = *td;
	vcpu->cpu = VCPU_NO_CPU;
	td_take_page(td->tdr_page, entry, PG_4K, TDX_PAGE_TDVPR);
	pamt_close_free(entry, PG_4K);
	return TDX_SUCCESS;
}
