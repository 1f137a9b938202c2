// TDH.MEM.PAGE.AUG: gives a TD a page that it has to accept.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf.h"
#include "boot-tests/module/sept_op.h"

/* [TDX ABI 1.5 TDH.MEM.PAGE.AUG] RCX GPA and level (0, 1), RDX TDR, R8 page. */
uint64_t tdh_mem_page_aug(const struct td *td, const struct seam_regs *in, struct seam_regs *out)
{
	struct sept_walk walk;
	uint64_t status = sept_open(td, in->rcx, PG_4K, PG_2M, &walk, out);
	if (status != TDX_SUCCESS) {
		return status;
	}
	if (sept_state(walk.value) != SEPT_FREE) {
		return sept_refuse(&walk, TDX_EPT_ENTRY_STATE_INCORRECT, out);
	}
	struct pamt_entry *entry;
	status = pamt_open_free(in->r8, TDX_OPERAND_R8, walk.level, &entry);
	if (status != TDX_SUCCESS) {
		sept_unlock(&walk);
		return status;
	}
	td_take_page(td->tdr_page, entry, walk.level, TDX_PAGE_REG);
	sept_update(td, &walk, SEPT_PENDING, hpa(in->r8));
	pamt_close_free(entry, walk.level);
	return TDX_SUCCESS;
}
