// TDH.MEM.PAGE.RELOCATE: moves a 4 KiB page of the TD to another frame.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/check.h"
#include "boot-tests/module/leaf.h"
#include "boot-tests/module/page.h"
#include "boot-tests/module/sept_op.h"

/* Both pages and the entry are locked. */
static void relocate(const struct td *td, const struct sept_walk *walk, hpa_t to,
		     struct pamt_entry *to_entry)
{
	hpa_t from = sept_hpa(walk->value);
	enum sept_state state = sept_state(walk->value);
	bool mapped = state == SEPT_MAPPED || state == SEPT_BLOCKED;
	if (mapped) {
		page_copy(to, from);
	}
	td_take_page(td->tdr_page, to_entry, PG_4K, TDX_PAGE_REG);
	sept_update(td, walk, mapped ? SEPT_MAPPED : SEPT_PENDING, to);
	td_drop_page(td->tdr_page, from, PG_4K);
}

/* [TDX ABI 1.5 TDH.MEM.PAGE.RELOCATE] RCX GPA (level 0), RDX TDR, R8 new page; RCX old page. */
uint64_t tdh_mem_page_relocate(const struct td *td, const struct seam_regs *in,
			       struct seam_regs *out)
{
	struct sept_walk walk;
	uint64_t status = sept_open(td, in->rcx, PG_4K, PG_4K, &walk, out);
	if (status != TDX_SUCCESS) {
		return status;
	}
	if (!sept_is_leaf(sept_state(walk.value))) {
		return sept_refuse(&walk, TDX_EPT_ENTRY_STATE_INCORRECT, out);
	}
	status = sept_check_tracked(td, &walk, out);
	if (status != TDX_SUCCESS) {
		return status;
	}
	status = sept_check_content(td, &walk);
	if (status != TDX_SUCCESS) {
		return status;
	}
	hpa_t from = sept_hpa(walk.value);
	struct pamt_entry *from_entry = pamt_find(from);
	CHECK(from_entry != 0 && from_entry->type == TDX_PAGE_REG && from_entry->level == PG_4K);
	struct pamt_entry *to_entry;
	status = from.v == in->r8 ? TDX_OPERAND_INVALID | TDX_OPERAND_R8 :
				    pamt_open_free(in->r8, TDX_OPERAND_R8, PG_4K, &to_entry);
	if (status == TDX_SUCCESS && !lock_try(&from_entry->lock, LOCK_EXCLUSIVE)) {
		pamt_close_free(to_entry, PG_4K);
		status = TDX_OPERAND_BUSY | TDX_OPERAND_RCX;
	}
	if (status != TDX_SUCCESS) {
		sept_unlock(&walk);
		return status;
	}
	relocate(td, &walk, hpa(in->r8), to_entry);
	pamt_close(from_entry, LOCK_EXCLUSIVE);
	pamt_close_free(to_entry, PG_4K);
	out->rcx = from.v;
	return TDX_SUCCESS;
}
