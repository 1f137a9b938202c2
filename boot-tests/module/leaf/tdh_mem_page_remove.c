// TDH.MEM.PAGE.REMOVE: takes a page out of the TD and sets it free.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <stddef.h>

#include "arch/base/check.h"
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/memory/sept_op.h"

static uint64_t remove_page(const struct sept_op *op, struct seam_regs *out)
{
	if (!sept_is_leaf(sept_state(op->walk.value))) {
		return sept_refuse(op, TDX_EPT_ENTRY_STATE_INCORRECT, out);
	}
	hpa_t page = sept_hpa(op->walk.value);
	struct pamt_entry *entry = pamt_find(page);
	CHECK(entry != NULL && entry->type == TDX_PAGE_REG && entry->level == op->walk.level);
	if (!lock_try(&entry->lock, LOCK_EXCLUSIVE)) {
		return TDX_OPERAND_BUSY | TDX_OPERAND_RCX;
	}
	uint64_t status = sept_check_tracked(op, out);
	if (status == TDX_SUCCESS) {
		sept_update(op, SEPT_FREE, hpa(0));
		td_drop_page(op->td->tdr_page, page, op->walk.level);
		out->rcx = page.v;
	}
	pamt_close(entry, LOCK_EXCLUSIVE);
	return status;
}

/* [TDX ABI 1.5 TDH.MEM.PAGE.REMOVE] RCX GPA and level (there are no 1 GiB pages), RDX TDR; RCX
 * page. */
uint64_t tdh_mem_page_remove(const struct td *td, const struct seam_regs *in, struct seam_regs *out)
{
	struct sept_op op;
	uint64_t status = sept_open(td, in->rcx, PG_4K, PG_1G, LOCK_SHARED, &op, out);
	if (status == TDX_SUCCESS) {
		status = remove_page(&op, out);
		sept_close(&op);
	}
	return status;
}
