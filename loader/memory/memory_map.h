// The memory map of the machine as the shim sees it: sorted, disjoint ranges, each of one kind.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/base/status.h"

enum memory_kind {
	MEMORY_ACCEPTED,   /* RAM that may be used */
	MEMORY_UNACCEPTED, /* RAM of a TD that nobody may touch before it is accepted */
	MEMORY_LEFT,       /* RAM of a TD that is left to the payload to accept */
	MEMORY_RESERVED,
	MEMORY_MMIO, /* of devices: no memory, and no business of an e820 table */
};
#define MEMORY_KINDS 5

#define MEMORY_MAP_ENTRIES 64

struct memory_map {
	unsigned count;
	struct memory_entry {
		struct gpa_range range;
		enum memory_kind kind;
	} entries[MEMORY_MAP_ENTRIES];
};

/*
 * Adds [base, base + size) where it belongs; neighbours of the same kind become one range.
 * ST_BAD_RANGE: unaligned, empty, wraps, or overlaps a range. ST_NO_SPACE: full.
 */
enum status memory_map_add(struct memory_map *map, uint64_t base, uint64_t size,
			   enum memory_kind kind) MUST_CHECK;

/*
 * Takes [base, base + size), page aligned, out of the map, whatever kind it has there.
 * ST_NO_SPACE: that would cut a range in two, and the map is full; it is then unchanged.
 */
enum status memory_map_remove(struct memory_map *map, uint64_t base, uint64_t size) MUST_CHECK;

/*
 * Makes [base, base + size), which lies in one range, memory of another kind. ST_BAD_RANGE:
 * unaligned or empty. ST_NO_SPACE: the map has no room for the parts. On failure it is unchanged.
 */
enum status memory_map_set_kind(struct memory_map *map, uint64_t base, uint64_t size,
				enum memory_kind kind) MUST_CHECK;

/* Is every byte of [base, base + size) of this kind? size > 0, no wrap. */
bool memory_map_covers(const struct memory_map *map, uint64_t base, uint64_t size,
		       enum memory_kind kind);

/*
 * The highest place of size bytes in accepted memory of [lowest, end), page aligned. size > 0,
 * lowest is page aligned and not 0. ST_NO_MEMORY: there is none.
 */
enum status memory_map_place(const struct memory_map *map, uint64_t size, uint64_t lowest,
			     uint64_t end, gpa_t *out) MUST_CHECK;
