// TDH.SYS.TDMR.INIT: makes the next PAMT entries of a TDMR.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <stddef.h>

#include "boot-tests/module/leaf/leaf.h"
/* [TDX ABI 1.5 TDH.SYS.TDMR.INIT] RCX base; RDX end of what can be used, in whole GiB. */
uint64_t tdh_sys_tdmr_init(const struct seam_regs *in, struct seam_regs *out)
{
	struct tdmr *tdmr = pamt_tdmr(in->rcx);
	if (tdmr == NULL) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	if (!lock_try(&tdmr->lock, LOCK_EXCLUSIVE)) {
		return TDX_OPERAND_BUSY | TDX_OPERAND_RCX;
	}
	uint64_t status = TDX_TDMR_ALREADY_INITIALIZED;
	if (tdmr->next < tdmr->base + tdmr->size) {
		pamt_init_entries(tdmr);
		out->rdx = align_down(tdmr->next, TDX_TDMR_ALIGN);
		status = TDX_SUCCESS;
	}
	lock_release(&tdmr->lock, LOCK_EXCLUSIVE);
	return status;
}
