// TDH.MNG.ADDCX: adds one page to the TDCS.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf.h"
#include "boot-tests/module/page.h"
#include "boot-tests/module/sept.h"

/* [TDX ABI 1.5 TDH.MNG.ADDCX] RCX page, RDX TDR. */
uint64_t tdh_mng_addcx(const struct td *td, const struct seam_regs *in, struct seam_regs *out)
{
	(void)out;
	struct tdr *tdr = td->tdr;
	if (tdr->lifecycle != TD_KEYS_CONFIGURED) {
		return TDX_TD_KEYS_NOT_CONFIGURED;
	}
	if (td->tdcs != 0 && td->tdcs->op_state != OP_STATE_UNINITIALIZED) {
		return TDX_OP_STATE_INCORRECT;
	}
	if (tdr->tdcx_count == TDX_TDCS_PAGES) {
		return TDX_TDCX_NUM_INCORRECT;
	}
	struct pamt_entry *entry;
	uint64_t status = pamt_open_free(in->rcx, TDX_OPERAND_RCX, PG_4K, &entry);
	if (status != TDX_SUCCESS) {
		return status;
	}
	page_zero(hpa(in->rcx), PG_4K);
	tdr->tdcx[tdr->tdcx_count] = hpa(in->rcx);
	tdr->tdcx_count++;
	if (tdr->tdcx_count == TDX_TDCS_PAGES) {
		struct tdcs *tdcs = hpa_ptr(tdr->tdcx[0]);
		tdcs->sept_root = hpa_ptr(tdr->tdcx[1]);
		tdcs->cpuid = hpa_ptr(tdr->tdcx[2]);
		sept_table_init(tdcs->sept_root);
	}
	td_take_page(td->tdr_page, entry, PG_4K, TDX_PAGE_TDCX);
	pamt_close_free(entry, PG_4K);
	return TDX_SUCCESS;
}
