// TDH.MEM.PAGE.PROMOTE: makes 512 pages of 4 KiB one of 2 MiB.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/wake.h"
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/memory/sept_op.h"

/* May the pages begin with this one? There are no 1 GiB pages: entries of a table of level 1 are
 * none that could be joined. */
static bool promotable(uint64_t first, enum pg_level level)
{
	enum sept_state state = sept_state(first);
	return level == PG_2M && (state == SEPT_MAPPED || state == SEPT_PENDING) &&
	       !(first & SEPT_POISONED) && is_aligned(sept_hpa(first).v, pg_size(PG_2M));
}

/* Locks one entry after the other, as long as they are pages in order and of one state; locked
 * counts them. */
static uint64_t lock_entries(uint64_t *table, enum pg_level level, unsigned *locked)
{
	uint64_t expected = 0;
	for (*locked = 0; *locked < PT_ENTRIES;) {
		struct sept_walk walk = { .entry = &table[*locked], .level = PG_4K };
		if (!sept_lock_host(&walk)) {
			return TDX_OPERAND_BUSY;
		}
		if (*locked == 0) {
			expected = walk.value;
		}
		*locked += 1;
		if (!promotable(expected, level) ||
		    walk.value != expected + (*locked - 1) * pg_size(PG_4K)) {
			return TDX_EPT_INVALID_PROMOTE_CONDITIONS;
		}
	}
	return TDX_SUCCESS;
}

static void unlock_entries(uint64_t *table, unsigned locked)
{
	for (unsigned i = 0; i < locked; i++) {
		sept_unlock(&(struct sept_walk){ .entry = &table[i] });
	}
}

/* The pages can be joined, and are locked with their entries. */
static uint64_t join(const struct sept_op *op, const struct seam_regs *in, uint64_t *table,
		     struct seam_regs *out)
{
	if (wake_kick_pending()) {
		out->rcx = in->rcx;
		out->rdx = in->rdx;
		return TDX_INTERRUPTED_RESTARTABLE;
	}
	hpa_t page = sept_hpa(table[0]);
	if (!pamt_promote(pamt_find(page))) {
		return TDX_OPERAND_BUSY | TDX_OPERAND_RCX;
	}
	hpa_t table_page = sept_hpa(op->walk.value);
	sept_update(op, sept_state(table[0]), page);
	td_drop_page(op->td->tdr_page, table_page, PG_4K);
	out->rcx = table_page.v;
	return TDX_SUCCESS;
}

/* The page of the table is locked. */
static uint64_t promote(const struct sept_op *op, const struct seam_regs *in, struct seam_regs *out)
{
	uint64_t status = sept_check_tracked(op, out);
	if (status != TDX_SUCCESS) {
		return status;
	}
	uint64_t *table = hpa_ptr(sept_hpa(op->walk.value));
	unsigned locked;
	status = lock_entries(table, op->walk.level, &locked);
	status = status == TDX_SUCCESS ? join(op, in, table, out) : sept_refuse(op, status, out);
	if (status != TDX_SUCCESS) {
		unlock_entries(table, locked); /* else it is no table any more */
	}
	return status;
}

/* [TDX ABI 1.5 TDH.MEM.PAGE.PROMOTE] RCX GPA and level of the new page, RDX TDR; RCX page of the
 * old table, R9 to R11 (version 1) those of the L2 VMs. */
uint64_t tdh_mem_page_promote(const struct td *td, const struct seam_regs *in,
			      struct seam_regs *out)
{
	struct sept_op op;
	uint64_t status = sept_open(td, in->rcx, PG_2M, PG_1G, LOCK_SHARED, &op, out);
	if (status != TDX_SUCCESS) {
		return status;
	}
	struct pamt_entry *table;
	status = sept_lock_table(&op, &table, out);
	if (status == TDX_SUCCESS) {
		status = promote(&op, in, out);
		pamt_close(table, LOCK_EXCLUSIVE);
	}
	sept_close(&op);
	return status;
}
