// TDH.MEM.PAGE.RELOCATE: moves a 4 KiB page of the TD to another frame.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <stddef.h>

#include "arch/base/check.h"
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/memory/page.h"
#include "boot-tests/module/memory/sept_op.h"

/* The old page is locked. */
static uint64_t relocate(const struct sept_op *op, hpa_t from, uint64_t to, struct seam_regs *out)
{
	uint64_t status = sept_check_tracked(op, out);
	if (status != TDX_SUCCESS) {
		return status;
	}
	struct pamt_entry *entry;
	status = pamt_open_free(to, TDX_OPERAND_R8, PG_4K, &entry);
	if (status != TDX_SUCCESS) {
		return status;
	}
	enum sept_state state = sept_state(op->walk.value);
	bool mapped = state == SEPT_MAPPED || state == SEPT_BLOCKED;
	status = sept_check_content(op);
	if (status == TDX_SUCCESS) {
		if (mapped) {
			page_copy(hpa(to), from);
		}
		td_take_page(op->td->tdr_page, entry, PG_4K, TDX_PAGE_REG);
		sept_update(op, mapped ? SEPT_MAPPED : SEPT_PENDING, hpa(to));
		td_drop_page(op->td->tdr_page, from, PG_4K);
		out->rcx = from.v;
	}
	pamt_close_free(entry, PG_4K);
	return status;
}

static uint64_t check_and_relocate(const struct sept_op *op, uint64_t to, struct seam_regs *out)
{
	if (!sept_is_leaf(sept_state(op->walk.value))) {
		return sept_refuse(op, TDX_EPT_ENTRY_STATE_INCORRECT, out);
	}
	hpa_t from = sept_hpa(op->walk.value);
	if (from.v == to) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_R8;
	}
	struct pamt_entry *entry = pamt_find(from);
	CHECK(entry != NULL && entry->type == TDX_PAGE_REG && entry->level == PG_4K);
	if (!lock_try(&entry->lock, LOCK_EXCLUSIVE)) {
		return TDX_OPERAND_BUSY | TDX_OPERAND_RCX;
	}
	uint64_t status = relocate(op, from, to, out);
	pamt_close(entry, LOCK_EXCLUSIVE);
	return status;
}

/* [TDX ABI 1.5 TDH.MEM.PAGE.RELOCATE] RCX GPA (level 0), RDX TDR, R8 new page; RCX old page. */
uint64_t tdh_mem_page_relocate(const struct td *td, const struct seam_regs *in,
			       struct seam_regs *out)
{
	struct sept_op op;
	uint64_t status = sept_open(td, in->rcx, PG_4K, PG_4K, LOCK_SHARED, &op, out);
	if (status == TDX_SUCCESS) {
		status = check_and_relocate(&op, in->r8, out);
		sept_close(&op);
	}
	return status;
}
