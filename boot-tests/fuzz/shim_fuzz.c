// Fuzzes the whole shim: a good host, changed in a few places.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Input: one byte of flags, then changes, each of an opcode and its operands. Most inputs so reach
// the hand-over; what must hold there and before stands in whole_shim.h.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/base/bits.h"
#include "arch/tdx/module.h"
#include "boot-tests/unit/shim/whole_shim.h"
#include "linker/memmap.h"

#define FLAG_NO_DMA 1
#define FLAG_ONE_VCPU 2
#define FLAG_HIGH 4

struct reader {
	const uint8_t *bytes;
	size_t size;
};

/* Little endian; zeros after the end. */
static uint64_t take(struct reader *reader, unsigned size)
{
	uint64_t value = 0;
	for (unsigned i = 0; i < size && reader->size > 0; i++, reader->size--) {
		value |= (uint64_t)*reader->bytes++ << (8 * i);
	}
	return value;
}

static void change_bytes(struct whole_bytes *item, struct reader *reader, unsigned size)
{
	uint64_t offset = take(reader, 2);
	uint64_t value = take(reader, size);
	if (item->size >= size) {
		memcpy(item->bytes + offset % (item->size - size + 1), &value, size);
	}
}

static void change_range(struct whole_host *host, struct reader *reader)
{
	struct hob_resource *range = whole_hob_range(host, (unsigned)take(reader, 1) % 3);
	range->physical_start = take(reader, 2) << 12;
	range->resource_length = take(reader, 2) << 12;
}

static void add_accept(struct whole_host *host, unsigned number, struct reader *reader)
{
	static const uint64_t codes[] = { TDX_OPERAND_BUSY, TDX_PAGE_SIZE_MISMATCH,
					  TDX_PAGE_ALREADY_ACCEPTED, TDX_OPERAND_INVALID };
	host->accepts[number].call = (uint32_t)take(reader, 2);
	host->accepts[number].rax = codes[take(reader, 1) % ARRAY_COUNT(codes)];
}

static void add_rule(struct whole_host *host, unsigned number, struct reader *reader)
{
	host->rules[number].call = (uint32_t)take(reader, 2);
	host->rules[number].reg = (uint8_t)take(reader, 1);
	host->rules[number].value = take(reader, 8);
}

static void change(struct whole_host *host, struct reader *reader, unsigned number)
{
	uint64_t op = take(reader, 1);
	struct whole_bytes *item = &host->items[(op >> 3) % WHOLE_ITEM_COUNT];
	switch (op % 8) {
	case 0:
		change_bytes(item, reader, 1);
		break;
	case 1:
		change_bytes(item, reader, 4);
		break;
	case 2:
		change_bytes(item, reader, 8);
		break;
	case 3:
		item->told = (uint32_t)take(reader, 4);
		break;
	case 4:
		item->size = (uint32_t)take(reader, 2);
		break;
	case 5:
		add_rule(host, number, reader);
		break;
	case 6:
		add_accept(host, number, reader);
		break;
	default:
		change_range(host, reader);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct whole_host host;
	struct reader reader = { data, size };
	uint64_t flags = take(&reader, 1);
	whole_good_host(&host);
	host.no_dma = (flags & FLAG_NO_DMA) != 0;
	host.vcpus = (flags & FLAG_ONE_VCPU) != 0 ? 1 : 2;
	if ((flags & FLAG_HIGH) != 0) {
		whole_add_high(&host, FOUR_GIB + 0x1000, FOUR_GIB + WHOLE_HIGH);
		host.config.flags = IMAGE_CONFIG_ACCEPT_LAZY;
	}
	for (unsigned i = 0; i < WHOLE_RULES && reader.size > 0; i++) {
		change(&host, &reader, i);
	}
	whole_boot(&host);
	return 0;
}
