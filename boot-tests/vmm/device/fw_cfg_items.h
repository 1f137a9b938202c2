// A read-only fw_cfg device in software: items by selector, read as QEMU's are.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [QEMU hw/nvram/fw_cfg.c]
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct fw_cfg_item {
	uint16_t selector;
	const uint8_t *data;
	uint32_t size;
};

struct fw_cfg_items {
	struct fw_cfg_item *items; /* the caller's, as many as capacity says */
	unsigned capacity;
	unsigned count;
	bool closed; /* what is not here is empty, and not for another device to serve */
	const struct fw_cfg_item *selected; /* null: not one of ours */
	uint32_t offset;                    /* at most the size of what is selected */
};

/* data must stay; a selector may be added once, and no more items than the capacity. */
void fw_cfg_items_add(struct fw_cfg_items *items, uint16_t selector, const void *data,
		      uint32_t size);

/* Selects and rewinds; false: not one of ours. Bits 15 and 14 of a selector are flags. */
bool fw_cfg_items_select(struct fw_cfg_items *items, uint16_t selector);

/* The next size bytes of what is selected; after its end there are zeros. */
void fw_cfg_items_read(struct fw_cfg_items *items, void *to, uint32_t size);
void fw_cfg_items_skip(struct fw_cfg_items *items, uint32_t size);
