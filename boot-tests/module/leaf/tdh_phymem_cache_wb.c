// TDH.PHYMEM.CACHE.WB: writes back what the caches of a package hold of TDs that have ended.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/processors.h"
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/memory/keys.h"
#include "boot-tests/module/platform.h"

/* Parts of the cache, of which each is written back at once. [IA32_WBNOINVDP] */
#define CACHE_PARTS 8

/* Both are locked. QEMU has no caches: what is left is the order. */
static uint64_t write_back(struct write_back *state, unsigned package, bool resume)
{
	if (resume) {
		if (state->next == 0) {
			return TDX_WBCACHE_RESUME_ERROR;
		}
	} else {
		state->next = 0;
		uint64_t ended = keys_ended();
		if (ended == 0) {
			return TDX_NO_HKID_READY_TO_WBCACHE;
		}
		state->hkids = ended;
	}
	unsigned next = state->next + 1;
	while (next < CACHE_PARTS) {
		if (module_interrupted()) {
			state->next = next;
			return TDX_INTERRUPTED_RESUMABLE;
		}
		next++;
	}
	state->next = 0;
	keys_written(state->hkids, package);
	return TDX_SUCCESS;
}

/* [TDX ABI 1.5 TDH.PHYMEM.CACHE.WB] RCX start or resume. */
uint64_t tdh_phymem_cache_wb(const struct seam_regs *in, struct seam_regs *out)
{
	(void)out;
	if (in->rcx != TDX_CACHE_WB_START && in->rcx != TDX_CACHE_WB_RESUME) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	unsigned package = module_package(cpu_index());
	struct write_back *state = keys_write_back(package);
	if (!lock_try(&state->lock, LOCK_EXCLUSIVE)) {
		return TDX_OPERAND_BUSY | TDX_OPERAND_WBCACHE;
	}
	uint64_t status = TDX_OPERAND_BUSY | TDX_OPERAND_KOT;
	if (keys_lock(LOCK_SHARED)) {
		status = write_back(state, package, in->rcx == TDX_CACHE_WB_RESUME);
		keys_unlock(LOCK_SHARED);
	}
	lock_release(&state->lock, LOCK_EXCLUSIVE);
	return status;
}
