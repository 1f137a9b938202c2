// TDH.MEM.TRACK: begins a new TLB epoch.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf/leaf.h"

/* [TDX ABI 1.5 TDH.MEM.TRACK] RCX TDR. */
uint64_t tdh_mem_track(const struct td *td, const struct seam_regs *in, struct seam_regs *out)
{
	(void)in;
	(void)out;
	struct tdcs *tdcs = td->tdcs;
	if (!lock_try(&tdcs->epoch_lock, LOCK_EXCLUSIVE)) {
		return TDX_OPERAND_BUSY | TDX_OPERAND_TD_EPOCH;
	}
	uint64_t status = TDX_SUCCESS;
	if (__atomic_load_n(&tdcs->epoch_vcpus[(tdcs->epoch - 1) & 1], __ATOMIC_SEQ_CST) != 0) {
		status = TDX_PREVIOUS_TLB_EPOCH_BUSY;
	} else {
		__atomic_fetch_add(&tdcs->epoch, 1, __ATOMIC_SEQ_CST);
	}
	lock_release(&tdcs->epoch_lock, LOCK_EXCLUSIVE);
	return status;
}
