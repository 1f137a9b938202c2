// TDH.MEM.PAGE.ADD: copies a page of the host into the TD before it runs, and measures its address.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/memory.h"
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/memory/key_address.h"
#include "boot-tests/module/memory/sept_op.h"
#include "boot-tests/module/td_mrtd.h"

static uint64_t page_add(const struct sept_op *op, const struct seam_regs *in,
			 struct seam_regs *out)
{
	if (sept_state(op->walk.value) != SEPT_FREE) {
		return sept_refuse(op, TDX_EPT_ENTRY_STATE_INCORRECT, out);
	}
	if (!is_aligned(in->r9, pg_size(PG_4K)) || in->r9 >= key_address_end()) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_R9;
	}
	struct pamt_entry *entry;
	uint64_t status = pamt_open_free(in->r8, TDX_OPERAND_R8, PG_4K, &entry);
	if (status != TDX_SUCCESS) {
		return status;
	}
	module_host_read(hpa(in->r9), hpa_ptr(hpa(in->r8)), pg_size(PG_4K));
	mrtd_page_add(op->td->tdcs, gpa(in->rcx & TDX_GPA_PAGE));
	td_take_page(op->td->tdr_page, entry, PG_4K, TDX_PAGE_REG);
	sept_update(op, SEPT_MAPPED, hpa(in->r8));
	pamt_close_free(entry, PG_4K);
	return TDX_SUCCESS;
}

/* [TDX ABI 1.5 TDH.MEM.PAGE.ADD] RCX GPA (level 0), RDX TDR, R8 page, R9 source. */
uint64_t tdh_mem_page_add(const struct td *td, const struct seam_regs *in, struct seam_regs *out)
{
	struct sept_op op;
	uint64_t status = sept_open(td, in->rcx, PG_4K, PG_4K, LOCK_NONE, &op, out);
	if (status == TDX_SUCCESS) {
		status = page_add(&op, in, out);
		sept_close(&op);
	}
	return status;
}
