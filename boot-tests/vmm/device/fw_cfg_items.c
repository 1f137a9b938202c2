// Items of the software fw_cfg device.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/device/fw_cfg_items.h"

#include <stddef.h>

#include "arch/base/bits.h"
#include "arch/base/check.h"
#include "arch/base/mem.h"

#define SELECTOR_MASK MASK64(13, 0)

void fw_cfg_items_add(struct fw_cfg_items *items, uint16_t selector, const void *data,
		      uint32_t size)
{
	CHECK(items->count < items->capacity);
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
