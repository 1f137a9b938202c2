// A sharable lock without waiting: whoever does not get it at once answers OPERAND_BUSY.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* 0 free, LOCK_HELD_EXCLUSIVE, else the number of holders that share it. */
typedef uint16_t sharex_t;
#define LOCK_HELD_EXCLUSIVE UINT16_MAX

enum lock_mode { LOCK_NONE, LOCK_SHARED, LOCK_EXCLUSIVE };

static inline bool lock_try(sharex_t *lock, enum lock_mode mode)
{
	if (mode == LOCK_NONE) {
		return true;
	}
	sharex_t seen = __atomic_load_n(lock, __ATOMIC_RELAXED);
	for (;;) {
		if (mode == LOCK_EXCLUSIVE ? seen != 0 : seen >= LOCK_HELD_EXCLUSIVE - 1) {
			return false;
		}
		sharex_t wanted =
			mode == LOCK_EXCLUSIVE ? LOCK_HELD_EXCLUSIVE : (sharex_t)(seen + 1);
		if (__atomic_compare_exchange_n(lock, &seen, wanted, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED)) {
			return true;
		}
	}
}

static inline void lock_release(sharex_t *lock, enum lock_mode mode)
{
	if (mode == LOCK_EXCLUSIVE) {
		__atomic_store_n(lock, 0, __ATOMIC_RELEASE);
	} else if (mode == LOCK_SHARED) {
		__atomic_fetch_sub(lock, 1, __ATOMIC_RELEASE);
	}
}
