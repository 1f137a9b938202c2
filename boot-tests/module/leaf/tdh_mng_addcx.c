// TDH.MNG.ADDCX: adds one page to the TDCS.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/memory/page.h"
#include "boot-tests/module/memory/sept.h"
#include "boot-tests/module/platform.h"

/* With the page that completes it the TDCS exists; before that there is no op state to look at. */
static uint64_t check_tdcs(const struct tdr *tdr)
{
	uint32_t count = tdr->tdcx_count + 1;
	const struct tdcs *tdcs = hpa_ptr(tdr->tdcx[0]);
	uint64_t migration_key[4]; /* nothing is migrated, but the module wants one */
	if (count == TDX_TDCS_PAGES && !module_random(migration_key, ARRAY_COUNT(migration_key))) {
		return TDX_RND_NO_ENTROPY;
	}
	if (count > TDX_TDCS_PAGES && tdcs->op_state != OP_STATE_UNINITIALIZED) {
		return TDX_OP_STATE_INCORRECT;
	}
	return TDX_SUCCESS;
}

static void tdcx_add(const struct td *td, hpa_t page, struct pamt_entry *entry)
{
	struct tdr *tdr = td->tdr;
	page_zero(page, PG_4K);
	tdr->tdcx[tdr->tdcx_count] = page;
	tdr->tdcx_count++;
	if (tdr->tdcx_count == TDX_TDCS_PAGES) {
		struct tdcs *tdcs = hpa_ptr(tdr->tdcx[0]);
		tdcs->tdr = tdr;
		tdcs->sept_root.table = hpa_ptr(tdr->tdcx[1]);
		tdcs->cpuid = hpa_ptr(tdr->tdcx[2]);
		sept_table_init(tdcs->sept_root.table);
	}
	td_take_page(td->tdr_page, entry, PG_4K, TDX_PAGE_TDCX);
}

/* [TDX ABI 1.5 TDH.MNG.ADDCX] RCX page, RDX TDR. Pages after the sixth are for L2 VMs. */
uint64_t tdh_mng_addcx(const struct td *td, const struct seam_regs *in, struct seam_regs *out)
{
	(void)out;
	if (td->tdr->fatal) {
		return TDX_TD_FATAL;
	}
	if (td->tdr->lifecycle != TD_KEYS_CONFIGURED) {
		return TDX_TD_KEYS_NOT_CONFIGURED;
	}
	if (td->tdr->tdcx_count == TDX_TDCS_PAGES_MAX) {
		return TDX_TDCX_NUM_INCORRECT;
	}
	struct pamt_entry *entry;
	uint64_t status = pamt_open_free(in->rcx, TDX_OPERAND_RCX, PG_4K, &entry);
	if (status != TDX_SUCCESS) {
		return status;
	}
	status = check_tdcs(td->tdr);
	if (status == TDX_SUCCESS) {
		tdcx_add(td, hpa(in->rcx), entry);
	}
	pamt_close_free(entry, PG_4K);
	return status;
}
