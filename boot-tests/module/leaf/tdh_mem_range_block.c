// TDH.MEM.RANGE.BLOCK: lets no new translation through an entry, and notes when.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <stddef.h>

#include "arch/base/check.h"
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/memory/sept_op.h"

static uint64_t block(const struct sept_op *op, struct seam_regs *out)
{
	enum sept_state blocked;
	switch (sept_state(op->walk.value)) {
	case SEPT_NL_MAPPED:
		blocked = SEPT_NL_BLOCKED;
		break;
	case SEPT_MAPPED:
		blocked = SEPT_BLOCKED;
		break;
	case SEPT_PENDING:
		blocked = SEPT_PENDING_BLOCKED;
		break;
	case SEPT_NL_BLOCKED:
	case SEPT_BLOCKED:
	case SEPT_PENDING_BLOCKED:
		return sept_refuse(op, TDX_GPA_RANGE_ALREADY_BLOCKED, out);
	case SEPT_FREE:
	default:
		return sept_refuse(op, TDX_EPT_ENTRY_STATE_INCORRECT, out);
	}
	hpa_t page = sept_hpa(op->walk.value);
	struct pamt_entry *entry = pamt_find(page);
	CHECK(entry != NULL);
	/* The entry first: an epoch that begins in between must count as later. */
	sept_update(op, blocked, page);
	entry->bepoch = __atomic_load_n(&op->td->tdcs->epoch, __ATOMIC_SEQ_CST);
	return TDX_SUCCESS;
}

/* [TDX ABI 1.5 TDH.MEM.RANGE.BLOCK] RCX GPA and level, RDX TDR. */
uint64_t tdh_mem_range_block(const struct td *td, const struct seam_regs *in, struct seam_regs *out)
{
	struct sept_op op;
	uint64_t status = sept_open(td, in->rcx, PG_4K, SEPT_MAX_LEVEL, LOCK_EXCLUSIVE, &op, out);
	if (status == TDX_SUCCESS) {
		status = block(&op, out);
		sept_close(&op);
	}
	return status;
}
