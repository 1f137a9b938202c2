// Makes the e820 table that a kernel gets.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "arch/base/addr.h"
#include "arch/base/status.h"
#include "arch/linux/boot_params.h"
#include "loader/memory/memory_map.h"

/* A part of the address space whose type is ours to say, whatever the memory map has there. */
struct e820_overlay {
	struct gpa_range range;
	uint32_t type;
};

/*
 * Writes a table of types: sorted, disjoint, neighbours of one type merged. types: of each kind of
 * memory; what is of type 0 is in no entry. map must be disjoint and sorted; where overlays
 * overlap the later one counts. ST_NO_SPACE: more than capacity entries; *count is then untouched.
 */
enum status e820_build_types(const struct memory_map *map, const uint32_t types[MEMORY_KINDS],
			     const struct e820_overlay *overlays, unsigned overlay_count,
			     struct e820_entry *out, unsigned capacity, unsigned *count) MUST_CHECK;

/* e820_build_types() with the types that an e820 table has for the kinds of memory. */
enum status e820_build(const struct memory_map *map, const struct e820_overlay *overlays,
		       unsigned overlay_count, struct e820_entry *out, unsigned capacity,
		       unsigned *count) MUST_CHECK;
