// TDH.MEM.RANGE.UNBLOCK: takes a block back.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/check.h"
#include "boot-tests/module/leaf.h"
#include "boot-tests/module/sept_op.h"

/* [TDX ABI 1.5 TDH.MEM.RANGE.UNBLOCK] RCX GPA and level, RDX TDR. */
uint64_t tdh_mem_range_unblock(const struct td *td, const struct seam_regs *in,
			       struct seam_regs *out)
{
	struct sept_walk walk;
	uint64_t status = sept_open(td, in->rcx, PG_4K, SEPT_MAX_LEVEL, &walk, out);
	if (status != TDX_SUCCESS) {
		return status;
	}
	enum sept_state unblocked;
	switch (sept_state(walk.value)) {
	case SEPT_NL_BLOCKED:
		unblocked = SEPT_NL_MAPPED;
		break;
	case SEPT_BLOCKED:
		unblocked = SEPT_MAPPED;
		break;
	case SEPT_PENDING_BLOCKED:
		unblocked = SEPT_PENDING;
		break;
	case SEPT_NL_MAPPED:
	case SEPT_MAPPED:
	case SEPT_PENDING:
	case SEPT_FREE:
	default:
		return sept_refuse(&walk, TDX_EPT_ENTRY_STATE_INCORRECT, out);
	}
	hpa_t page = sept_hpa(walk.value);
	struct pamt_entry *entry = pamt_find(page);
	CHECK(entry != 0);
	if (td_needs_tracking(td->tdcs) && !td_tracked(td->tdcs, entry->bepoch)) {
		sept_unlock(&walk);
		return TDX_TLB_TRACKING_NOT_DONE | TDX_OPERAND_SEPT_TREE;
	}
	sept_update(td, &walk, unblocked, page);
	return TDX_SUCCESS;
}
