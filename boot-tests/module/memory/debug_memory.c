// What TDH.MEM.RD and TDH.MEM.WR share: 8 bytes of the memory of a TD that may be debugged.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/memory/debug_memory.h"

#include "boot-tests/machine/memory.h"

uint64_t debug_memory_open(const struct td *td, uint64_t raw, struct sept_op *op, uint64_t **found,
			   struct seam_regs *out)
{
	if ((td->tdcs->attributes & TD_ATTRIBUTES_DEBUG) == 0) {
		return TDX_TD_NON_DEBUG;
	}
	if (!is_aligned(raw, sizeof(uint64_t))) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	uint64_t status = sept_open_mapped(td, raw, LOCK_SHARED, op, out);
	if (status != TDX_SUCCESS) {
		return status;
	}
	/* Between the walk and the lock it may have changed. */
	status = sept_state(op->walk.value) == SEPT_MAPPED ?
			 sept_check_content(op) :
			 sept_refuse(op, TDX_EPT_ENTRY_STATE_INCORRECT, out);
	if (status != TDX_SUCCESS) {
		sept_close(op);
		return status;
	}
	uint64_t offset = raw & (pg_size(op->walk.level) - 1);
	*found = hpa_ptr(hpa(sept_hpa(op->walk.value).v + offset));
	return TDX_SUCCESS;
}
