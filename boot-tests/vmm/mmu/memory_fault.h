// What the user-space half of the host makes of an access that the attribute of its page forbids.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [linux KVM_EXIT_MEMORY_FAULT; QEMU accel/kvm/kvm-all.c kvm_convert_memory()]
//
// A TD that converts a page by MapGPA and then uses it as what it was costs two more exits for each
// page, and its content: it works where the policy lets it, and is not made faster.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/addr.h"
#include "boot-tests/vmm/config.h"
#include "boot-tests/vmm/init/seam_failure.h"
#include "boot-tests/vmm/mmu/mmu.h"

/* What the kernel half tells. */
struct memory_fault {
	gpa_t address; /* of the page, without the SHARED bit */
	uint64_t size;
	bool is_private; /* the access was, and the page is not; or the other way round */
};

/* How often a vCPU was made to wait for such accesses. */
struct memory_fault_record {
	unsigned throttled;
};

/* Waits of a vCPU: the n-th is n times as long as the first, and after the last the TD is ended. */
#define MEMORY_FAULT_WAIT_US 100
#define MEMORY_FAULT_WAITS_MAX 50

/* Does that by the policy. MMU_FIXED: the vCPU makes its access again; MMU_IS_SHARED or
 * MMU_IS_PRIVATE: the TD ends by it; MMU_FAILED: by the failure. */
enum mmu_answer memory_fault_answer(struct mmu *mmu, enum config_memory_fault policy,
				    const struct memory_fault *fault,
				    struct memory_fault_record *record,
				    struct seam_failure *failure) MUST_CHECK;
