// TDH.SYS.LP.INIT: makes the calling CPU ready for SEAMCALLs.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/platform.h"
#include "boot-tests/module/sys.h"

static uint64_t lp_init(void)
{
	if (sys_state() != SYS_SYSINIT_DONE) {
		return TDX_SYS_LP_INIT_NOT_PENDING;
	}
	if (sys_lp_init_done()) {
		return TDX_SYS_LP_INIT_DONE;
	}
	uint64_t seed; /* of the delays that defend against single-stepping: not modelled */
	if (!module_random(&seed, 1)) {
		return TDX_RND_NO_ENTROPY;
	}
	sys_lp_init();
	return TDX_SUCCESS;
}

/* [TDX ABI 1.5 TDH.SYS.LP.INIT] All CPUs are the same, so no check of them can fail. */
uint64_t tdh_sys_lp_init(const struct seam_regs *in, struct seam_regs *out)
{
	(void)in;
	(void)out;
	if (!sys_lock(LOCK_SHARED)) {
		return TDX_SYS_BUSY;
	}
	uint64_t status = lp_init();
	sys_unlock(LOCK_SHARED);
	return status;
}
