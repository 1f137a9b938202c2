// What TDH.MEM.RD and TDH.MEM.WR share: 8 bytes of the memory of a TD that may be debugged.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/debug_memory.h"

#include "boot-tests/machine/memory.h"

uint64_t debug_memory_open(const struct td *td, uint64_t raw, struct sept_walk *walk,
			   uint64_t **found, struct seam_regs *out)
{
	if (!(td->tdcs->attributes & TD_ATTRIBUTES_DEBUG)) {
		return TDX_TD_NON_DEBUG;
	}
	if (!is_aligned(raw, sizeof(uint64_t)) || raw >= td_shared_bit(td->tdcs)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	/* The page may be a large one: the walk ends wherever it is mapped. */
	*walk = sept_walk(td->tdcs->sept_root, gpa(align_down(raw, pg_size(PG_4K))), PG_4K);
	if (!sept_lock(walk)) {
		return TDX_OPERAND_BUSY | TDX_OPERAND_RCX;
	}
	if (sept_state(walk->value) != SEPT_MAPPED) {
		bool leaf = walk->level == PG_4K || sept_is_leaf(sept_state(walk->value));
		return sept_refuse(walk, leaf ? TDX_EPT_ENTRY_STATE_INCORRECT : TDX_EPT_WALK_FAILED,
				   out);
	}
	uint64_t status = sept_check_content(td, walk);
	if (status != TDX_SUCCESS) {
		return status;
	}
	*found = hpa_ptr(hpa(sept_hpa(walk->value).v + (raw & (pg_size(walk->level) - 1))));
	return TDX_SUCCESS;
}
