// Validation of the TD HOB list, block by block, out of the shim's own copy.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/hob.h"

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/mem.h"
#include "arch/tdx/hob.h"
#include "linker/memmap.h"
#include "shim/refusal.h"

/* Blocks start on multiples of this. [PI 1.8 volume 3, 4.5.2] */
#define HOB_ALIGN 8
/* Header and GUID of a GUID extension, the one block whose length is not fixed. */
#define HOB_GUID_EXTENSION_MIN 24

/* What the metadata sections of the image added: temporary memory and the HOB page itself. */
#define ADDED_BASE SHIM_RAM
#define ADDED_SIZE (TD_HOB + TD_HOB_SIZE - SHIM_RAM)

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

static enum status skip(struct hob_list *list, const struct hob_header *header)
{
	if (list->size - list->offset < header->length) {
		return truncated(list, header->length);
	}
	list->offset += header->length;
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

static enum status read_resource(const struct hob_resource *block, unsigned gpaw,
				 uint64_t image_size, struct memory_map *map)
{
	uint64_t base = block->physical_start;
	uint64_t size = block->resource_length;
	enum memory_kind kind;
	if (block->header.length != sizeof(*block) ||
	    block->resource_type > HOB_RESOURCE_TYPE_LAST ||
	    block->attributes != HOB_ATTRIBUTES_MEMORY) {
		return refuse(ST_BAD_FORMAT, "TD HOB: resource length %u type 0x%x attributes 0x%x",
			      block->header.length, block->resource_type, block->attributes);
	}
	if (!inside(base, size, 0, BIT64(gpaw - 1))) {
		return bad_range(base, size, "above the guest's width");
	}
	if (ranges_overlap(base, size, FOUR_GIB - image_size, image_size)) {
		return bad_range(base, size, "on the image");
	}
	switch (block->resource_type) {
	case HOB_RESOURCE_SYSTEM_MEMORY:
		/* The module gave us no other page; one that is only said to be accepted is not. */
		if (!inside(base, size, ADDED_BASE, ADDED_SIZE)) {
			return bad_range(base, size, "accepted, but in no section");
		}
		kind = MEMORY_ACCEPTED;
		break;
	case HOB_RESOURCE_MEMORY_UNACCEPTED:
		if (ranges_overlap(base, size, ADDED_BASE, ADDED_SIZE)) {
			return bad_range(base, size, "unaccepted, but in a section");
		}
		kind = MEMORY_UNACCEPTED;
		break;
	default:
		return refuse(ST_UNSUPPORTED, "TD HOB: resource type 0x%x", block->resource_type);
	}
	enum status status = memory_map_add(map, base, size, kind);
	if (status != ST_OK) {
		return refuse(status, "TD HOB: memory 0x%lx, size 0x%lx: range %u", base, size,
			      map->count);
	}
	return ST_OK;
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

/* Leaves list->offset at the END block. */
static enum status read_blocks(struct hob_list *list, unsigned gpaw, uint64_t image_size,
			       uint64_t end_of_list, struct memory_map *map)
{
	/* Every turn moves on by at least one header or returns. */
	for (;;) {
		struct hob_header header;
		struct hob_resource resource;
		TRY(peek(list, &header, sizeof(header)));
		if (header.reserved != 0 || header.length < sizeof(header) ||
		    !is_aligned(header.length, HOB_ALIGN)) {
			return bad_block(list, &header);
		}
		switch (header.type) {
		case HOB_TYPE_RESOURCE_DESCRIPTOR:
			TRY(peek(list, &resource, sizeof(resource)));
			TRY(read_resource(&resource, gpaw, image_size, map));
			break;
		case HOB_TYPE_GUID_EXTENSION:
			if (header.length < HOB_GUID_EXTENSION_MIN) {
				return bad_block(list, &header);
			}
			break;
		case HOB_TYPE_END_OF_HOB_LIST:
			/* The specification's pointer names the END block, QEMU's its end. */
			if (header.length != sizeof(header)) {
				return bad_block(list, &header);
			}
			if (end_of_list != TD_HOB + list->offset &&
			    end_of_list != TD_HOB + list->offset + sizeof(header)) {
				return refuse(ST_BAD_FORMAT, "TD HOB 0x%lx: end of list 0x%lx",
					      list->offset, end_of_list);
			}
			return ST_OK;
		default:
			return refuse(ST_UNSUPPORTED, "TD HOB 0x%lx: block type 0x%x", list->offset,
				      header.type);
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
	uint64_t end_of_list;
	found.count = 0;
	TRY(read_handoff(&list, &end_of_list));
	TRY(read_blocks(&list, gpaw, image_size, end_of_list, &found));
	*map = found;
	*list_size = list.offset;
	return ST_OK;
}
