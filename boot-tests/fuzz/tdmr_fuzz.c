// Any RAM and any convertible memory regions: TDMRs that a module takes, or a clean refusal.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <stdint.h>
#include <string.h>

#include "arch/base/check.h"
#include "boot-tests/unit/vmm/tdmr_oracle.h"

#define LIST_MAX 150
#define CMRS_MAX 32

struct reader {
	const uint8_t *data;
	size_t size;
};

static uint16_t next(struct reader *reader)
{
	uint16_t value = 0;
	if (reader->size >= sizeof(value)) {
		memcpy(&value, reader->data, sizeof(value));
		reader->data += sizeof(value);
		reader->size -= sizeof(value);
	}
	return value;
}

/* Two bytes are a gap or a size: up to 1,023 pages, times up to 2^18. */
static uint64_t bytes(uint16_t value)
{
	return (uint64_t)(value & 0x3FF) * 4096 << (value >> 10 & 0x1F) % 19;
}

static unsigned read_list(struct reader *reader, struct tdmr_range *list, unsigned max)
{
	unsigned wanted = next(reader) % (max + 1);
	uint64_t at = 0;
	unsigned count = 0;
	while (count < wanted && reader->size > 0) {
		uint64_t base = at + bytes(next(reader));
		list[count] = (struct tdmr_range){ base, bytes(next(reader)) + 4096 };
		at = base + list[count++].size;
	}
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tdmr_range ram[LIST_MAX], cmrs[CMRS_MAX], candidates[TDMR_MEMORY_MAX];
	static struct tdmr_memory memory;
	static struct tdmr_list list;
	struct reader reader = { data, size };
	uint16_t choice = next(&reader);
	struct tdmr_sysinfo sysinfo = { 64, 16, 16, 16, 16 };
	if ((choice & 1) != 0) {
		sysinfo = (struct tdmr_sysinfo){ next(&reader), next(&reader) % 32,
						 next(&reader) % 64, next(&reader) % 64,
						 next(&reader) % 64 };
	}
	unsigned ram_count = read_list(&reader, ram, LIST_MAX);
	unsigned cmr_count = read_list(&reader, cmrs, CMRS_MAX);
	char error[96];
	uint64_t lost;
	if (tdmr_memory_make(ram, ram_count, cmrs, cmr_count, &memory) != ST_OK ||
	    tdmr_cover(&memory, &sysinfo, &list) != ST_OK) {
		return 0;
	}
	/* From every range, or from every second, a part. */
	for (unsigned i = 0; i < memory.count; i++) {
		candidates[i] = memory.ranges[i];
		candidates[i].size = (choice & 2) != 0 && (i & 1) != 0 ? 0 : candidates[i].size;
	}
	if (tdmr_place_pamts(&list, candidates, memory.count) != ST_OK) {
		return 0;
	}
	enum tdmr_mode mode = choice & 4 ? TDMR_COALESCE : TDMR_LINUX;
	enum status status =
		tdmr_reserve(&list, &memory, &sysinfo, mode, &lost, error, sizeof(error));
	/* One area always suffices. */
	CHECK(status == ST_OK || mode == TDMR_LINUX || sysinfo.max_reserved == 0);
	if (status == ST_OK) {
		struct tdmr_oracle oracle = { ram,      cmrs,  ram_count, cmr_count,
					      &sysinfo, &list, mode,      lost };
		tdmr_oracle_check(&oracle);
	}
	return 0;
}
