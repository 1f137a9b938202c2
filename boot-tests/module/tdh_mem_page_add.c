// TDH.MEM.PAGE.ADD: copies a page of the host into the TD before it runs, and measures its address.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf.h"
#include "boot-tests/module/mrtd.h"
#include "boot-tests/module/page.h"
#include "boot-tests/module/sept_op.h"

/* [TDX ABI 1.5 TDH.MEM.PAGE.ADD] RCX GPA (level 0), RDX TDR, R8 page, R9 source. */
uint64_t tdh_mem_page_add(const struct td *td, const struct seam_regs *in, struct seam_regs *out)
{
	if (!is_aligned(in->r9, pg_size(PG_4K)) || in->r9 >= BIT64(HPA_WIDTH)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_R9;
	}
	struct sept_walk walk;
	uint64_t status = sept_open(td, in->rcx, PG_4K, PG_4K, &walk, out);
	if (status != TDX_SUCCESS) {
		return status;
	}
	if (sept_state(walk.value) != SEPT_FREE) {
		return sept_refuse(&walk, TDX_EPT_ENTRY_STATE_INCORRECT, out);
	}
	struct pamt_entry *entry;
	status = pamt_open_free(in->r8, TDX_OPERAND_R8, PG_4K, &entry);
	if (status != TDX_SUCCESS) {
		sept_unlock(&walk);
		return status;
	}
	page_copy(hpa(in->r8), hpa(in->r9));
	mrtd_page_add(td->tdcs, gpa(in->rcx & TDX_GPA_PAGE));
	td_take_page(td->tdr_page, entry, PG_4K, TDX_PAGE_REG);
	sept_update(td, &walk, SEPT_MAPPED, hpa(in->r8));
	pamt_close_free(entry, PG_4K);
	return TDX_SUCCESS;
}
