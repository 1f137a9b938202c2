// Private key ids: who has which, their keys, and what caches hold of them.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5 KOT, KET; TDH.PHYMEM.CACHE.WB]
//
//   FREE --MNG.CREATE--> ASSIGNED --VPFLUSHDONE--> FLUSHED
//                                 --CACHE.WB on each package, KEY.FREEID--> FREE
//   FREE --SYS.CONFIG--> RESERVED: the module's own, for ever
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "boot-tests/module/lock.h"

enum key_state { KEY_FREE, KEY_ASSIGNED, KEY_FLUSHED, KEY_RESERVED };

void keys_reset(void);

/* The key ownership table; false: OPERAND_BUSY | KOT. */
bool keys_lock(enum lock_mode mode);
void keys_unlock(enum lock_mode mode);
/* The caller holds the lock, exclusive to change something. */
enum key_state keys_state(uint32_t hkid);
void keys_set_state(uint32_t hkid, enum key_state state);
/* How many are not free, the module's own included. */
unsigned keys_taken(void);
/* The vCPUs of the key id's TD are flushed: the caches of all packages may hold lines of it. */
void keys_end(uint32_t hkid);
/* May any still do? */
bool keys_cached(uint32_t hkid);

/* How far the write-back of a package's caches has come. */
struct write_back {
	sharex_t lock;  /* else OPERAND_BUSY | WBCACHE */
	unsigned next;  /* 0: none is interrupted */
	uint64_t hkids; /* bit n: key id n had ended when it began */
};
struct write_back *keys_write_back(unsigned package);
/* Key ids, as a bit map, whose TD has ended. */
uint64_t keys_ended(void);
void keys_written(uint64_t hkids, unsigned package);

/* A key for a key id of the calling CPU's package: OPERAND_BUSY | KET or KEY_GENERATION_FAILED. */
uint64_t keys_program(uint64_t key[4]);
