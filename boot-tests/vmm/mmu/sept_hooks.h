// Makes the Secure EPT follow its mirror: each change of an entry becomes SEAMCALLs.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [linux arch/x86/kvm/vmx/tdx.c tdx_sept_set_private_spte(), tdx_sept_remove_private_spte()]
#pragma once

#include <stdint.h>

#include "arch/base/addr.h"
#include "boot-tests/machine/spinlock.h"
#include "boot-tests/vmm/init/seam_failure.h"
#include "boot-tests/vmm/mmu/tdp_mmu.h"
#include "boot-tests/vmm/td/td_kick.h"

/* A TD's Secure EPT. */
struct sept {
	hpa_t tdr;
	uint32_t hkid;
	const struct td_kick *kick; /* the CPUs that may have translations */
	/* Two TDH.MEM.TRACKs at once: one fails. Whoever has it waits for no frozen entry. */
	struct spinlock track_lock;
	unsigned no_vcpus; /* so many calls wait until no vCPU is inside: sept_keeps_out() */
	bool failed;       /* a SEAMCALL did, for good: the Secure EPT may not be as its mirror */
};

/* What a caller of the TDP MMU hands to the hooks of this half. */
struct sept_call {
	/* TDP_FAILED: set, and in the log. TDP_RETRY: set if a SEAMCALL was busy; else
	 * untouched. */
	struct seam_failure *failure;
	/* Before the TD runs: a new leaf gets the content of this page by TDH.MEM.PAGE.ADD. Null:
	 * TDH.MEM.PAGE.AUG. */
	const void *source;
};

/* No vCPU may stay in the TD, or enter it, for now. Asked by one that counts as inside. */
static inline bool sept_keeps_out(const struct sept *sept)
{
	return __atomic_load_n(&sept->no_vcpus, __ATOMIC_SEQ_CST) != 0;
}

/* Makes it the half's owner. */
void sept_init(struct tdp_half *half, struct sept *sept);
