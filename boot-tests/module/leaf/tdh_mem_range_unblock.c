// TDH.MEM.RANGE.UNBLOCK: takes a block back.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <stddef.h>

#include "arch/base/check.h"
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/memory/sept_op.h"

static uint64_t unblock(const struct sept_op *op, struct seam_regs *out)
{
	const struct tdcs *tdcs = op->td->tdcs;
	enum sept_state unblocked;
	switch (sept_state(op->walk.value)) {
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
		return sept_refuse(op, TDX_EPT_ENTRY_STATE_INCORRECT, out);
	}
	hpa_t page = sept_hpa(op->walk.value);
	struct pamt_entry *entry = pamt_find(page);
	CHECK(entry != NULL);
	/* Here alone the status names the tree. */
	if (td_needs_tracking(tdcs) && !td_tracked(tdcs, entry->bepoch)) {
		return TDX_TLB_TRACKING_NOT_DONE | TDX_OPERAND_SEPT_TREE;
	}
	sept_update(op, unblocked, page);
	return TDX_SUCCESS;
}

/* [TDX ABI 1.5 TDH.MEM.RANGE.UNBLOCK] RCX GPA and level, RDX TDR. */
uint64_t tdh_mem_range_unblock(const struct td *td, const struct seam_regs *in,
			       struct seam_regs *out)
{
	struct sept_op op;
	uint64_t status = sept_open(td, in->rcx, PG_4K, SEPT_MAX_LEVEL, LOCK_EXCLUSIVE, &op, out);
	if (status == TDX_SUCCESS) {
		status = unblock(&op, out);
		sept_close(&op);
	}
	return status;
}
