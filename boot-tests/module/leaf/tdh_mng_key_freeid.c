// TDH.MNG.KEY.FREEID: takes the key id of a TD back; its pages can then be reclaimed.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/memory/keys.h"

/* [TDX ABI 1.5 TDH.MNG.KEY.FREEID] RCX TDR. */
uint64_t tdh_mng_key_freeid(const struct td *td, const struct seam_regs *in, struct seam_regs *out)
{
	(void)in;
	(void)out;
	struct tdr *tdr = td->tdr;
	if (tdr->lifecycle != TD_BLOCKED) {
		return TDX_LIFECYCLE_STATE_INCORRECT;
	}
	if (!keys_lock(LOCK_EXCLUSIVE)) {
		return TDX_OPERAND_BUSY | TDX_OPERAND_KOT;
	}
	uint64_t status = TDX_WBCACHE_NOT_COMPLETE;
	if (!keys_cached(tdr->hkid)) {
		keys_set_state(tdr->hkid, KEY_FREE);
		tdr->lifecycle = TD_TEARDOWN;
		status = TDX_SUCCESS;
	}
	keys_unlock(LOCK_EXCLUSIVE);
	return status;
}
