// A spin lock with many readers or one writer; a writer that waits goes before new readers.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>

/* All zero: free. */
struct rwlock {
	int holders; /* readers; -1: a writer */
	int waiting; /* writers */
};

/* A reader does not take the lock again: a writer may wait between the two. */
static inline void rw_read_lock(struct rwlock *lock)
{
	for (;;) {
		int seen = __atomic_load_n(&lock->holders, __ATOMIC_RELAXED);
		if (seen >= 0 && __atomic_load_n(&lock->waiting, __ATOMIC_RELAXED) == 0 &&
		    __atomic_compare_exchange_n(&lock->holders, &seen, seen + 1, false,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
			return;
		}
		__builtin_ia32_pause();
	}
}

static inline void rw_read_unlock(struct rwlock *lock)
{
	__atomic_sub_fetch(&lock->holders, 1, __ATOMIC_RELEASE);
}

static inline void rw_write_lock(struct rwlock *lock)
{
	__atomic_add_fetch(&lock->waiting, 1, __ATOMIC_RELAXED);
	for (;;) {
		int nobody = 0;
		if (__atomic_compare_exchange_n(&lock->holders, &nobody, -1, false,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
			break;
		}
		__builtin_ia32_pause();
	}
	__atomic_sub_fetch(&lock->waiting, 1, __ATOMIC_RELAXED);
}

static inline void rw_write_unlock(struct rwlock *lock)
{
	__atomic_store_n(&lock->holders, 0, __ATOMIC_RELEASE);
}
