// The 2 MiB blocks that the memory of a TD is counted in.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

#include "arch/base/bits.h"
#include "arch/base/check.h"
#include "boot-tests/vmm/td/td_layout.h"
#include "linker/memmap.h"

#define GUEST_BLOCK_SIZE UINT64_C(0x200000)
#define GUEST_GIB UINT64_C(0x40000000)
#define GUEST_LOW_BLOCKS (TD_LOW_MEMORY_MAX / GUEST_BLOCK_SIZE)
#define GUEST_FIRMWARE_BLOCKS (IMAGE_MAX_SIZE / GUEST_BLOCK_SIZE)
#define GUEST_HIGH_BASE (GUEST_LOW_BLOCKS + GUEST_FIRMWARE_BLOCKS)
/* Of a TD with so much memory above 4 GiB, however much it has below. */
#define GUEST_BLOCKS(high_size) \
	(GUEST_HIGH_BASE + ((high_size) + GUEST_BLOCK_SIZE - 1) / GUEST_BLOCK_SIZE)
/* And the 1 GiB units below its end. */
#define GUEST_GIBS(high_size) ((FOUR_GIB + (high_size) + GUEST_GIB - 1) / GUEST_GIB)

/* Number of the block of an address that td_memory_is_private(), below count. */
static inline uint64_t guest_block(uint64_t address, uint64_t count)
{
	uint64_t index;
	if (address < TD_LOW_MEMORY_MAX) {
		index = address / GUEST_BLOCK_SIZE;
	} else if (address >= FOUR_GIB) {
		index = GUEST_HIGH_BASE + (address - FOUR_GIB) / GUEST_BLOCK_SIZE;
	} else {
		CHECK(FOUR_GIB - address <= IMAGE_MAX_SIZE);
		index = GUEST_LOW_BLOCKS +
			(address - (FOUR_GIB - IMAGE_MAX_SIZE)) / GUEST_BLOCK_SIZE;
	}
	CHECK(index < count);
	return index;
}
