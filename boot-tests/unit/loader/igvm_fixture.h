// IGVM files made header by header, by numbers that the format's description has: for tests.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>
#include <string.h>

#include "arch/base/check.h"
#include "loader/image/crc32.h"

#define IGVM_FIXTURE_HEADERS_MAX 64
#define IGVM_FIXTURE_PAGE 0x1000u
/* Room for headers, then pages. */
#define IGVM_FIXTURE_SIZE 0x10000u

struct igvm_fixture {
	uint8_t bytes[IGVM_FIXTURE_SIZE];
	uint32_t fixed_size; /* 24 or 32 */
	uint32_t end;        /* of the headers */
	uint32_t pages;      /* of file data */
	uint32_t size;
	unsigned count;
	uint32_t headers[IGVM_FIXTURE_HEADERS_MAX]; /* where each structure stands */
};

static inline void igvm_fixture_put(struct igvm_fixture *f, uint32_t at, unsigned size,
				    uint64_t value)
{
	memcpy(f->bytes + at, &value, size);
}

static inline void igvm_fixture_start(struct igvm_fixture *f, uint32_t version)
{
	memset(f, 0, sizeof(*f));
	f->fixed_size = version == 1 ? 24 : 32;
	f->end = f->fixed_size;
	igvm_fixture_put(f, 0, 4, 0x4D564749);
	igvm_fixture_put(f, 4, 4, version);
	igvm_fixture_put(f, 8, 4, f->fixed_size);
	if (version == 2) {
		igvm_fixture_put(f, 0x1C, 4, 0x1000);
	}
}

/* A structure of 32-bit words; the rest of length is zero. */
static inline void igvm_fixture_add(struct igvm_fixture *f, uint32_t type, uint32_t length,
				    const uint32_t *words, unsigned count)
{
	CHECK(f->count < IGVM_FIXTURE_HEADERS_MAX && count * 4 <= length + 3);
	igvm_fixture_put(f, f->end, 4, type);
	igvm_fixture_put(f, f->end + 4, 4, length);
	memcpy(f->bytes + f->end + 8, words, count * 4);
	f->headers[f->count++] = f->end + 8;
	f->end += 8 + (length + 7) / 8 * 8;
}

#define IGVM_FIXTURE_ADD(f, type, length, ...)                                     \
	igvm_fixture_add((f), (type), (length), (const uint32_t[]){ __VA_ARGS__ }, \
			 sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

/* What the checksum is of has changed. */
static inline void igvm_fixture_seal(struct igvm_fixture *f)
{
	igvm_fixture_put(f, 0x14, 4, 0);
	igvm_fixture_put(f, 0x14, 4, crc32_update(0, f->bytes, f->end));
}

/* Pages of file data follow the headers: each byte of page n is n + 1. */
static inline void igvm_fixture_finish(struct igvm_fixture *f, uint32_t pages)
{
	f->pages = pages;
	f->size = f->end + pages * IGVM_FIXTURE_PAGE;
	CHECK(f->size <= IGVM_FIXTURE_SIZE);
	for (uint32_t i = 0; i < pages; i++) {
		memset(f->bytes + f->end + i * IGVM_FIXTURE_PAGE, (int)i + 1, IGVM_FIXTURE_PAGE);
	}
	igvm_fixture_put(f, 0x0C, 4, f->end - f->fixed_size);
	igvm_fixture_put(f, 0x10, 4, f->size);
	igvm_fixture_seal(f);
}

/* Where the headers of igvm_fixture_good() stand in it. */
enum {
	FIXTURE_SNP,
	FIXTURE_TDX,
	FIXTURE_POLICY,
	FIXTURE_SNP_POLICY,
	FIXTURE_RELOCATION,
	FIXTURE_OPTIONAL,
	FIXTURE_REQUIRED,
	FIXTURE_AREA,
	FIXTURE_AREA_2,
	FIXTURE_MAP,
	FIXTURE_VP_COUNT,
	FIXTURE_MMIO,
	FIXTURE_CMDLINE,
	FIXTURE_CODE,
	FIXTURE_RESET,
	FIXTURE_ZEROS,
	FIXTURE_INSERT,
	FIXTURE_INSERT_2,
	FIXTURE_VP_CONTEXT,
	FIXTURE_SNP_PAGE,
	FIXTURE_UNMEASURED,
	FIXTURE_COUNT,
};
#define FIXTURE_DATA_PAGES 4

/* A file for SNP (mask 2) and TDX (mask 1), of all kinds of headers that TDX has. */
static inline void igvm_fixture_make(struct igvm_fixture *f, uint32_t version)
{
	/* The headers' size decides where the data stand: two passes. */
	uint32_t data = 0;
	for (unsigned pass = 0; pass < 2; pass++) {
		igvm_fixture_start(f, version);
		IGVM_FIXTURE_ADD(f, 0x001, 16, 2, 0x00010200);
		IGVM_FIXTURE_ADD(f, 0x001, 16, 1, 0x00010300, 0, 0x8000);
		IGVM_FIXTURE_ADD(f, 0x101, 16, 2, 0, 1);
		IGVM_FIXTURE_ADD(f, 0x101, 16, 0x30000, 0, 2);
		IGVM_FIXTURE_ADD(f, 0x102, 48, 1, 0, 0x200000);
		IGVM_FIXTURE_ADD(f, 0x80000177, 5, 0x12345678, 0x9A);
		IGVM_FIXTURE_ADD(f, 0x305, 24, 0x800000, 0, 1, 0x200000);
		IGVM_FIXTURE_ADD(f, 0x301, 16, 0x2000, 0, 7);
		IGVM_FIXTURE_ADD(f, 0x301, 16, 0x1000, 0, 3, data + 0x3000);
		IGVM_FIXTURE_ADD(f, 0x30C, 8, 7, 0x1FE8);
		IGVM_FIXTURE_ADD(f, 0x307, 8, 7, 0x10);
		IGVM_FIXTURE_ADD(f, 0x30A, 8, 3, 0xFE0);
		IGVM_FIXTURE_ADD(f, 0x30E, 8, 3, 0);
		IGVM_FIXTURE_ADD(f, 0x302, 24, 0xFFFFE000, 0, 1, data);
		IGVM_FIXTURE_ADD(f, 0x302, 24, 0xFFFFF000, 0, 3, data + 0x1000);
		IGVM_FIXTURE_ADD(f, 0x302, 24, 0x900000, 0, 1, 0, 2);
		IGVM_FIXTURE_ADD(f, 0x303, 16, 0x901000, 0, 1, 7);
		IGVM_FIXTURE_ADD(f, 0x303, 16, 0x903000, 0, 1, 3);
		IGVM_FIXTURE_ADD(f, 0x304, 20, 0x1000, 0, 2, data);
		IGVM_FIXTURE_ADD(f, 0x302, 24, 0xFFFFF000, 0, 2, 0, 0, 1);
		IGVM_FIXTURE_ADD(f, 0x302, 24, 0x904000, 0, 1, data + 0x2000, 2);
		data = f->end;
	}
	igvm_fixture_finish(f, FIXTURE_DATA_PAGES);
	CHECK(f->count == FIXTURE_COUNT);
}

static inline void igvm_fixture_good(struct igvm_fixture *f)
{
	igvm_fixture_make(f, 1);
}
