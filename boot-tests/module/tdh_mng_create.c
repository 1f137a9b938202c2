// TDH.MNG.CREATE: makes a free page the root of a new TD and reserves its private key id.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf.h"
#include "boot-tests/module/module.h"
#include "boot-tests/module/page.h"

/* [TDX ABI 1.5 TDH.MNG.CREATE] RCX page, RDX HKID. */
uint64_t tdh_mng_create(const struct seam_regs *in, struct seam_regs *out)
{
	(void)out;
	if (!module_hkid_private(in->rdx)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RDX;
	}
	struct pamt_entry *entry;
	uint64_t status = pamt_open_free(in->rcx, TDX_OPERAND_RCX, PG_4K, &entry);
	if (status != TDX_SUCCESS) {
		return status;
	}
	if (!module_take_hkid((uint32_t)in->rdx)) {
		pamt_close_free(entry, PG_4K);
		return TDX_HKID_NOT_FREE;
	}
	page_zero(hpa(in->rcx), PG_4K);
	struct tdr *tdr = hpa_ptr(hpa(in->rcx));
	tdr->lifecycle = TD_HKID_ASSIGNED;
	tdr->hkid = (uint32_t)in->rdx;
	pamt_assign(entry, PG_4K, TDX_PAGE_TDR, hpa(0));
	pamt_close_free(entry, PG_4K);
	return TDX_SUCCESS;
}
