// TDH.MEM.PAGE.DEMOTE: splits a 2 MiB page into 512 pages of 4 KiB.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/check.h"
#include "boot-tests/module/leaf.h"
#include "boot-tests/module/page.h"
#include "boot-tests/module/sept_op.h"

/* The small entries are never blocked. */
static void fill_table(uint64_t *table, uint64_t large)
{
	enum sept_state state = sept_state(large);
	bool mapped = state == SEPT_MAPPED || state == SEPT_BLOCKED;
	for (unsigned i = 0; i < PT_ENTRIES; i++) {
		table[i] = sept_entry(mapped ? SEPT_MAPPED : SEPT_PENDING,
				      hpa(sept_hpa(large).v + i * pg_size(PG_4K)), PG_4K);
		if (large & SEPT_POISONED) {
			table[i] = (table[i] & ~PTE_P) | SEPT_POISONED;
		}
	}
}

/* [TDX ABI 1.5 TDH.MEM.PAGE.DEMOTE] RCX GPA and level (there are no 1 GiB pages), RDX TDR, R8 page
 * of the new table. */
uint64_t tdh_mem_page_demote(const struct td *td, const struct seam_regs *in,
			     struct seam_regs *out)
{
	struct sept_walk walk;
	uint64_t status = sept_open(td, in->rcx, PG_2M, PG_1G, &walk, out);
	if (status != TDX_SUCCESS) {
		return status;
	}
	enum sept_state state = sept_state(walk.value);
	if (!sept_is_leaf(state)) {
		return sept_refuse(&walk, TDX_EPT_ENTRY_STATE_INCORRECT, out);
	}
	hpa_t page = sept_hpa(walk.value);
	struct pamt_entry *entry = pamt_find(page);
	CHECK(entry != 0 && entry->type == TDX_PAGE_REG && entry->level == PG_2M);
	status = sept_check_tracked(td, &walk, out);
	if (status != TDX_SUCCESS) {
		return status;
	}
	struct pamt_entry *table;
	status = pamt_open_free(in->r8, TDX_OPERAND_R8, PG_4K, &table);
	if (status != TDX_SUCCESS) {
		sept_unlock(&walk);
		return status;
	}
	fill_table(hpa_ptr(hpa(in->r8)), walk.value);
	pamt_demote(entry);
	td_take_page(td->tdr_page, table, PG_4K, TDX_PAGE_EPT);
	sept_update(td, &walk, SEPT_NL_MAPPED, hpa(in->r8));
	pamt_close_free(table, PG_4K);
	return TDX_SUCCESS;
}
