// TDH.SYS.INIT: starts the initialisation of the module, once.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/platform.h"
#include "boot-tests/module/sys.h"

static uint64_t sys_init(const struct seam_regs *in)
{
	uint64_t canary;
	if (in->rcx != 0) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	if (sys_state() != SYS_SYSINIT_PENDING) {
		return TDX_SYS_INIT_NOT_PENDING;
	}
	if (!module_random(&canary, 1)) {
		return TDX_RND_NO_ENTROPY;
	}
	sys_set_state(SYS_SYSINIT_DONE);
	return TDX_SUCCESS;
}

/* [TDX ABI 1.5 TDH.SYS.INIT] RCX attributes: none. The random number is for the module's own stacks
 * on a real CPU; here it can only be missing. */
uint64_t tdh_sys_init(const struct seam_regs *in, struct seam_regs *out)
{
	(void)out;
	if (!sys_lock(LOCK_EXCLUSIVE)) {
		return TDX_SYS_BUSY;
	}
	uint64_t status = sys_init(in);
	sys_unlock(LOCK_EXCLUSIVE);
	return status;
}
