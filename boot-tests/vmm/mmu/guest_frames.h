// The frames of a TD's private memory, by GPA: taken at the first use, given back page by page.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [linux guest_memfd]
//
// A frame belongs to its GPA from guest_frames_get() until it is given back, whether it is mapped
// or not. Nothing maps it when that happens: who takes a mapping away says so to those that are
// about to make one.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/addr.h"
#include "boot-tests/machine/spinlock.h"
#include "boot-tests/vmm/init/seam_failure.h"
#include "boot-tests/vmm/mmu/guest_blocks.h"

/* A block has one frame of 2 MiB, or some of 4 KiB, or none. */
struct guest_block {
	hpa_t large;     /* 0: none */
	uint64_t *small; /* by page, 0: none; null: it never had any */
};

/* So many blocks; all zero: no frames. */
struct guest_frames {
	struct spinlock lock;
	bool dirty; /* the host writes to a frame before the TD gets it */
	struct guest_block *blocks;
	uint64_t block_count;
};

/* The frame of the page at address; where it has none a new one, of the level if the block has no
 * smaller ones. Returns the size of the frame that holds the page. */
enum pg_level guest_frames_get(struct guest_frames *frames, gpa_t address, enum pg_level level,
			       hpa_t *page);
/* False: it has none. */
bool guest_frames_find(struct guest_frames *frames, gpa_t address, hpa_t *page);
/* The block's frame of 2 MiB counts as 512 from now on. */
void guest_frames_split(struct guest_frames *frames, gpa_t address);
/* Gives those of [start, end) back, which the module does not have. Ends of the range are not
 * within a frame of 2 MiB. */
void guest_frames_give(struct guest_frames *frames, gpa_t start, gpa_t end);
/* Takes all from a TD without a key, and gives them back. ST_TDX: it can be called again. */
enum status guest_frames_reclaim(struct guest_frames *frames,
				 struct seam_failure *failure) MUST_CHECK;
