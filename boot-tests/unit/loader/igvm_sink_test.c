// The IGVM sink: its headers by their numbers, and back through the reader with the .fd's MRTD.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/image/igvm_sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "boot-tests/unit/ovmf.h"
#include "linker/memmap.h"
#include "loader/image/crc32.h"
#include "loader/image/igvm_read.h"
#include "loader/image/mrtd.h"
#include "loader/image/plan.h"
#include "loader/image/tdvf_read.h"
#include "loader/image/tdvf_sink.h"

#define PAGE 0x1000u
#define FIXED 24u
/* A page's header, with its type and length. */
#define PAGE_HEADER 32u

static char error[200];

static uint8_t *write_igvm(const struct launch_image *launch, uint64_t *size)
{
	assert_int_equal(igvm_sink_size(launch, size), ST_OK);
	uint8_t *file = malloc(*size);
	memset(file, 0x5A, *size);
	assert_int_equal(igvm_sink_write(launch, file, *size), ST_OK);
	return file;
}

static uint64_t number(const uint8_t *at, unsigned size)
{
	uint64_t value = 0;
	memcpy(&value, at, size);
	return value;
}

/* A TD of both has one MRTD, in both orders. */
static void same_mrtd(const struct launch_image *a, const struct launch_image *b)
{
	static const enum measure_order orders[] = { MEASURE_PER_PAGE, MEASURE_PER_SECTION };
	for (size_t i = 0; i < ARRAY_COUNT(orders); i++) {
		uint8_t digests[2][SHA384_SIZE];
		measure_mrtd(a, orders[i], digests[0]);
		measure_mrtd(b, orders[i], digests[1]);
		assert_memory_equal(digests[0], digests[1], SHA384_SIZE);
	}
}

/* What the TDVF reader has of a file, as IGVM, and back. */
static void there_and_back(const uint8_t *fd, uint64_t fd_size, struct launch_image *back,
			   uint8_t **file)
{
	struct launch_image launch;
	uint64_t size = 0;
	assert_int_equal(tdvf_read(fd, fd_size, &launch, error, sizeof(error)), ST_OK);
	*file = write_igvm(&launch, &size);
	enum status st = igvm_read(*file, size, back, error, sizeof(error));
	if (st != ST_OK) {
		fail_msg("%s", error);
	}
	same_mrtd(&launch, back);
	assert_int_equal(back->count, launch.count);
	for (unsigned i = 0; i < back->count; i++) {
		const struct launch_section *a = &launch.sections[i];
		const struct launch_section *b = &back->sections[i];
		assert_int_equal(a->base, b->base);
		assert_int_equal(a->size, b->size);
		assert_int_equal(a->measured, b->measured);
		assert_int_equal(align_up(a->bytes_size, PAGE), b->bytes_size);
		if (a->bytes != NULL) {
			assert_memory_equal(a->bytes, b->bytes, a->bytes_size);
		}
	}
}

/* An image of a plan, as .fd and as IGVM. */
static void of_a_plan(uint64_t kernel_size)
{
	static uint8_t shim[FOUR_GIB - SHIM_BASE_MIN];
	static struct plan_space space;
	memset(shim, 0, sizeof(shim));
	memset(shim, 0xEE, AP_TABLE - SHIM_BASE_MIN);
	uint8_t *kernel = malloc(kernel_size + 1);
	memset(kernel, 0x4B, kernel_size);
	const struct plan_parts parts = {
		.shim = { shim, sizeof(shim) },
		.kernel = { kernel_size != 0 ? kernel : NULL, kernel_size },
	};
	struct plan plan;
	struct launch_image launch;
	struct launch_image back;
	uint64_t size = 0;
	assert_int_equal(plan_make(&plan, &parts, &space, error, sizeof(error)), ST_OK);
	plan_launch(&plan, &launch);
	assert_int_equal(tdvf_sink_size(&launch, &size), ST_OK);
	uint8_t *fd = malloc(size);
	uint8_t *file;
	assert_int_equal(tdvf_sink_write(&launch, fd, size, error, sizeof(error)), ST_OK);
	there_and_back(fd, size, &back, &file);
	assert_int_equal(back.sections[0].kind, LAUNCH_BFV);
	assert_int_equal(back.sections[1].kind, LAUNCH_CFV);
	assert_int_equal(back.sections[2].kind, LAUNCH_PARAMETERS);
	assert_int_equal(back.sections[2].base, TD_HOB);
	free(file);
	/* The launch image of the plan itself, with pages that its bytes do not fill. */
	file = write_igvm(&launch, &size);
	assert_int_equal(igvm_read(file, size, &back, error, sizeof(error)), ST_OK);
	uint8_t digests[2][SHA384_SIZE];
	measure_mrtd(&launch, MEASURE_PER_PAGE, digests[0]);
	measure_mrtd(&back, MEASURE_PER_PAGE, digests[1]);
	assert_memory_equal(digests[0], digests[1], SHA384_SIZE);
	free(file);
	free(fd);
	free(kernel);
}

static void images(void **state)
{
	(void)state;
	of_a_plan(0);
	of_a_plan(1);
	of_a_plan(3 * PAGE);
	of_a_plan(2 * MIB + 5);
}

/* With content that is not measured. */
static void stock_ovmf(void **state)
{
	(void)state;
	struct ovmf ovmf;
	struct launch_image back;
	uint8_t *file;
	ovmf_load(&ovmf);
	there_and_back(ovmf.image, ovmf.size, &back, &file);
	free(file);
	ovmf_free(&ovmf);
}

static const uint8_t content[PAGE + 1] = { 0x11, [PAGE] = 0x22 };
static const struct launch_image sample = {
	.count = 4,
	.sections = {
		{ "code", 0xFFFFD000, 3 * PAGE, LAUNCH_BFV, true, content, sizeof(content) },
		{ "settings", 0x1000, PAGE, LAUNCH_CFV, false, content, 3 },
		{ "hob", 0x809000, 2 * PAGE, LAUNCH_TD_HOB, false, NULL, 0 },
		{ "memory", 0x800000, PAGE, LAUNCH_TEMP_MEM, false, NULL, 0 },
	},
};

/* The whole file of the sample, as words. */
static void layout(void **state)
{
	(void)state;
	enum { HEADERS = 24 + 24 + 3 * 32 + 32 + (24 + 16 + 24) + 32, DATA = FIXED + HEADERS };
	/* clang-format off */
	const uint32_t words[] = {
		0x4D564749, 1, FIXED, HEADERS, DATA + 3 * PAGE, 0, /* the checksum */
		0x001, 16, 1, 0x00010300, 0, 0,                    /* TDX, version 1 */
		0x101, 16, 2, 0, 1, 0,                             /* SEPT_VE_DISABLE */
		0x302, 24, 0xFFFFD000, 0, 1, DATA, 0, 0,
		0x302, 24, 0xFFFFE000, 0, 1, DATA + PAGE, 0, 0,
		0x302, 24, 0xFFFFF000, 0, 1, 0, 0, 0,              /* zeros, measured */
		0x302, 24, 0x1000, 0, 1, DATA + 2 * PAGE, 2, 0,    /* not measured */
		0x301, 16, 2 * PAGE, 0, 0, 0,
		0x30C, 8, 0, 0,                                    /* memory map */
		0x303, 16, 0x809000, 0, 1, 0,
		0x302, 24, 0x800000, 0, 1, 0, 2, 0,
	};
	/* clang-format on */
	uint64_t size = 0;
	uint8_t *file = write_igvm(&sample, &size);
	assert_int_equal(sizeof(words), DATA);
	assert_int_equal(size, DATA + 3 * PAGE);
	uint32_t checksum = (uint32_t)number(file + 0x14, 4);
	memset(file + 0x14, 0, 4);
	assert_memory_equal(file, words, sizeof(words));
	assert_int_equal(checksum, crc32_update(0, words, sizeof(words)));
	for (uint32_t i = 0; i < 3 * PAGE; i++) {
		unsigned byte = i == 0 || i == 2 * PAGE ? 0x11 : i == PAGE ? 0x22 : 0;
		assert_int_equal(file[DATA + i], byte);
	}
	free(file);
}

static void refuses(const struct launch_image *launch, enum status status)
{
	uint64_t size = 7;
	uint8_t out[FIXED] = { 0 };
	assert_int_equal(igvm_sink_size(launch, &size), status);
	assert_int_equal(size, 7);
	assert_int_equal(igvm_sink_write(launch, out, sizeof(out)), status);
	assert_int_equal(number(out, 4), 0);
}

static void bad_images(void **state)
{
	(void)state;
	struct launch_image bad = sample;
	bad.count = 0;
	refuses(&bad, ST_NOT_FOUND);
	bad = sample;
	bad.sections[1].size = 0;
	refuses(&bad, ST_BAD_RANGE);
	bad = sample;
	bad.sections[3].size = 0;
	refuses(&bad, ST_BAD_RANGE);
	bad = sample;
	bad.sections[3].size = PAGE / 2;
	refuses(&bad, ST_BAD_RANGE);
	bad = sample;
	bad.sections[3].base += PAGE / 2;
	refuses(&bad, ST_BAD_RANGE);
	bad = sample;
	bad.sections[0].size += PAGE;
	refuses(&bad, ST_BAD_RANGE);
	bad = sample;
	bad.sections[0].base = FOUR_GIB;
	refuses(&bad, ST_BAD_RANGE);
	bad = sample;
	bad.sections[1].bytes_size = PAGE + 1;
	refuses(&bad, ST_BAD_RANGE);
	bad = sample;
	bad.sections[3].bytes = content;
	bad.sections[3].bytes_size = 1;
	refuses(&bad, ST_UNSUPPORTED);
	bad = sample;
	bad.sections[2].measured = true;
	refuses(&bad, ST_UNSUPPORTED);
	bad = sample;
	bad.sections[3].kind = LAUNCH_TD_HOB;
	refuses(&bad, ST_UNSUPPORTED);
	bad = sample;
	bad.sections[3].kind = LAUNCH_PARAMETERS;
	refuses(&bad, ST_UNSUPPORTED);

	uint64_t size = 0;
	uint8_t *out = calloc(1, 4 * PAGE);
	assert_int_equal(igvm_sink_size(&sample, &size), ST_OK);
	assert_int_equal(igvm_sink_write(&sample, out, size - 1), ST_BAD_ARGUMENT);
	assert_int_equal(igvm_sink_write(&sample, out, size + 1), ST_BAD_ARGUMENT);
	assert_int_equal(number(out, 4), 0);
	free(out);
}

/* The most pages that a file has room for, and one more. */
static void largest(void **state)
{
	(void)state;
	uint64_t pages = (IMAGE_MAX_SIZE - FIXED - 24 - 24) / (PAGE + PAGE_HEADER);
	uint8_t *bytes = malloc((pages + 1) * PAGE);
	memset(bytes, 0x42, (pages + 1) * PAGE);
	struct launch_image launch = {
		.count = 1,
		.sections = { { "code", FOUR_GIB - pages * PAGE, pages * PAGE, LAUNCH_BFV, true,
				bytes, pages * PAGE } },
	};
	struct launch_image back;
	uint64_t size = 0;
	uint8_t *file = write_igvm(&launch, &size);
	assert_int_equal(igvm_read(file, size, &back, error, sizeof(error)), ST_OK);
	assert_int_equal(back.sections[0].bytes_size, pages * PAGE);
	free(file);
	launch.sections[0].base -= PAGE;
	launch.sections[0].size += PAGE;
	launch.sections[0].bytes_size += PAGE;
	refuses(&launch, ST_NO_SPACE);
	free(bytes);
}

/* The values that every CRC-32 of this kind has. */
static void crc32(void **state)
{
	(void)state;
	assert_int_equal(crc32_update(0, "123456789", 9), 0xCBF43926);
	assert_int_equal(crc32_update(crc32_update(0, "12345", 5), "6789", 4), 0xCBF43926);
	assert_int_equal(crc32_update(0, "", 0), 0);
	assert_int_equal(crc32_update(0, "a", 1), 0xE8B7BE43);
	assert_int_equal(crc32_update(0, "\0\0\0\0", 4), 0x2144DF1C);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(images),  cmocka_unit_test(stock_ovmf),
		cmocka_unit_test(layout),  cmocka_unit_test(bad_images),
		cmocka_unit_test(largest), cmocka_unit_test(crc32),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
