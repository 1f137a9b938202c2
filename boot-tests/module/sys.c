// The state of the module as a whole: how far its initialisation has come.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/sys.h"

#include "arch/base/mem.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/module/platform.h"

static struct {
	sharex_t lock;
	enum sys_state state;
	bool lp_init[MACHINE_MAX_CPUS];
	unsigned lp_count;
	uint32_t key_packages;
} sys;

void sys_reset(void)
{
	memset(&sys, 0, sizeof(sys));
}

bool sys_lock(enum lock_mode mode)
{
	return lock_try(&sys.lock, mode);
}

void sys_unlock(enum lock_mode mode)
{
	lock_release(&sys.lock, mode);
}

enum sys_state sys_state(void)
{
	return __atomic_load_n(&sys.state, __ATOMIC_ACQUIRE);
}

void sys_set_state(enum sys_state state)
{
	__atomic_store_n(&sys.state, state, __ATOMIC_RELEASE);
}

uint32_t sys_key_packages(void)
{
	return sys.key_packages;
}

void sys_add_key_package(uint32_t package)
{
	sys.key_packages |= package;
}

bool sys_lp_init_done(void)
{
	return sys.lp_init[cpu_index()];
}

void sys_lp_init(void)
{
	sys.lp_init[cpu_index()] = true;
	__atomic_fetch_add(&sys.lp_count, 1, __ATOMIC_RELEASE);
}

bool sys_all_lps_init(void)
{
	return __atomic_load_n(&sys.lp_count, __ATOMIC_ACQUIRE) >= module_platform()->cpu_count;
}
