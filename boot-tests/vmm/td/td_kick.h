// The shootdown: CPUs that are inside a TD leave it, which flushes their translations.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>

#include "boot-tests/machine/processors.h"

/* A vCPU that was kicked leaves the TD within this time. */
#define TD_LEAVE_BOUND_US 10000000

/* Which CPUs run the vCPUs of a TD, and which of these are inside it. */
struct td_kick {
	unsigned cpu_base; /* vCPU i runs on CPU cpu_base + i */
	unsigned vcpu_count;
	/* From the decision to enter to the return of TDH.VP.ENTER. */
	bool inside[MACHINE_MAX_CPUS];
};

/* vCPU index, on its own CPU, is about to enter the TD; has left it. */
static inline void td_kick_inside(struct td_kick *kick, unsigned index, bool inside)
{
	__atomic_store_n(&kick->inside[index], inside, __ATOMIC_SEQ_CST);
}

/* Makes every vCPU that is inside the TD, but the caller's, leave it: its next entry finds the new
 * TLB epoch. Does not wait. */
void td_kick_all(const struct td_kick *kick);

/* The same, and waits until none is inside. Whoever keeps them from entering has begun to. */
void td_kick_out(const struct td_kick *kick);
