// TDH.SYS.KEY.CONFIG: gives the module's key id its key (the machine is one package).
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf.h"
#include "boot-tests/module/sys.h"

/* [TDX ABI 1.5 TDH.SYS.KEY.CONFIG] The first package is the last: the module is ready. */
uint64_t tdh_sys_key_config(const struct seam_regs *in, struct seam_regs *out)
{
	(void)in;
	(void)out;
	if (!sys_lock(LOCK_EXCLUSIVE)) {
		return TDX_SYS_BUSY;
	}
	bool pending = sys_state() == SYS_SYSCONFIG_DONE;
	if (pending) {
		sys_set_state(SYS_READY);
	}
	sys_unlock(LOCK_EXCLUSIVE);
	return pending ? TDX_SUCCESS : TDX_SYS_KEY_CONFIG_NOT_PENDING;
}
