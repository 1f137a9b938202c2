// Makes the e820 table that a kernel gets, from the memory map and the regions that are reserved.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// [0xA0000, 1 MiB) is passed on as the map has it. In a TD the VGA window is not in the map. The
// rest is RAM that was accepted: Linux reads it (probe_roms, BIOS scans) and takes it out of its
// own RAM by itself; were it type 2 here, a 6.12 TDX guest that remaps it would map it shared and
// die of a #VE. On a plain VM the map has it reserved.
#include "loader/memory/e820.h"

#include <stdbool.h>

/* What is in no entry. */
#define TYPE_NONE 0

/* Lowers *next to the last byte before a border of range, if that lies at or above position. */
static void lower_border(struct gpa_range range, uint64_t position, uint64_t *next)
{
	uint64_t last = gpa_range_end(range) - 1;
	if (range.base.v > position && range.base.v - 1 < *next) {
		*next = range.base.v - 1;
	}
	if (last >= position && last < *next) {
		*next = last;
	}
}

static bool range_has(struct gpa_range range, uint64_t address)
{
	return address >= range.base.v && address - range.base.v < range.size;
}

enum status e820_build_types(const struct memory_map *map, const uint32_t types[MEMORY_KINDS],
			     const struct e820_overlay *overlays, unsigned overlay_count,
			     struct e820_entry *out, unsigned capacity, unsigned *count)
{
	unsigned used = 0;
	uint64_t position = 0;
	uint64_t last;
	/* From border to border: between two of them the type does not change. */
	do {
		uint32_t type = TYPE_NONE;
		last = UINT64_MAX;
		for (unsigned i = 0; i < map->count; i++) {
			lower_border(map->entries[i].range, position, &last);
			if (range_has(map->entries[i].range, position)) {
				type = types[map->entries[i].kind];
			}
		}
		for (unsigned i = 0; i < overlay_count; i++) {
			lower_border(overlays[i].range, position, &last);
			if (range_has(overlays[i].range, position)) {
				type = overlays[i].type;
			}
		}
		struct e820_entry *previous = used > 0 ? &out[used - 1] : NULL;
		if (previous != NULL && previous->type == type &&
		    previous->base + previous->size == position) {
			previous->size += last - position + 1;
		} else if (type != TYPE_NONE) {
			if (used == capacity) {
				return ST_NO_SPACE;
			}
			out[used++] = (struct e820_entry){ position, last - position + 1, type };
		}
		position = last + 1;
	} while (last != UINT64_MAX);
	*count = used;
	return ST_OK;
}

enum status e820_build(const struct memory_map *map, const struct e820_overlay *overlays,
		       unsigned overlay_count, struct e820_entry *out, unsigned capacity,
		       unsigned *count)
{
	static const uint32_t types[MEMORY_KINDS] = {
		[MEMORY_ACCEPTED] = E820_RAM,
		/* Linux has no e820 type for either, and learns it elsewhere. */
		[MEMORY_UNACCEPTED] = E820_RAM,
		[MEMORY_LEFT] = E820_RAM,
		[MEMORY_RESERVED] = E820_RESERVED,
		/* Linux takes what is reserved out of the windows of ACPI's PCI devices. */
		[MEMORY_MMIO] = TYPE_NONE,
	};
	return e820_build_types(map, types, overlays, overlay_count, out, capacity, count);
}
