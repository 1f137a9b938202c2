// The 2 MiB blocks that all memory a TD can have is counted in.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

#include "arch/base/bits.h"
#include "arch/base/check.h"
#include "boot-tests/vmm/td/td_layout.h"
#include "linker/memmap.h"

#define GUEST_BLOCK_SIZE UINT64_C(0x200000)
#define GUEST_LOW_BLOCKS (TD_LOW_MEMORY_MAX / GUEST_BLOCK_SIZE)
#define GUEST_HIGH_BLOCKS (TD_HIGH_MEMORY_MAX / GUEST_BLOCK_SIZE)
#define GUEST_FIRMWARE_BLOCKS (IMAGE_MAX_SIZE / GUEST_BLOCK_SIZE)
#define GUEST_BLOCKS (GUEST_LOW_BLOCKS + GUEST_HIGH_BLOCKS + GUEST_FIRMWARE_BLOCKS)
/* 1 GiB units below the end of the highest GPA of a TD's memory. */
#define GUEST_GIBS ((FOUR_GIB + TD_HIGH_MEMORY_MAX) / 0x40000000)

/* Number of the block of an address that td_memory_is_private(). */
static inline unsigned guest_block(uint64_t address)
{
	uint64_t index = 0;
	if (address < TD_LOW_MEMORY_MAX) {
		index = address / GUEST_BLOCK_SIZE;
	} else if (address >= FOUR_GIB) {
		index = GUEST_LOW_BLOCKS + (address - FOUR_GIB) / GUEST_BLOCK_SIZE;
	} else {
		CHECK(FOUR_GIB - address <= IMAGE_MAX_SIZE);
		index = GUEST_LOW_BLOCKS + GUEST_HIGH_BLOCKS +
			(address - (FOUR_GIB - IMAGE_MAX_SIZE)) / GUEST_BLOCK_SIZE;
	}
	CHECK(index < GUEST_BLOCKS);
	return (unsigned)index;
}
