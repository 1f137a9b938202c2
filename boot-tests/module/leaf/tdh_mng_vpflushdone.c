// TDH.MNG.VPFLUSHDONE: ends the life of a TD whose vCPUs belong to no CPU any more.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/memory/keys.h"

/* Whoever associates a vCPU holds the TDR, which is ours alone. */
static uint64_t end(struct tdr *tdr)
{
	if (tdr->lifecycle != TD_HKID_ASSIGNED && tdr->lifecycle != TD_KEYS_CONFIGURED) {
		return TDX_LIFECYCLE_STATE_INCORRECT;
	}
	if (tdr->associated != 0) {
		return TDX_FLUSHVP_NOT_DONE;
	}
	tdr->lifecycle = TD_BLOCKED;
	keys_end(tdr->hkid);
	return TDX_SUCCESS;
}

/* [TDX ABI 1.5 TDH.MNG.VPFLUSHDONE] RCX TDR. */
uint64_t tdh_mng_vpflushdone(const struct td *td, const struct seam_regs *in, struct seam_regs *out)
{
	(void)in;
	(void)out;
	if (!keys_lock(LOCK_EXCLUSIVE)) {
		return TDX_OPERAND_BUSY | TDX_OPERAND_KOT;
	}
	uint64_t status = end(td->tdr);
	keys_unlock(LOCK_EXCLUSIVE);
	return status;
}
