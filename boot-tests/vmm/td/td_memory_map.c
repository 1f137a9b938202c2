// The memory map: RAM below and above 4 GiB, an end.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/td/td_memory_map.h"

#include "arch/base/mem.h"
#include "arch/tdx/igvm.h"
#include "linker/memmap.h"

enum status td_memory_map_build(const struct td_layout *layout, void *out, size_t size)
{
	struct igvm_memory_map_entry map[3] = { { .entry_type = IGVM_MEMORY } };
	unsigned count = 0;
	map[count++].number_of_pages = layout->memory.low_size / MEM_PAGE_SIZE;
	if (layout->memory.high_size != 0) {
		map[count].starting_gpa_page_number = FOUR_GIB / MEM_PAGE_SIZE;
		map[count++].number_of_pages = layout->memory.high_size / MEM_PAGE_SIZE;
	}
	count++;
	if (count * sizeof(map[0]) > size) {
		return ST_NO_SPACE;
	}
	memcpy(out, map, count * sizeof(map[0]));
	return ST_OK;
}
