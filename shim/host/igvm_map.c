// Validation of IGVM's memory map, entry by entry.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/host/igvm_map.h"

#include "arch/base/mem.h"
#include "arch/tdx/igvm.h"
#include "linker/memmap.h"
#include "loader/memory/regions.h"
#include "shim/refusal.h"

static enum status igvm_map_kind(const struct igvm_memory_map_entry *entry, enum memory_kind *kind)
{
	switch (entry->entry_type) {
	case IGVM_MEMORY:
	case IGVM_MEMORY_VTL2_PROTECTABLE:
		*kind = MEMORY_UNACCEPTED;
		return ST_OK;
	case IGVM_MEMORY_PLATFORM_RESERVED:
	case IGVM_MEMORY_PERSISTENT:
	case IGVM_MEMORY_SPECIFIC_PURPOSE:
	case IGVM_MEMORY_HIDDEN:
		*kind = MEMORY_RESERVED;
		return ST_OK;
	default:
		return refuse(ST_UNSUPPORTED, "memory map: page 0x%lx: type %u",
			      entry->starting_gpa_page_number, entry->entry_type);
	}
}

/* *free: the first page that no earlier entry has. */
static enum status igvm_map_add(const struct igvm_memory_map_entry *entry, unsigned gpaw,
				uint64_t image_size, uint64_t *free, struct memory_map *map)
{
	const uint64_t end = BIT64(gpaw - 1) / MEM_PAGE_SIZE;
	uint64_t page = entry->starting_gpa_page_number;
	uint64_t count = entry->number_of_pages;
	enum memory_kind kind = MEMORY_RESERVED;
	if (entry->flags != 0 || entry->reserved_14 != 0) {
		return refuse(ST_BAD_FORMAT, "memory map: page 0x%lx: flags 0x%x reserved 0x%x",
			      page, entry->flags, entry->reserved_14);
	}
	TRY(igvm_map_kind(entry, &kind));
	if (page < *free || page >= end || count > end - page ||
	    ranges_overlap(page * MEM_PAGE_SIZE, count * MEM_PAGE_SIZE, FOUR_GIB - image_size,
			   image_size)) {
		return refuse(ST_BAD_RANGE, "memory map: page 0x%lx, 0x%lx pages", page, count);
	}
	*free = page + count;
	enum status status = memory_map_add(map, page * MEM_PAGE_SIZE, count * MEM_PAGE_SIZE, kind);
	return status == ST_OK ?
		       ST_OK :
		       refuse(status, "memory map: page 0x%lx: range %u", page, map->count);
}

/* TempMem and the parameter area have been added with the image, and so accepted. */
static enum status igvm_map_added(struct memory_map *map)
{
	const uint64_t size = REGIONS_TEMP_MEM_SIZE + TD_HOB_SIZE;
	enum status status = ST_NO_MEMORY;
	if (memory_map_covers(map, SHIM_RAM, size, MEMORY_UNACCEPTED)) {
		status = memory_map_set_kind(map, SHIM_RAM, size, MEMORY_ACCEPTED);
	}
	return status == ST_OK ? ST_OK :
				 refuse(status, "memory map: 0x%x, size 0x%lx: of %u ranges",
					SHIM_RAM, size, map->count);
}

enum status igvm_map_read(const void *copy, size_t size, unsigned gpaw, uint64_t image_size,
			  struct memory_map *map, size_t *map_size)
{
	struct igvm_memory_map_entry entry;
	/* Too large for the stack, and there is one boot. */
	static struct memory_map found;
	uint64_t free = 0;
	found.count = 0;
	for (size_t at = 0; size - at >= sizeof(entry); at += sizeof(entry)) {
		memcpy(&entry, (const uint8_t *)copy + at, sizeof(entry));
		if (entry.number_of_pages == 0) {
			TRY(igvm_map_added(&found));
			*map = found;
			*map_size = at;
			return ST_OK;
		}
		TRY(igvm_map_add(&entry, gpaw, image_size, &free, &found));
	}
	return refuse(ST_TRUNCATED, "memory map: 0x%lx bytes without an end", size);
}
