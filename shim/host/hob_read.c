// Validation of the TD HOB list, block by block, out of the shim's own copy.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/host/hob_read.h"

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/mem.h"
#include "arch/tdx/hob.h"
#include "linker/memmap.h"
#include "loader/memory/regions.h"
#include "shim/refusal.h"

/* Blocks start on multiples of this. [PI 1.8 volume 3, 4.5.2] */
#define HOB_ALIGN 8
/* x86 has this many ports. */
#define IO_SPACE_SIZE 0x10000

/* What memory of a guest must be, and what it cannot be. Other bits that are known say nothing
 * about private memory: what the host calls encrypted or tested is neither before we accept it. */
#define RAM_ATTRIBUTES (HOB_ATTRIBUTE_PRESENT | HOB_ATTRIBUTE_INITIALIZED)
#define NO_RAM_ATTRIBUTES                                                        \
	(HOB_ATTRIBUTE_READ_PROTECTED | HOB_ATTRIBUTE_WRITE_PROTECTED |          \
	 HOB_ATTRIBUTE_EXECUTION_PROTECTED | HOB_ATTRIBUTE_READ_ONLY_PROTECTED | \
	 HOB_ATTRIBUTE_PERSISTENT | HOB_ATTRIBUTE_SPECIAL_PURPOSE)

/* What the metadata sections of the image added: temporary memory and the HOB page itself. */
#define SECTIONS_BASE SHIM_RAM
#define SECTIONS_SIZE (REGIONS_TEMP_MEM_SIZE + TD_HOB_SIZE)

struct hob_list {
	const uint8_t *bytes;
	size_t size;
	size_t offset; /* of the next block; never above size */
};

static enum status truncated(const struct hob_list *list, size_t size)
{
	return refuse(ST_TRUNCATED, "TD HOB 0x%lx: block of 0x%lx bytes, 0x%lx left", list->offset,
		      size, list->size - list->offset);
}

/* Copies the next block's first size bytes without moving on. */
static enum status peek(const struct hob_list *list, void *block, size_t size)
{
	if (list->size - list->offset < size) {
		return truncated(list, size);
	}
	memcpy(block, list->bytes + list->offset, size);
	return ST_OK;
}

/* Blocks of any length are padded, and so is what we measure. */
static enum status skip(struct hob_list *list, const struct hob_header *header)
{
	size_t size = align_up(header->length, HOB_ALIGN);
	if (list->size - list->offset < size) {
		return truncated(list, size);
	}
	list->offset += size;
	return ST_OK;
}

static bool inside(uint64_t base, uint64_t size, uint64_t outer_base, uint64_t outer_size)
{
	return base >= outer_base && size <= outer_size && base - outer_base <= outer_size - size;
}

static enum status bad_range(uint64_t base, uint64_t size, const char *why)
{
	return refuse(ST_BAD_RANGE, "TD HOB: memory 0x%lx, size 0x%lx: %s", base, size, why);
}

static enum status add_range(const struct hob_resource *block, enum memory_kind kind,
			     struct memory_map *map)
{
	uint64_t base = block->physical_start;
	uint64_t size = block->resource_length;
	enum status status = memory_map_add(map, base, size, kind);
	if (status != ST_OK) {
		return refuse(status, "TD HOB: memory 0x%lx, size 0x%lx: range %u", base, size,
			      map->count);
	}
	return ST_OK;
}

/* Accepted memory is what metadata added and nothing else is. */
static enum status check_added(const struct hob_resource *block)
{
	uint64_t base = block->physical_start;
	uint64_t size = block->resource_length;
	if (block->resource_type == HOB_RESOURCE_SYSTEM_MEMORY) {
		/* The module gave us no other page; one that is only said to be accepted is not. */
		return inside(base, size, SECTIONS_BASE, SECTIONS_SIZE) ?
			       ST_OK :
			       bad_range(base, size, "accepted, but in no section");
	}
	if (ranges_overlap(base, size, SECTIONS_BASE, SECTIONS_SIZE)) {
		return bad_range(base, size,
				 block->resource_type == HOB_RESOURCE_MEMORY_UNACCEPTED ?
					 "unaccepted, but in a section" :
					 "no memory, but in a section");
	}
	return ST_OK;
}

static enum status check_attributes(const struct hob_resource *block)
{
	uint32_t attributes = block->attributes;
	bool ram = block->resource_type == HOB_RESOURCE_SYSTEM_MEMORY ||
		   block->resource_type == HOB_RESOURCE_MEMORY_UNACCEPTED;
	if (block->header.length != sizeof(*block) ||
	    block->resource_type > HOB_RESOURCE_TYPE_LAST ||
	    (attributes & ~HOB_ATTRIBUTES_KNOWN) != 0 ||
	    (ram && ((attributes & RAM_ATTRIBUTES) != RAM_ATTRIBUTES ||
		     (attributes & NO_RAM_ATTRIBUTES) != 0))) {
		return refuse(ST_BAD_FORMAT, "TD HOB: resource length %u type 0x%x attributes 0x%x",
			      block->header.length, block->resource_type, attributes);
	}
	return ST_OK;
}

static enum status read_resource(const struct hob_resource *block, unsigned gpaw,
				 uint64_t image_size, struct memory_map *map)
{
	uint64_t base = block->physical_start;
	uint64_t size = block->resource_length;
	TRY(check_attributes(block));
	if (block->resource_type == HOB_RESOURCE_IO ||
	    block->resource_type == HOB_RESOURCE_IO_RESERVED) {
		/* Of another address space. Every port is the host's, whatever it says of it. */
		return inside(base, size, 0, IO_SPACE_SIZE) ?
			       ST_OK :
			       refuse(ST_BAD_RANGE, "TD HOB: ports 0x%lx, size 0x%lx", base, size);
	}
	if (!inside(base, size, 0, BIT64(gpaw - 1))) {
		return bad_range(base, size, "above the guest's width");
	}
	if (ranges_overlap(base, size, FOUR_GIB - image_size, image_size)) {
		return bad_range(base, size, "on the image");
	}
	TRY(check_added(block));
	switch (block->resource_type) {
	case HOB_RESOURCE_SYSTEM_MEMORY:
		return add_range(block, MEMORY_ACCEPTED, map);
	case HOB_RESOURCE_MEMORY_UNACCEPTED:
		return add_range(block, MEMORY_UNACCEPTED, map);
	case HOB_RESOURCE_MEMORY_RESERVED:
		return add_range(block, MEMORY_RESERVED, map);
	case HOB_RESOURCE_MEMORY_MAPPED_IO:
		return add_range(block, MEMORY_MMIO, map);
	default:
		return refuse(ST_UNSUPPORTED, "TD HOB: resource type 0x%x", block->resource_type);
	}
}

static enum status read_handoff(struct hob_list *list, uint64_t *end_of_list)
{
	struct hob_handoff block;
	TRY(peek(list, &block, sizeof(block)));
	if (block.header.type != HOB_TYPE_HANDOFF || block.header.length != sizeof(block) ||
	    block.header.reserved != 0 || block.version != HOB_HANDOFF_VERSION) {
		return refuse(ST_BAD_FORMAT,
			      "TD HOB: first block type 0x%x length %u reserved 0x%x version %u",
			      block.header.type, block.header.length, block.header.reserved,
			      block.version);
	}
	*end_of_list = block.end_of_hob_list;
	return skip(list, &block.header);
}

static enum status bad_block(const struct hob_list *list, const struct hob_header *header)
{
	return refuse(ST_BAD_FORMAT, "TD HOB 0x%lx: block type 0x%x length %u reserved 0x%x",
		      list->offset, header->type, header->length, header->reserved);
}

/*
 * Blocks that say nothing which we could believe, by their length. What a MEMORY_ALLOCATION block
 * says is in use, the host has nothing in: no page of ours is there before we accept it.
 */
static enum status pass_over(const struct hob_list *list, const struct hob_header *header)
{
	bool whole;
	switch (header->type) {
	case HOB_TYPE_GUID_EXTENSION:
		whole = header->length >= sizeof(struct hob_guid_extension);
		break;
	case HOB_TYPE_MEMORY_ALLOCATION:
		whole = header->length >= sizeof(struct hob_memory_allocation);
		break;
	case HOB_TYPE_CPU:
		whole = header->length == sizeof(struct hob_cpu);
		break;
	case HOB_TYPE_UNUSED:
		whole = true;
		break;
	default:
		return refuse(ST_UNSUPPORTED, "TD HOB 0x%lx: block type 0x%x", list->offset,
			      header->type);
	}
	return whole ? ST_OK : bad_block(list, header);
}

static enum status check_end(const struct hob_list *list, const struct hob_header *header,
			     uint64_t end_of_list)
{
	if (header->length != sizeof(*header)) {
		return bad_block(list, header);
	}
	/* The specification's pointer names the END block, QEMU's its end. */
	if (end_of_list != TD_HOB + list->offset &&
	    end_of_list != TD_HOB + list->offset + sizeof(*header)) {
		return refuse(ST_BAD_FORMAT, "TD HOB 0x%lx: end of list 0x%lx", list->offset,
			      end_of_list);
	}
	return ST_OK;
}

/* Leaves list->offset at the END block. */
static enum status read_blocks(struct hob_list *list, unsigned gpaw, uint64_t image_size,
			       uint64_t end_of_list, struct memory_map *map)
{
	/* Every turn moves on by at least one header or returns. */
	for (;;) {
		struct hob_header header;
		struct hob_resource resource;
		TRY(peek(list, &header, sizeof(header)));
		/* GUID extensions are as long as their data: cloud-hypervisor pads after them. */
		if (header.reserved != 0 || header.length < sizeof(header) ||
		    (header.type != HOB_TYPE_GUID_EXTENSION &&
		     !is_aligned(header.length, HOB_ALIGN))) {
			return bad_block(list, &header);
		}
		switch (header.type) {
		case HOB_TYPE_RESOURCE_DESCRIPTOR:
			TRY(peek(list, &resource, sizeof(resource)));
			TRY(read_resource(&resource, gpaw, image_size, map));
			break;
		case HOB_TYPE_END_OF_HOB_LIST:
			return check_end(list, &header, end_of_list);
		default:
			TRY(pass_over(list, &header));
			break;
		}
		TRY(skip(list, &header));
	}
}

enum status hob_read(const void *copy, size_t size, unsigned gpaw, uint64_t image_size,
		     struct memory_map *map, size_t *list_size)
{
	struct hob_list list = { .bytes = copy, .size = size };
	/* Too large for the stack, and there is one boot. */
	static struct memory_map found;
	uint64_t end_of_list = 0; /* gcc 14 does not see that TRY() leaves */
	found.count = 0;
	TRY(read_handoff(&list, &end_of_list));
	TRY(read_blocks(&list, gpaw, image_size, end_of_list, &found));
	*map = found;
	*list_size = list.offset;
	return ST_OK;
}
