// TDH.SYS.KEY.CONFIG: gives the module's key id its key, once on each package.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/processors.h"
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/memory/keys.h"
#include "boot-tests/module/platform.h"
#include "boot-tests/module/sys.h"

static uint64_t key_configure(void)
{
	uint32_t package = BIT32(module_package(cpu_index()));
	if (sys_state() != SYS_SYSCONFIG_DONE) {
		return TDX_SYS_KEY_CONFIG_NOT_PENDING;
	}
	if (sys_key_packages() & package) {
		return TDX_KEY_CONFIGURED;
	}
	uint64_t key[4]; /* nothing is encrypted with it */
	uint64_t status = keys_program(key);
	if (status != TDX_SUCCESS) {
		return status;
	}
	sys_add_key_package(package);
	if (sys_key_packages() == module_packages()) {
		sys_set_state(SYS_READY);
	}
	return TDX_SUCCESS;
}

/* [TDX ABI 1.5 TDH.SYS.KEY.CONFIG] With the last package the module is ready. */
uint64_t tdh_sys_key_config(const struct seam_regs *in, struct seam_regs *out)
{
	(void)in;
	(void)out;
	if (!sys_lock(LOCK_EXCLUSIVE)) {
		return TDX_SYS_BUSY;
	}
	uint64_t status = key_configure();
	sys_unlock(LOCK_EXCLUSIVE);
	return status;
}
