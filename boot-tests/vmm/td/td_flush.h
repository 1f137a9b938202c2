// The host's own shootdown: translations of a TD's shared memory, which no TLB epoch covers.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "boot-tests/vmm/td/td_kick.h"

/* What the shared EPT has lost, no vCPU of the TD reaches after its next entry: those inside are
 * kicked. Does not wait. */
void td_flush_all(const struct td_kick *kick);
/* Until each vCPU of the TD has done so, or is outside and will before it enters. */
void td_flush_wait(const struct td_kick *kick);
/* On the CPU of a vCPU that is about to enter, and counts as inside: does what was asked of it. */
void td_flush_asked(void);
