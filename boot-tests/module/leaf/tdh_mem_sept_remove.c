// TDH.MEM.SEPT.REMOVE: takes an empty table out of the Secure EPT and sets its page free.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/memory.h"
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/memory/sept_op.h"

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
static uint64_t remove_table(const struct sept_op *op, struct seam_regs *out)
{
	hpa_t page = sept_hpa(op->walk.value);
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
uint64_t tdh_mem_sept_remove(const struct td *td, const struct seam_regs *in, struct seam_regs *out)
{
	struct sept_op op;
	uint64_t status = sept_open(td, in->rcx, PG_2M, SEPT_MAX_LEVEL, LOCK_EXCLUSIVE, &op, out);
	if (status != TDX_SUCCESS) {
		return status;
	}
	struct pamt_entry *table;
	status = sept_lock_table(&op, &table, out);
	if (status == TDX_SUCCESS) {
		status = remove_table(&op, out);
		pamt_close(table, LOCK_EXCLUSIVE);
	}
	sept_close(&op);
	return status;
}
