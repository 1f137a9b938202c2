// TD HOB lists, of any bytes and of well-formed blocks: no access outside them, and a map that
// keeps its promises and is the one that the list describes.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The first byte chooses the GPA width (bit 0) and what the rest is: bytes of a list, or (bit 1)
// records of 8 bytes, each of which makes one block; bit 2: before them 4 bytes, an offset and 16
// bits that are XORed there. Bytes alone hardly ever make a second block; records make lists of
// dozens of ranges, in any order, most of them without a fault.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/base/check.h"
#include "arch/tdx/hob.h"
#include "linker/memmap.h"
#include "shim/host/hob_read.h"

#define IMAGE_SIZE 0x20000
#define ADDED_END (TD_HOB + TD_HOB_SIZE)
#define RESOURCES_MAX ((TD_HOB_SIZE - sizeof(struct hob_handoff)) / sizeof(struct hob_resource))

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A list under construction, and the resources of it that a map would have. */
struct list {
	uint8_t bytes[TD_HOB_SIZE];
	size_t size;
	struct hob_resource resources[RESOURCES_MAX];
	size_t count;
	bool full;
};

struct record {
	uint8_t block; /* type of the block */
	uint8_t resource;
	uint8_t attributes;
	uint8_t anchor;
	int16_t pages;   /* from the anchor */
	uint16_t length; /* in pages, or bytes of a block without a resource */
};

static void put(struct list *list, const void *block, size_t size, size_t padded)
{
	if (list->full || padded > sizeof(list->bytes) - sizeof(struct hob_header) - list->size) {
		list->full = true;
		return;
	}
	memset(list->bytes + list->size, 0, padded);
	memcpy(list->bytes + list->size, block, size);
	list->size += padded;
}

static void put_resource(struct list *list, const struct record *record)
{
	/* The borders that a rule is about, and a place for each of many ranges. */
	static const uint64_t anchors[] = {
		0,        SHIM_RAM,  TEMPMEM_END, TD_HOB,     ADDED_END,  FOUR_GIB - IMAGE_SIZE,
		FOUR_GIB, BIT64(47), BIT64(51),   0xFEFFC000, 0x80000000,
	};
	static const uint32_t types[] = { 7, 7, 7, 7, 0, 1, 5, 2, 6, 3, 4, 8 };
	static const uint32_t attributes[] = { 7, 7, 7, 7, 3, 0x403, 0x4000007, 1, 0x87, 1u << 31 };
	uint64_t anchor = record->anchor < 128 ? FOUR_GIB + record->anchor * UINT64_C(0x10000000) :
						 anchors[record->anchor % ARRAY_COUNT(anchors)];
	const struct hob_resource block = {
		.header = { HOB_TYPE_RESOURCE_DESCRIPTOR, sizeof(block), 0 },
		.resource_type = types[record->resource % ARRAY_COUNT(types)],
		.attributes = attributes[record->attributes % ARRAY_COUNT(attributes)],
		.physical_start = anchor + (uint64_t)record->pages * MEM_PAGE_SIZE,
		.resource_length = (uint64_t)record->length * MEM_PAGE_SIZE,
	};
	put(list, &block, sizeof(block), sizeof(block));
	if (!list->full && block.resource_type != HOB_RESOURCE_IO &&
	    block.resource_type != HOB_RESOURCE_IO_RESERVED) {
		list->resources[list->count++] = block;
	}
}

static void put_record(struct list *list, const struct record *record)
{
	static const uint16_t types[] = { HOB_TYPE_GUID_EXTENSION, HOB_TYPE_CPU,
					  HOB_TYPE_MEMORY_ALLOCATION, HOB_TYPE_UNUSED };
	static const uint16_t lengths[] = { 24, 16, 48, 8 };
	if (record->block < 200) {
		put_resource(list, record);
		return;
	}
	unsigned which = record->block % ARRAY_COUNT(types);
	uint16_t length = (uint16_t)(lengths[which] + record->length % 64 * (which != 1));
	const struct hob_header header = { types[which], length, 0 };
	put(list, &header, sizeof(header), align_up(length, 8));
}

static void make_list(struct list *list, const uint8_t *data, size_t size)
{
	const struct hob_header end = { HOB_TYPE_END_OF_HOB_LIST, sizeof(end), 0 };
	struct hob_handoff handoff = {
		.header = { HOB_TYPE_HANDOFF, sizeof(handoff), 0 },
		.version = HOB_HANDOFF_VERSION,
	};
	put(list, &handoff, sizeof(handoff), sizeof(handoff));
	for (size_t i = 0; i + sizeof(struct record) <= size; i += sizeof(struct record)) {
		struct record record;
		memcpy(&record, data + i, sizeof(record));
		put_record(list, &record);
	}
	memcpy(list->bytes + list->size, &end, sizeof(end));
	list->size += sizeof(end);
	((struct hob_handoff *)(void *)list->bytes)->end_of_hob_list = TD_HOB + list->size;
}

static void change(struct list *list, const uint8_t *record)
{
	uint16_t offset;
	memcpy(&offset, record, sizeof(offset));
	for (size_t i = 0; i < 2; i++) {
		list->bytes[(offset + i) % list->size] ^= record[2 + i];
	}
}

static void check_map(const struct memory_map *map, unsigned gpaw)
{
	uint64_t last_end = 0;
	CHECK(map->count <= MEMORY_MAP_ENTRIES);
	for (unsigned i = 0; i < map->count; i++) {
		struct gpa_range range = map->entries[i].range;
		bool added =
			ranges_overlap(range.base.v, range.size, SHIM_RAM, ADDED_END - SHIM_RAM);
		CHECK(is_aligned(range.base.v | range.size, MEM_PAGE_SIZE) && range.size != 0);
		CHECK(range.base.v >= last_end && gpa_range_end(range) > range.base.v);
		CHECK(gpa_range_end(range) <= BIT64(gpaw - 1));
		CHECK(!ranges_overlap(range.base.v, range.size, FOUR_GIB - IMAGE_SIZE, IMAGE_SIZE));
		CHECK(added == (map->entries[i].kind == MEMORY_ACCEPTED));
		CHECK(i == 0 || range.base.v > last_end ||
		      map->entries[i].kind != map->entries[i - 1].kind);
		last_end = gpa_range_end(range);
	}
}

/* Every page of a resource is of its kind, and the map has no page more. */
static void check_described(const struct memory_map *map, const struct list *list)
{
	static const enum memory_kind kinds[] = {
		[HOB_RESOURCE_SYSTEM_MEMORY] = MEMORY_ACCEPTED,
		[HOB_RESOURCE_MEMORY_MAPPED_IO] = MEMORY_MMIO,
		[HOB_RESOURCE_MEMORY_RESERVED] = MEMORY_RESERVED,
		[HOB_RESOURCE_MEMORY_UNACCEPTED] = MEMORY_UNACCEPTED,
	};
	uint64_t described = 0;
	uint64_t mapped = 0;
	for (size_t i = 0; i < list->count; i++) {
		const struct hob_resource *resource = &list->resources[i];
		CHECK(memory_map_covers(map, resource->physical_start, resource->resource_length,
					kinds[resource->resource_type]));
		described += resource->resource_length;
	}
	for (unsigned i = 0; i < map->count; i++) {
		mapped += map->entries[i].range.size;
	}
	CHECK(described == mapped);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned widths[] = { 48, 52 };
	static struct memory_map map;
	size_t list_size;
	if (size == 0) {
		return 0;
	}
	unsigned gpaw = widths[data[0] & 1];
	if ((data[0] & 2) == 0) {
		if (hob_read(data + 1, size - 1, gpaw, IMAGE_SIZE, &map, &list_size) == ST_OK) {
			CHECK(list_size < size - 1);
			check_map(&map, gpaw);
		}
		return 0;
	}
	struct list *list = calloc(1, sizeof(*list));
	CHECK(list != NULL);
	bool changed = (data[0] & 4) != 0 && size >= 5;
	make_list(list, data + (changed ? 5 : 1), size - (changed ? 5 : 1));
	if (changed) {
		change(list, data + 1);
	}
	if (hob_read(list->bytes, list->size, gpaw, IMAGE_SIZE, &map, &list_size) == ST_OK) {
		check_map(&map, gpaw);
		if (!changed) {
			CHECK(list_size == list->size - sizeof(struct hob_header));
			check_described(&map, list);
		}
	}
	free(list);
	return 0;
}
