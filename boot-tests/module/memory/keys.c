// Private key ids: who has which, their keys, and what caches hold of them.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/memory/keys.h"

#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "arch/tdx/module.h"
#include "boot-tests/module/memory/key_address.h"
#include "boot-tests/module/platform.h"

_Static_assert(MODULE_HKIDS <= 64, "Sets of key ids are words.");

static struct {
	sharex_t lock;
	sharex_t engine_lock;
	enum key_state states[MODULE_HKIDS];
	uint32_t cached[MODULE_HKIDS]; /* bit n: in caches of package n */
	struct write_back write_backs[MODULE_MAX_PACKAGES];
} keys;

void keys_reset(void)
{
	memset(&keys, 0, sizeof(keys));
}

bool keys_lock(enum lock_mode mode)
{
	return lock_try(&keys.lock, mode);
}

void keys_unlock(enum lock_mode mode)
{
	lock_release(&keys.lock, mode);
}

enum key_state keys_state(uint32_t hkid)
{
	CHECK(key_is_private(hkid));
	return keys.states[hkid];
}

void keys_set_state(uint32_t hkid, enum key_state state)
{
	CHECK(key_is_private(hkid));
	keys.states[hkid] = state;
}

unsigned keys_taken(void)
{
	unsigned taken = 0;
	for (unsigned hkid = 0; hkid < MODULE_HKIDS; hkid++) {
		taken += keys.states[hkid] != KEY_FREE;
	}
	return taken;
}

void keys_end(uint32_t hkid)
{
	keys_set_state(hkid, KEY_FLUSHED);
	keys.cached[hkid] = module_packages();
}

bool keys_cached(uint32_t hkid)
{
	return __atomic_load_n(&keys.cached[hkid], __ATOMIC_ACQUIRE) != 0;
}

struct write_back *keys_write_back(unsigned package)
{
	CHECK(package < MODULE_MAX_PACKAGES);
	return &keys.write_backs[package];
}

uint64_t keys_ended(void)
{
	uint64_t ended = 0;
	for (unsigned hkid = 0; hkid < MODULE_HKIDS; hkid++) {
		ended |= keys.states[hkid] == KEY_FLUSHED ? BIT64(hkid) : 0;
	}
	return ended;
}

/* Packages write back at the same time, with the lock shared. */
void keys_written(uint64_t hkids, unsigned package)
{
	for (unsigned hkid = 0; hkid < MODULE_HKIDS; hkid++) {
		if (hkids & BIT64(hkid)) {
			__atomic_fetch_and(&keys.cached[hkid], ~BIT32(package), __ATOMIC_ACQ_REL);
		}
	}
}

uint64_t keys_program(uint64_t key[4])
{
	if (!lock_try(&keys.engine_lock, LOCK_EXCLUSIVE)) {
		return TDX_OPERAND_BUSY | TDX_OPERAND_KET;
	}
	bool done = module_random(key, 4);
	lock_release(&keys.engine_lock, LOCK_EXCLUSIVE);
	return done ? TDX_SUCCESS : TDX_KEY_GENERATION_FAILED;
}
