// TDH.MEM.SEPT.REMOVE: takes an empty table out of the Secure EPT and sets its page free.
// SPDX-License-Identifier: BSD-2-Clause-Patent
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

/* [TDX ABI 1.5 TDH.MEM.SEPT.REMOVE] RCX GPA and level of the entry, RDX TDR; RCX page. */
uint64_t tdh_mem_sept_remove(const struct td *td, const struct seam_regs *in,
			     struct seam_regs *out)
{
	struct sept_walk walk;
	uint64_t status = sept_open(td, in->rcx, PG_2M, SEPT_MAX_LEVEL, &walk, out);
	if (status != TDX_SUCCESS) {
		return status;
	}
	enum sept_state state = sept_state(walk.value);
	if (state != SEPT_NL_MAPPED && state != SEPT_NL_BLOCKED) {
		return sept_refuse(&walk, TDX_EPT_ENTRY_STATE_INCORRECT, out);
	}
	status = sept_check_tracked(td, &walk, out);
	if (status != TDX_SUCCESS) {
		return status;
	}
	hpa_t page = sept_hpa(walk.value);
	if (!table_is_free(page)) {
		return sept_refuse(&walk, TDX_EPT_PAGE_NOT_FREE, out);
	}
	struct pamt_entry *entry = pamt_find(page);
	if (!lock_try(&entry->lock, LOCK_EXCLUSIVE)) {
		sept_unlock(&walk);
		return TDX_OPERAND_BUSY | TDX_OPERAND_RCX;
	}
	sept_update(td, &walk, SEPT_FREE, hpa(0));
	td_drop_page(td->tdr_page, page, PG_4K);
	pamt_close(entry, LOCK_EXCLUSIVE);
	out->rcx = page.v;
	return TDX_SUCCESS;
}
