// Items of the software fw_cfg device.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/fw_cfg_items.h"

#include <stddef.h>

#include "arch/base/bits.h"
#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "arch/linux/boot_params.h"

#define SELECTOR_MASK MASK64(13, 0)
/* Of struct linux_setup_header in the file. */
#define SETUP_SECTS_OFFSET LINUX_HEADER_OFFSET
#define MAGIC_OFFSET 0x202

void fw_cfg_items_add(struct fw_cfg_items *items, uint16_t selector, const void *data,
		      uint32_t size)
{
	CHECK(items->count < FW_CFG_ITEMS_MAX);
	for (unsigned i = 0; i < items->count; i++) {
		CHECK(items->items[i].selector != selector);
	}
	items->items[items->count++] = (struct fw_cfg_item){ selector, data, size };
}

bool fw_cfg_items_select(struct fw_cfg_items *items, uint16_t selector)
{
	static const struct fw_cfg_item empty;
	items->selected = items->closed ? &empty : NULL;
	items->offset = 0;
	for (unsigned i = 0; i < items->count; i++) {
		if (items->items[i].selector == (selector & SELECTOR_MASK)) {
			items->selected = &items->items[i];
		}
	}
	return items->selected != NULL;
}

static uint32_t left(const struct fw_cfg_items *items, uint32_t size)
{
	uint32_t rest = items->selected->size - items->offset;
	return size < rest ? size : rest;
}

void fw_cfg_items_read(struct fw_cfg_items *items, void *to, uint32_t size)
{
	uint32_t count = left(items, size);
	if (count != 0) {
		memcpy(to, items->selected->data + items->offset, count);
	}
	memset((uint8_t *)to + count, 0, size - count);
	items->offset += count;
}

void fw_cfg_items_skip(struct fw_cfg_items *items, uint32_t size)
{
	items->offset += left(items, size);
}

enum status bzimage_split(const uint8_t *image, uint32_t size, struct bzimage_parts *out)
{
	uint32_t magic;
	if (size < MAGIC_OFFSET + sizeof(magic)) {
		return ST_BAD_FORMAT;
	}
	memcpy(&magic, image + MAGIC_OFFSET, sizeof(magic));
	uint32_t sectors = image[SETUP_SECTS_OFFSET] != 0 ? image[SETUP_SECTS_OFFSET] :
							    LINUX_SETUP_SECTS_DEFAULT;
	uint32_t setup = (sectors + 1) * LINUX_SECTOR_SIZE;
	if (magic != LINUX_HEADER_MAGIC || setup >= size) {
		return ST_BAD_FORMAT;
	}
	*out = (struct bzimage_parts){ setup, size - setup };
	return ST_OK;
}
