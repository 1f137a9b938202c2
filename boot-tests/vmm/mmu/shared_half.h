// The shared half of a TD's memory: where the host has it, and what the TDP MMU asks about it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

#include "arch/base/addr.h"
#include "boot-tests/vmm/mmu/tdp_mmu.h"
#include "boot-tests/vmm/td/td_kick.h"
#include "boot-tests/vmm/td/td_layout.h"

/* Where the shared half of RAM is. Both 2 MiB aligned. */
struct shared_backing {
	hpa_t base;  /* of GPA 0 */
	hpa_t upper; /* of [TD_LOW_MEMORY_SPLIT, 4 GiB); 0: as the rest */
};

struct shared_half {
	struct shared_backing backing;
	struct td_memory memory;
	const struct td_kick *kick; /* the CPUs that may have translations */
};

/* The host's view of the shared byte at a GPA. */
hpa_t shared_half_backing(const struct shared_half *shared, gpa_t address);

/* Makes it the half's owner: no hooks; devices where there is no RAM; no TLB epoch, so that the
 * host empties the TLBs itself. */
void shared_half_init(struct tdp_half *half, struct shared_half *shared);
