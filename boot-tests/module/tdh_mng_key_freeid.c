// TDH.MNG.KEY.FREEID: takes the key id of a TD back; its pages can then be reclaimed.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf.h"
#include "boot-tests/module/module.h"

/* [TDX ABI 1.5 TDH.MNG.KEY.FREEID] RCX TDR. */
uint64_t tdh_mng_key_freeid(const struct td *td, const struct seam_regs *in, struct seam_regs *out)
{
	(void)in;
	(void)out;
	if (td->tdr->lifecycle != TD_BLOCKED) {
		return TDX_LIFECYCLE_STATE_INCORRECT;
	}
	if (!module_free_hkid(td->tdr->hkid)) {
		return TDX_WBCACHE_NOT_COMPLETE;
	}
	td->tdr->lifecycle = TD_TEARDOWN;
	return TDX_SUCCESS;
}
