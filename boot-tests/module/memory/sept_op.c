// What all SEAMCALLs on a Secure EPT entry share: operand, locks, walk, error outputs.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/memory/sept_op.h"

#include <stddef.h>

#include "arch/base/check.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/module/guest/tlb.h"
#include "boot-tests/module/module_events.h"

bool sept_operand(const struct tdcs *tdcs, uint64_t raw, enum pg_level min, enum pg_level max,
		  gpa_t *address, enum pg_level *level)
{
	uint64_t raw_level = raw & TDX_GPA_LEVEL;
	uint64_t page = raw & TDX_GPA_PAGE;
	if ((raw & ~(TDX_GPA_LEVEL | TDX_GPA_PAGE)) != 0 || raw_level < min || raw_level > max ||
	    raw_level > tdcs->sept_root.top ||
	    !is_aligned(page, pg_size((enum pg_level)raw_level)) || page >= td_shared_bit(tdcs)) {
		return false;
	}
	*address = gpa(page);
	*level = (enum pg_level)raw_level;
	return true;
}

/* Locks the tree and walks. */
static bool begin(const struct td *td, gpa_t address, enum pg_level level, enum lock_mode tree,
		  struct sept_op *op)
{
	*op = (struct sept_op){ .td = td, .address = address, .tree = tree };
	if (!lock_try(&td->tdcs->sept_lock, tree)) {
		return false;
	}
	op->walk = sept_walk(td->tdcs->sept_root, address, level);
	return true;
}

/* The entry is the one that is wanted, or is refused with a status that is not 0. */
static uint64_t lock_entry(struct sept_op *op, uint64_t status, struct seam_regs *out)
{
	if (status == TDX_SUCCESS && !sept_lock_host(&op->walk)) {
		status = TDX_OPERAND_BUSY;
	}
	if (status != TDX_SUCCESS) {
		lock_release(&op->td->tdcs->sept_lock, op->tree);
		return sept_refuse(op, status, out);
	}
	return TDX_SUCCESS;
}

uint64_t sept_open(const struct td *td, uint64_t raw, enum pg_level min, enum pg_level max,
		   enum lock_mode tree, struct sept_op *op, struct seam_regs *out)
{
	gpa_t address;
	enum pg_level level;
	if (!sept_operand(td->tdcs, raw, min, max, &address, &level)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	if (!begin(td, address, level, tree, op)) {
		return TDX_OPERAND_BUSY | TDX_OPERAND_SEPT_TREE;
	}
	return lock_entry(op, op->walk.level != level ? TDX_EPT_WALK_FAILED : TDX_SUCCESS, out);
}

uint64_t sept_open_mapped(const struct td *td, uint64_t raw, enum lock_mode tree,
			  struct sept_op *op, struct seam_regs *out)
{
	if (raw >= td_shared_bit(td->tdcs)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	if (!begin(td, gpa(align_down(raw, pg_size(PG_4K))), PG_4K, tree, op)) {
		return TDX_OPERAND_BUSY | TDX_OPERAND_SEPT_TREE;
	}
	bool mapped = sept_state(op->walk.value) == SEPT_MAPPED;
	return lock_entry(op, mapped ? TDX_SUCCESS : TDX_EPT_ENTRY_NOT_PRESENT, out);
}

void sept_close(const struct sept_op *op)
{
	sept_unlock(&op->walk);
	lock_release(&op->td->tdcs->sept_lock, op->tree);
}

void sept_describe(const struct sept_op *op, struct seam_regs *out)
{
	out->rcx = sept_architectural(op->walk.value);
	out->rdx = field_put(TDX_SEPT_RDX_LEVEL, op->walk.level) |
		   field_put(TDX_SEPT_RDX_STATE, sept_public_state(op->walk.value));
}

uint64_t sept_refuse(const struct sept_op *op, uint64_t status, struct seam_regs *out)
{
	sept_describe(op, out);
	return status | TDX_OPERAND_RCX;
}

uint64_t sept_check_tracked(const struct sept_op *op, struct seam_regs *out)
{
	const struct tdcs *tdcs = op->td->tdcs;
	if (!td_needs_tracking(tdcs)) {
		return TDX_SUCCESS;
	}
	enum sept_state state = sept_state(op->walk.value);
	if (state == SEPT_MAPPED || state == SEPT_PENDING || state == SEPT_NL_MAPPED) {
		return sept_refuse(op, TDX_GPA_RANGE_NOT_BLOCKED, out);
	}
	const struct pamt_entry *entry = pamt_find(sept_hpa(op->walk.value));
	if (!td_tracked(tdcs, entry->bepoch)) {
		return TDX_TLB_TRACKING_NOT_DONE | TDX_OPERAND_RCX;
	}
	tlb_check_gone(op->td, op->address, op->walk.level);
	return TDX_SUCCESS;
}

uint64_t sept_lock_table(const struct sept_op *op, struct pamt_entry **table, struct seam_regs *out)
{
	enum sept_state state = sept_state(op->walk.value);
	if (state != SEPT_NL_MAPPED && state != SEPT_NL_BLOCKED) {
		return sept_refuse(op, TDX_EPT_ENTRY_STATE_INCORRECT, out);
	}
	struct pamt_entry *entry = pamt_find(sept_hpa(op->walk.value));
	CHECK(entry != NULL && entry->type == TDX_PAGE_EPT);
	if (!lock_try(&entry->lock, LOCK_EXCLUSIVE)) {
		return TDX_OPERAND_BUSY | TDX_OPERAND_RCX;
	}
	*table = entry;
	return TDX_SUCCESS;
}

uint64_t sept_check_content(const struct sept_op *op)
{
	if ((op->walk.value & SEPT_POISONED) == 0) {
		return TDX_SUCCESS;
	}
	op->td->tdr->fatal = true;
	return TDX_TD_FATAL;
}

void sept_update(const struct sept_op *op, enum sept_state state, hpa_t page)
{
	struct tdcs *tdcs = op->td->tdcs;
	sept_write(op->walk.entry, state, page, op->walk.level);
	if (sept_is_leaf(state) || state == SEPT_FREE) {
		event_line(private_page, cpu_index(), sept_public_state(*op->walk.entry),
			   op->address.v, pg_size(op->walk.level));
	}
	if (op->walk.level >= PG_512G) {
		__atomic_fetch_add(&tdcs->root_generation, 1, __ATOMIC_RELEASE);
	}
}
