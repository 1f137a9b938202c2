// TDH.MEM.PAGE.PROMOTE: makes 512 pages of 4 KiB one of 2 MiB.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/check.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/module/leaf.h"
#include "boot-tests/module/sept_op.h"

/* No L2 VM has a table: what version 1 returns for each. */
#define NULL_PAGE UINT64_MAX

/* Are the pages in order, aligned as one, all mapped or all pending, and none poisoned? There are no
 * 1 GiB pages: entries of a table of level 1 are none that could be joined. */
static bool promotable(uint64_t *table, enum pg_level level)
{
	uint64_t first = __atomic_load_n(&table[0], __ATOMIC_ACQUIRE);
	enum sept_state state = sept_state(first);
	if (level != PG_2M || (state != SEPT_MAPPED && state != SEPT_PENDING) ||
	    (first & SEPT_POISONED) || !is_aligned(sept_hpa(first).v, pg_size(PG_2M))) {
		return false;
	}
	for (unsigned i = 0; i < PT_ENTRIES; i++) {
		uint64_t value = __atomic_load_n(&table[i], __ATOMIC_ACQUIRE) & ~SEPT_LOCK;
		if (value != ((first & ~SEPT_LOCK) + i * pg_size(PG_4K))) {
			return false;
		}
	}
	return true;
}

/* False: another leaf works on one of them, and none is locked. */
static bool lock_entries(uint64_t *table)
{
	for (unsigned i = 0; i < PT_ENTRIES; i++) {
		struct sept_walk walk = { .entry = &table[i], .level = PG_4K };
		walk.value = __atomic_load_n(walk.entry, __ATOMIC_ACQUIRE);
		if (!sept_lock(&walk)) {
			while (i-- > 0) {
				sept_unlock(&(struct sept_walk){ .entry = &table[i] });
			}
			return false;
		}
	}
	return true;
}

static void unlock_entries(uint64_t *table)
{
	for (unsigned i = 0; i < PT_ENTRIES; i++) {
		sept_unlock(&(struct sept_walk){ .entry = &table[i] });
	}
}

/* The entry and the entries of the table are locked. */
static uint64_t promote(const struct td *td, const struct sept_walk *walk, struct seam_regs *out)
{
	hpa_t table_page = sept_hpa(walk->value);
	uint64_t *table = hpa_ptr(table_page);
	if (!promotable(table, walk->level)) {
		unlock_entries(table);
		return sept_refuse(walk, TDX_EPT_INVALID_PROMOTE_CONDITIONS, out);
	}
	hpa_t page = sept_hpa(table[0]);
	struct pamt_entry *table_entry = pamt_find(table_page);
	CHECK(table_entry != 0 && table_entry->type == TDX_PAGE_EPT);
	if (!lock_try(&table_entry->lock, LOCK_EXCLUSIVE)) {
		unlock_entries(table);
		sept_unlock(walk);
		return TDX_OPERAND_BUSY | TDX_OPERAND_RCX;
	}
	enum sept_state state = sept_state(table[0]);
	pamt_assign(pamt_find(page), PG_2M, TDX_PAGE_REG, td->tdr_page);
	sept_update(td, walk, state, page);
	td_drop_page(td->tdr_page, table_page, PG_4K);
	pamt_close(table_entry, LOCK_EXCLUSIVE);
	out->rcx = table_page.v;
	return TDX_SUCCESS;
}

/* [TDX ABI 1.5 TDH.MEM.PAGE.PROMOTE] RCX GPA and level of the new page, RDX TDR; RCX page of the
 * old table, R9 to R11 (version 1) those of the L2 VMs. */
uint64_t tdh_mem_page_promote(const struct td *td, const struct seam_regs *in,
			      struct seam_regs *out)
{
	struct sept_walk walk;
	uint64_t status = sept_open(td, in->rcx, PG_2M, PG_1G, &walk, out);
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
	if (!lock_entries(hpa_ptr(sept_hpa(walk.value)))) {
		sept_unlock(&walk);
		return TDX_OPERAND_BUSY | TDX_OPERAND_RCX;
	}
	status = promote(td, &walk, out);
	if (status == TDX_SUCCESS && field_get(TDX_VERSION, in->rax) > 0) {
		out->r9 = out->r10 = out->r11 = NULL_PAGE;
	}
	return status;
}
