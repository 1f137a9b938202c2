// Where a test of races has a say between two steps of a change. To all others it is nothing: a
// test defines TDP_STEP and TDP_WHILE_CHANGED and includes the sources that it tests.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

enum tdp_step {
	TDP_STEP_READ,       /* an entry is about to be read */
	TDP_STEP_FREEZE,     /* an entry is about to be frozen */
	TDP_STEP_HOOK,       /* it is frozen, its hook is about to be called */
	TDP_STEP_STORE,      /* about to get its final value */
	TDP_STEP_HAVE_FRAME, /* a fault knows what to map, and has yet to take the lock */
};

#ifndef TDP_STEP
#define TDP_STEP(step, entry) ((void)(entry))
#endif

/* What stands in an entry that is to become next while its hook runs. */
#ifndef TDP_WHILE_CHANGED
#define TDP_WHILE_CHANGED(next) TDP_FROZEN
#endif
