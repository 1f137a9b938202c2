// Any bytes as a TD HOB list: no access outside them, and a map that keeps its promises.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <stdint.h>
#include <stdlib.h>

#include "arch/base/check.h"
#include "linker/memmap.h"
#include "shim/hob.h"

#define IMAGE_SIZE 0x20000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned widths[] = { 48, 52 };
	static struct memory_map map;
	if (size == 0) {
		return 0;
	}
	unsigned gpaw = widths[data[0] & 1];
	size_t list_size;
	if (hob_read(data + 1, size - 1, gpaw, IMAGE_SIZE, &map, &list_size) != ST_OK) {
		return 0;
	}
	CHECK(list_size < size - 1);
	uint64_t last_end = 0;
	CHECK(map.count <= MEMORY_MAP_ENTRIES);
	for (unsigned i = 0; i < map.count; i++) {
		struct gpa_range range = map.entries[i].range;
		bool added = ranges_overlap(range.base.v, range.size, SHIM_RAM,
					    TD_HOB + TD_HOB_SIZE - SHIM_RAM);
		CHECK(is_aligned(range.base.v | range.size, MEM_PAGE_SIZE) && range.size != 0);
		CHECK(range.base.v >= last_end && gpa_range_end(range) > range.base.v);
		CHECK(gpa_range_end(range) <= BIT64(gpaw - 1));
		CHECK(!ranges_overlap(range.base.v, range.size, FOUR_GIB - IMAGE_SIZE, IMAGE_SIZE));
		CHECK(added == (map.entries[i].kind == MEMORY_ACCEPTED));
		last_end = gpa_range_end(range);
	}
	return 0;
}
