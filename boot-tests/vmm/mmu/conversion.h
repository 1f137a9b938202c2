// The user-space half of the host: what the TD asks to be private or shared, what becomes of it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [QEMU accel/kvm/kvm-all.c kvm_convert_memory()]
#pragma once

#include "arch/base/addr.h"
#include "arch/base/status.h"
#include "boot-tests/vmm/init/seam_failure.h"

struct mmu;

/*
 * MapGPA: the pages of range become shared or private. ST_BAD_ARGUMENT: the host has no memory
 * there that could be private, *stopped is the first such address; those below it are converted.
 * ST_TDX: a SEAMCALL failed, and the TD cannot go on.
 */
enum status conversion_make(struct mmu *mmu, struct gpa_range range, enum share share,
			    gpa_t *stopped, struct seam_failure *failure) MUST_CHECK;
