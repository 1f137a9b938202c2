// TDH.MEM.PAGE.AUG: gives a TD a page that it has to accept.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/memory/sept_op.h"

static uint64_t augment(const struct sept_op *op, uint64_t page, struct seam_regs *out)
{
	if (sept_state(op->walk.value) != SEPT_FREE) {
		return sept_refuse(op, TDX_EPT_ENTRY_STATE_INCORRECT, out);
	}
	enum pg_level level = op->walk.level;
	struct pamt_entry *entry;
	uint64_t status = pamt_open_free(page, TDX_OPERAND_R8, level, &entry);
	if (status != TDX_SUCCESS) {
		return status;
	}
	td_take_page(op->td->tdr_page, entry, level, TDX_PAGE_REG);
	sept_update(op, SEPT_PENDING, hpa(page));
	pamt_close_free(entry, level);
	return TDX_SUCCESS;
}

/* [TDX ABI 1.5 TDH.MEM.PAGE.AUG] RCX GPA and level (0, 1), RDX TDR, R8 page. */
uint64_t tdh_mem_page_aug(const struct td *td, const struct seam_regs *in, struct seam_regs *out)
{
	struct sept_op op;
	uint64_t status = sept_open(td, in->rcx, PG_4K, PG_2M, LOCK_SHARED, &op, out);
	if (status == TDX_SUCCESS) {
		status = augment(&op, in->r8, out);
		sept_close(&op);
	}
	return status;
}
