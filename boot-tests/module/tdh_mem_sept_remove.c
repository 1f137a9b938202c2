// TDH.MEM.SEPT.REMOVE: takes an empty table out of the Secure EPT and sets its page free.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/check.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/module/leaf.h"
#include "boot-tests/module/sept_op.h"

static bool table_is_free(hpa_t page)
{
	const uint64_t *table = hpa_ptr(page);
	for (unsigned i = 0; i < PT_ENTRIES; i++) {
		if (sept_state(__atomic_load_n(&table[i], __ATOMIC_ACQUIRE)) != SEPT_FREE) {
			return false;
		}
	}
	return true;
}

/* The page of the table is locked. */
static uint64_t remove_table(const struct sept_op *op, hpa_t page, struct seam_regs *out)
{
	uint64_t status = sept_check_tracked(op, out);
	if (status != TDX_SUCCESS) {
		return status;
	}
	if (!table_is_free(page)) {
		return sept_refuse(op, TDX_EPT_PAGE_NOT_FREE, out);
	}
	sept_update(op, SEPT_FREE, hpa(0));
	td_drop_page(op->td->tdr_page, page, PG_4K);
	out->rcx = page.v;
	return TDX_SUCCESS;
}

/* [TDX ABI 1.5 TDH.MEM.SEPT.REMOVE] RCX GPA and level of the entry, RDX TDR; RCX page, R9 to R11
 * (version 1) those of the L2 VMs. */
uint64_t tdh_mem_sept_remove(const struct td *td, const struct seam_regs *in,
			     struct seam_regs *out)
{
	struct sept_op op;
	uint64_t status = sept_open(td, in->rcx, PG_2M, SEPT_MAX_LEVEL, LOCK_EXCLUSIVE, &op, out);
	if (status != TDX_SUCCESS) {
		return status;
	}
	enum sept_state state = sept_state(op.walk.value);
	if (state != SEPT_NL_MAPPED && state != SEPT_NL_BLOCKED) {
		status = sept_refuse(&op, TDX_EPT_ENTRY_STATE_INCORRECT, out);
	} else {
		hpa_t page = sept_hpa(op.walk.value);
		struct pamt_entry *entry = pamt_find(page);
		CHECK(entry != 0 && entry->type == TDX_PAGE_EPT);
		status = TDX_OPERAND_BUSY | TDX_OPERAND_RCX;
		if (lock_try(&entry->lock, LOCK_EXCLUSIVE)) {
			status = remove_table(&op, page, out);
			pamt_close(entry, LOCK_EXCLUSIVE);
		}
	}
	sept_close(&op);
	return status;
}
