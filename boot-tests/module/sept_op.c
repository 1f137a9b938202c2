// What all SEAMCALLs on a Secure EPT entry share: operand, walk, entry lock, error outputs.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/sept_op.h"

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

static void describe(const struct sept_walk *walk, struct seam_regs *out)
{
	out->rcx = sept_architectural(walk->value);
	out->rdx = field_put(TDX_SEPT_RDX_LEVEL, walk->level) |
		   field_put(TDX_SEPT_RDX_STATE, sept_public_state(walk->value));
}

uint64_t sept_open(const struct td *td, uint64_t raw, enum pg_level min, enum pg_level max,
		   struct sept_walk *walk, struct seam_regs *out)
{
	gpa_t address;
	enum pg_level level;
	if (!sept_operand(td->tdcs, raw, min, max, &address, &level)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	*walk = sept_walk(td->tdcs->sept_root, address, level);
	if (walk->level != level) {
		describe(walk, out);
		return TDX_EPT_WALK_FAILED | TDX_OPERAND_RCX;
	}
	if (!sept_lock(walk)) {
		return TDX_OPERAND_BUSY | TDX_OPERAND_RCX;
	}
	return TDX_SUCCESS;
}

uint64_t sept_refuse(const struct sept_walk *walk, uint64_t status, struct seam_regs *out)
{
	describe(walk, out);
	sept_unlock(walk);
	return status | TDX_OPERAND_RCX;
}

uint64_t sept_check_tracked(const struct td *td, const struct sept_walk *walk,
			    struct seam_regs *out)
{
	if (!td_needs_tracking(td->tdcs)) {
		return TDX_SUCCESS;
	}
	enum sept_state state = sept_state(walk->value);
	if (state == SEPT_MAPPED || state == SEPT_PENDING || state == SEPT_NL_MAPPED) {
		return sept_refuse(walk, TDX_GPA_RANGE_NOT_BLOCKED, out);
	}
	const struct pamt_entry *entry = pamt_find(sept_hpa(walk->value));
	if (!td_tracked(td->tdcs, entry->bepoch)) {
		sept_unlock(walk);
		return TDX_TLB_TRACKING_NOT_DONE | TDX_OPERAND_SEPT_TREE;
	}
	return TDX_SUCCESS;
}

uint64_t sept_check_content(const struct td *td, const struct sept_walk *walk)
{
	if (!(walk->value & SEPT_POISONED)) {
		return TDX_SUCCESS;
	}
	sept_unlock(walk);
	td->tdr->fatal = true;
	return TDX_TD_FATAL;
}

void sept_update(const struct td *td, const struct sept_walk *walk, enum sept_state state,
		 hpa_t page)
{
	sept_write(walk->entry, state, page, walk->level);
	if (walk->level >= PG_512G) {
		__atomic_fetch_add(&td->tdcs->root_generation, 1, __ATOMIC_RELEASE);
	}
}
