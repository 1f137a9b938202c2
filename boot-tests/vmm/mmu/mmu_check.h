// Looks whether the mirror, the Secure EPT and the frames of a TD that stands still agree.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "boot-tests/vmm/mmu/mmu.h"

enum mmu_checked {
	MMU_AGREES,
	MMU_DIFFERS,
	MMU_UNREADABLE, /* the TD is fatal: no SEAMCALL looks into it */
};

/*
 * No vCPU runs, and the TD has its key. Entry by entry: a link of the mirror is one in the Secure
 * EPT, a leaf is a page of it that is mapped or pending, in the same frame, which is that of its
 * GPA; what is absent is free. No page is mapped in both halves, or against its attribute. *pages:
 * what the module has of these, tables included. MMU_DIFFERS: error says what is wrong, and where.
 */
enum mmu_checked mmu_check(struct mmu *mmu, uint64_t *pages, char *error,
			   size_t error_size) MUST_CHECK;
