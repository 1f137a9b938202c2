// Where a TD's memory lies: RAM, firmware, and the ranges that the TD HOB names.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [QEMU hw/i386/tdvf.c, target/i386/kvm/tdx.c, hw/i386/pc_q35.c]
//
//   0 .. low_size                       RAM, below TD_LOW_MEMORY_MAX
//   4 GiB - firmware_size .. 4 GiB      the image, private, not in the TD HOB; of an IGVM file all
//                                       from the lowest page that it has there
//   4 GiB .. 4 GiB + high_size          the rest of the RAM, at most TD_HIGH_MEMORY_MAX
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/base/status.h"
#include "loader/image/launch_image.h"

struct td_memory {
	uint64_t low_size, high_size, firmware_size;
};

/* QEMU rounds -m up to a multiple of this. */
#define TD_MEMORY_UNIT 0x2000

/* Where size bytes of RAM lie; no firmware. ST_BAD_ARGUMENT: they cannot be laid out; error says
 * so. */
enum status td_memory_make(uint64_t size, struct td_memory *out, char *error,
			   size_t error_size) MUST_CHECK;

/* The page at address (SHARED bit stripped) is RAM. */
bool td_memory_is_ram(const struct td_memory *memory, uint64_t address);
/* The page at address (SHARED bit stripped) may be mapped private: it is RAM or firmware. */
bool td_memory_is_private(const struct td_memory *memory, uint64_t address);

/* One entry of the TD HOB. */
struct td_ram_range {
	uint64_t base, size;
	bool added; /* TD HOB or TempMem section: PAGE.ADDed, so already accepted */
};
/* Two RAM ranges, and each section cuts one in three. */
#define TD_RAM_RANGES_MAX (2 + 2 * LAUNCH_SECTIONS_MAX)

struct td_layout {
	struct td_memory memory;
	uint64_t hob_base, hob_size; /* of the first TD_HOB section, or of the memory map's */
	bool memory_map;             /* IGVM's, in place of a TD HOB */
	uint64_t map_offset;         /* in that section */
	unsigned range_count;        /* ascending */
	struct td_ram_range ranges[TD_RAM_RANGES_MAX];
};

/*
 * Lays out size bytes of RAM and the image, by the rules QEMU has for sections; what an IGVM file
 * has may also lie in RAM. ST_BAD_ARGUMENT: size or image size cannot be laid out. ST_BAD_RANGE: a
 * section lies where it may not. ST_NOT_FOUND: no TD_HOB section, and no parameter for a memory
 * map. ST_UNSUPPORTED: another parameter. error then names the section and the value.
 */
enum status td_layout_make(uint64_t size, const struct launch_image *image, struct td_layout *out,
			   char *error, size_t error_size) MUST_CHECK;
