// TDH.PHYMEM.CACHE.WB: writes back what the caches hold of TDs that have ended.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf.h"
#include "boot-tests/module/module.h"

/* [TDX ABI 1.5 TDH.PHYMEM.CACHE.WB] RCX start or resume. Interrupts are off while the module runs:
 * it is never interrupted, so that there is nothing to resume. */
uint64_t tdh_phymem_cache_wb(const struct seam_regs *in, struct seam_regs *out)
{
	(void)out;
	if (in->rcx == TDX_CACHE_WB_RESUME) {
		return TDX_WBCACHE_RESUME_ERROR;
	}
	if (in->rcx != TDX_CACHE_WB_START) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	return module_write_back() ? TDX_SUCCESS : TDX_NO_HKID_READY_TO_WBCACHE;
}
