// Fuzzes the shim's reader of IGVM's memory map: a map that it takes keeps its promises.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The first byte chooses the GPA width (bit 0) and whether what follows are the bytes of a map or
// (bit 1) records of 4 bytes, each an entry that follows the one before it: pages between, pages,
// type, flags. The first entry of records has the pages that the file added.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/base/check.h"
#include "arch/tdx/igvm.h"
#include "linker/memmap.h"
#include "shim/host/igvm_map.h"

#define IMAGE_SIZE 0x20000
#define ADDED_SIZE (TD_HOB + TD_HOB_SIZE - SHIM_RAM)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t make_entries(const uint8_t *data, size_t size, uint8_t *out)
{
	struct igvm_memory_map_entry entry = {
		.number_of_pages = (SHIM_RAM + ADDED_SIZE) / MEM_PAGE_SIZE,
	};
	size_t used = 0;
	for (size_t at = 0; used + sizeof(entry) <= TD_HOB_SIZE; at += 4) {
		memcpy(out + used, &entry, sizeof(entry));
		used += sizeof(entry);
		if (at + 4 > size) {
			break;
		}
		entry.starting_gpa_page_number += entry.number_of_pages + data[at];
		entry.number_of_pages = data[at + 1];
		entry.entry_type = data[at + 2] % 8;
		entry.flags = data[at + 3] == 0xFF;
	}
	return used;
}

static void check_map(const struct memory_map *map, uint64_t end)
{
	uint64_t free = 0;
	CHECK(map->count <= MEMORY_MAP_ENTRIES);
	for (unsigned i = 0; i < map->count; i++) {
		const struct memory_entry *e = &map->entries[i];
		uint64_t base = e->range.base.v;
		CHECK(base >= free && e->range.size != 0 && base < end &&
		      e->range.size <= end - base);
		CHECK(!ranges_overlap(base, e->range.size, FOUR_GIB - IMAGE_SIZE, IMAGE_SIZE));
		CHECK(e->kind == MEMORY_UNACCEPTED || e->kind == MEMORY_RESERVED ||
		      (e->kind == MEMORY_ACCEPTED && base == SHIM_RAM &&
		       e->range.size == ADDED_SIZE));
		free = base + e->range.size;
	}
	CHECK(memory_map_covers(map, SHIM_RAM, ADDED_SIZE, MEMORY_ACCEPTED));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t area[TD_HOB_SIZE];
	static struct memory_map map;
	size_t map_size = 0;
	if (size == 0) {
		return 0;
	}
	unsigned gpaw = (data[0] & 1) != 0 ? 52 : 48;
	size_t used = size - 1 < sizeof(area) ? size - 1 : sizeof(area);
	memset(area, 0, sizeof(area));
	if ((data[0] & 2) != 0) {
		used = make_entries(data + 1, size - 1, area);
	} else {
		memcpy(area, data + 1, used);
	}
	/* All of the area is there, or only what was written: a read after it is ASan's. */
	size_t length = (data[0] & 4) != 0 ? used : sizeof(area);
	uint8_t *copy = malloc(length + 1);
	CHECK(copy != NULL);
	memcpy(copy, area, length);
	if (igvm_map_read(copy, length, gpaw, IMAGE_SIZE, &map, &map_size) == ST_OK) {
		check_map(&map, BIT64(gpaw - 1));
		CHECK(map_size % sizeof(struct igvm_memory_map_entry) == 0 && map_size < length);
	}
	free(copy);
	return 0;
}
