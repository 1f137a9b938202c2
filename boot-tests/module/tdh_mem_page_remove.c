// TDH.MEM.PAGE.REMOVE: takes a page out of the TD and sets it free.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/check.h"
#include "boot-tests/module/leaf.h"
#include "boot-tests/module/sept_op.h"

/* [TDX ABI 1.5 TDH.MEM.PAGE.REMOVE] RCX GPA and level, RDX TDR; RCX page. */
uint64_t tdh_mem_page_remove(const struct td *td, const struct seam_regs *in,
			     struct seam_regs *out)
{
	struct sept_walk walk;
	uint64_t status = sept_open(td, in->rcx, PG_4K, PG_2M, &walk, out);
	if (status != TDX_SUCCESS) {
		return status;
	}
	enum sept_state state = sept_state(walk.value);
	if (!sept_is_leaf(state)) {
		return sept_refuse(&walk, TDX_EPT_ENTRY_STATE_INCORRECT, out);
	}
	hpa_t page = sept_hpa(walk.value);
	struct pamt_entry *entry = pamt_find(page);
	CHECK(entry != 0 && entry->type == TDX_PAGE_REG && entry->level == walk.level);
	status = sept_check_tracked(td, &walk, out);
	if (status != TDX_SUCCESS) {
		return status;
	}
	if (!lock_try(&entry->lock, LOCK_EXCLUSIVE)) {
		sept_unlock(&walk);
		return TDX_OPERAND_BUSY | TDX_OPERAND_RCX;
	}
	sept_update(td, &walk, SEPT_FREE, hpa(0));
	td_drop_page(td->tdr_page, page, walk.level);
	pamt_close(entry, LOCK_EXCLUSIVE);
	out->rcx = page.v;
	return TDX_SUCCESS;
}
