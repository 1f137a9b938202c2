// TDH.MEM.PAGE.DEMOTE: splits a 2 MiB page into 512 pages of 4 KiB.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <stddef.h>

#include "arch/base/check.h"
#include "boot-tests/machine/wake.h"
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/memory/page.h"
#include "boot-tests/module/memory/sept_op.h"

/* The small entries are never blocked. */
static void fill_table(uint64_t *table, uint64_t large)
{
	enum sept_state state = sept_state(large);
	bool mapped = state == SEPT_MAPPED || state == SEPT_BLOCKED;
	for (unsigned i = 0; i < PT_ENTRIES; i++) {
		table[i] = sept_entry(mapped ? SEPT_MAPPED : SEPT_PENDING,
				      hpa(sept_hpa(large).v + i * pg_size(PG_4K)), PG_4K);
		if ((large & SEPT_POISONED) != 0) {
			table[i] = (table[i] & ~PTE_P) | SEPT_POISONED;
		}
	}
}

/* With the page of the new table locked: up to here nothing but its content has changed. */
static uint64_t split(const struct sept_op *op, const struct seam_regs *in, struct pamt_entry *page,
		      struct pamt_entry *table, struct seam_regs *out)
{
	fill_table(hpa_ptr(hpa(in->r8)), op->walk.value);
	if (wake_kick_pending()) {
		out->rcx = in->rcx;
		out->rdx = in->rdx;
		return TDX_INTERRUPTED_RESTARTABLE;
	}
	if (!pamt_demote(page)) {
		return TDX_OPERAND_BUSY | TDX_OPERAND_RCX;
	}
	td_take_page(op->td->tdr_page, table, PG_4K, TDX_PAGE_EPT);
	sept_update(op, SEPT_NL_MAPPED, hpa(in->r8));
	return TDX_SUCCESS;
}

static uint64_t demote(const struct sept_op *op, const struct seam_regs *in, struct seam_regs *out)
{
	if (!sept_is_leaf(sept_state(op->walk.value))) {
		return sept_refuse(op, TDX_EPT_ENTRY_STATE_INCORRECT, out);
	}
	struct pamt_entry *page = pamt_find(sept_hpa(op->walk.value));
	CHECK(page != NULL && page->type == TDX_PAGE_REG && page->level == PG_2M);
	struct pamt_entry *table;
	uint64_t status = sept_check_tracked(op, out);
	if (status == TDX_SUCCESS) {
		status = pamt_open_free(in->r8, TDX_OPERAND_R8, PG_4K, &table);
	}
	if (status == TDX_SUCCESS) {
		status = split(op, in, page, table, out);
		pamt_close_free(table, PG_4K);
	}
	return status;
}

/* [TDX ABI 1.5 TDH.MEM.PAGE.DEMOTE] RCX GPA and level (there are no 1 GiB pages), RDX TDR and flag,
 * R8 page of the new table; R9 to R11, pages for L2 VMs, are not looked at: there are none. */
uint64_t tdh_mem_page_demote(const struct td *td, const struct seam_regs *in, struct seam_regs *out)
{
	struct sept_op op;
	uint64_t status = sept_open(td, in->rcx, PG_2M, PG_1G, LOCK_SHARED, &op, out);
	if (status == TDX_SUCCESS) {
		status = demote(&op, in, out);
		sept_close(&op);
	}
	return status;
}
