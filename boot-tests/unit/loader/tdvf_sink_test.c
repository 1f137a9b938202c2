// The TDVF sink: what it writes, byte by byte where it matters, and back through the reader.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/image/tdvf_sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/lintel/image_config.h"
#include "linker/memmap.h"
#include "loader/image/tdvf_read.h"
#include "loader/table/ap_table.h"

#define PAGE 4096ull
/* What stays zero in the shim's image, as offsets in it, [first, last]. */
static const struct {
	size_t first, last;
	const char *name;
} zero_areas[] = {
	{ 0x7000, 0xCFFF, "AP table" },     { 0xD000, 0xEFFF, "wake-up mailbox" },
	{ 0xF000, 0xF06F, "image config" }, { 0xFC00, 0xFDFF, "TDX metadata" },
	{ 0xFFB8, 0xFFE3, "GUIDed table" },
};

#define SHIM_SIZE 0x10000
static uint8_t shim[SHIM_SIZE];
static uint8_t kernel[3 * PAGE + 5];
static uint8_t initrd[20 * PAGE];
static const uint8_t cmdline[] = "console=ttyS0";
#define CMDLINE_SIZE (sizeof(cmdline) - 1)

static int set_up(void **state)
{
	(void)state;
	memset(shim, 0xEE, sizeof(shim));
	for (size_t i = 0; i < ARRAY_COUNT(zero_areas); i++) {
		memset(shim + zero_areas[i].first, 0, zero_areas[i].last + 1 - zero_areas[i].first);
	}
	memset(kernel, 0x4B, sizeof(kernel));
	memset(initrd, 0x49, sizeof(initrd));
	return 0;
}

static struct plan make_plan(bool payload)
{
	struct plan plan;
	struct plan_parts parts = { .shim = { shim, sizeof(shim) } };
	if (payload) {
		parts.kernel = (struct plan_bytes){ kernel, sizeof(kernel) };
		parts.initrd = (struct plan_bytes){ initrd, sizeof(initrd) };
		parts.cmdline = (struct plan_bytes){ cmdline, CMDLINE_SIZE };
	}
	assert_int_equal(plan_make(&plan, &parts), ST_OK);
	return plan;
}

static uint8_t *make_image(const struct plan *plan, uint32_t flags, uint64_t *size)
{
	char error[160] = "";
	assert_int_equal(tdvf_sink_size(plan, size), ST_OK);
	uint8_t *image = malloc(*size);
	memset(image, 0x5A, *size);
	assert_int_equal(tdvf_sink_write(plan, flags, NULL, image, *size, error, sizeof(error)),
			 ST_OK);
	return image;
}

static uint64_t number(const uint8_t *at, unsigned size)
{
	uint64_t value = 0;
	memcpy(&value, at, size);
	return value;
}

static void check_section(const struct tdvf_section *s, uint32_t type, uint64_t address,
			  uint64_t size, uint32_t raw, uint32_t offset)
{
	assert_int_equal(s->type, type);
	assert_int_equal(s->attributes, type == TDVF_SECTION_BFV ? 1 : 0);
	assert_int_equal(s->data_offset, offset);
	assert_int_equal(s->memory_address, address);
	assert_int_equal(s->memory_data_size, size);
	assert_int_equal(s->raw_data_size, raw);
}

/* loaded: the bytes at the end of the file that are loaded into the TD. */
static void check_sections(const uint8_t *image, uint64_t size, uint64_t loaded)
{
	struct tdvf_image out;
	char error[160];
	assert_int_equal(tdvf_read(image, size, &out, error, sizeof(error)), ST_OK);
	assert_int_equal(out.count, 3);
	check_section(&out.sections[0], TDVF_SECTION_BFV, FOUR_GIB - loaded, loaded,
		      (uint32_t)loaded, (uint32_t)(size - loaded));
	check_section(&out.sections[1], TDVF_SECTION_TEMP_MEM, 0x800000, 0x30000, 0, 0);
	check_section(&out.sections[2], TDVF_SECTION_TD_HOB, 0x830000, 0x2000, 0, 0);
	assert_int_equal(out.descriptor_offset, size - 0x3F0);
	/* The fall-back pointer alone leads there too. */
	uint8_t *copy = malloc(size);
	memcpy(copy, image, size);
	copy[size - 0x30] ^= 1;
	assert_int_equal(tdvf_read(copy, size, &out, error, sizeof(error)), ST_OK);
	assert_int_equal(out.descriptor_offset, size - 0x3F0);
	free(copy);
}

static void default_image(void **state)
{
	(void)state;
	struct plan plan = make_plan(false);
	uint64_t size = 0;
	uint8_t *image = make_image(&plan, 0, &size);
	assert_int_equal(size, 0x10000);
	check_sections(image, size, size);

	/* All bytes outside the areas are the shim's. */
	for (size_t i = 0; i < size; i++) {
		bool ours = false;
		for (size_t a = 0; a < ARRAY_COUNT(zero_areas); a++) {
			ours = ours || (i >= zero_areas[a].first && i <= zero_areas[a].last);
		}
		if (!ours) {
			assert_int_equal(image[i], shim[i]);
		}
	}
	uint64_t *pages = malloc(6 * PAGE);
	assert_int_equal(ap_table_build(pages, gpa(0xFFFF7000)), ST_OK);
	assert_memory_equal(image + 0x7000, pages, 6 * PAGE);
	free(pages);

	/* struct image_config */
	assert_int_equal(number(image + 0xF000, 8), IMAGE_CONFIG_MAGIC);
	assert_int_equal(number(image + 0xF008, 4), 0);
	assert_int_equal(number(image + 0xF00C, 4), 0x10000);
	for (size_t i = 0xF010; i < 0xF040; i++) {
		assert_int_equal(image[i], 0);
	}
	/* The GUID stands before the descriptor; the table ends where the pointer starts. */
	static const uint8_t guid[] = TDVF_DESCRIPTOR_GUID;
	assert_memory_equal(image + 0xFC00, guid, 16);
	assert_int_equal(number(image + 0xFC10, 4), 0x46564454);
	assert_int_equal(number(image + 0xFFB8, 4), 0x3F0);
	assert_int_equal(number(image + 0xFFBC, 2), 22);
	assert_int_equal(number(image + 0xFFCE, 2), 40);
	assert_int_equal(number(image + 0xFFE0, 4), 0xFC10);
	free(image);
}

static void payload_image(void **state)
{
	(void)state;
	struct plan plan = make_plan(true);
	uint64_t size = 0;
	uint8_t *image = make_image(&plan, IMAGE_CONFIG_AP_STRICT, &size);
	/* 4 + 20 + 1 pages below the shim, and 7 of padding. */
	assert_int_equal(size, 0x30000);
	check_sections(image, size, SHIM_SIZE + 25 * PAGE);
	for (size_t i = 0; i < 7 * PAGE; i++) {
		assert_int_equal(image[i], 0);
	}
	const uint8_t *config = image + size - 0x1000;
	const uint8_t *parts = image + 7 * PAGE;
	uint64_t base = FOUR_GIB - size + 7 * PAGE;
	assert_int_equal(number(config + 8, 4), IMAGE_CONFIG_AP_STRICT);
	assert_int_equal(number(config + 12, 4), SHIM_SIZE + 25 * PAGE);
	assert_int_equal(number(config + 16, 8), base);
	assert_int_equal(number(config + 24, 8), sizeof(kernel));
	assert_int_equal(number(config + 32, 8), base + 4 * PAGE);
	assert_int_equal(number(config + 40, 8), sizeof(initrd));
	assert_int_equal(number(config + 48, 8), base + 24 * PAGE);
	assert_int_equal(number(config + 56, 8), CMDLINE_SIZE);
	assert_memory_equal(parts, kernel, sizeof(kernel));
	assert_memory_equal(parts + 4 * PAGE, initrd, sizeof(initrd));
	assert_memory_equal(parts + 24 * PAGE, cmdline, sizeof(cmdline));
	/* What nobody asked for is zero. */
	for (size_t i = sizeof(kernel); i < 4 * PAGE; i++) {
		assert_int_equal(parts[i], 0);
	}
	for (size_t i = 24 * PAGE + CMDLINE_SIZE; i < 25 * PAGE; i++) {
		assert_int_equal(parts[i], 0);
	}
	assert_memory_equal(parts + 25 * PAGE, shim, 0x4000);
	free(image);
}

static void largest_image(void **state)
{
	(void)state;
	uint64_t most = IMAGE_MAX_SIZE - SHIM_SIZE;
	uint8_t *big = malloc(most);
	memset(big, 0x42, most);
	struct plan plan;
	struct plan_parts parts = { .shim = { shim, sizeof(shim) }, .initrd = { big, most } };
	assert_int_equal(plan_make(&plan, &parts), ST_OK);
	uint64_t size = 0;
	uint8_t *image = make_image(&plan, 0, &size);
	assert_int_equal(size, IMAGE_MAX_SIZE);
	check_sections(image, size, size);
	free(image);
	free(big);
}

static void dirty_shim(void **state)
{
	(void)state;
	struct plan plan = make_plan(false);
	uint8_t *image = malloc(SHIM_SIZE);
	memset(image, 0x77, SHIM_SIZE);
	char error[160];
	for (size_t i = 0; i < ARRAY_COUNT(zero_areas); i++) {
		const size_t ends[] = { zero_areas[i].first, zero_areas[i].last };
		for (size_t j = 0; j < 2; j++) {
			shim[ends[j]] = 1;
			assert_int_equal(tdvf_sink_write(&plan, 0, NULL, image, SHIM_SIZE, error,
							 sizeof(error)),
					 ST_BAD_FORMAT);
			shim[ends[j]] = 0;
			assert_non_null(strstr(error, "shim: byte 0x01 at 0xffff"));
			assert_non_null(strstr(error, zero_areas[i].name));
		}
	}
	for (size_t i = 0; i < SHIM_SIZE; i++) {
		assert_int_equal(image[i], 0x77);
	}
	free(image);
}

static void bad_arguments(void **state)
{
	(void)state;
	struct plan plan = make_plan(false);
	uint8_t *image = malloc(2 * SHIM_SIZE);
	memset(image, 0x77, 2 * SHIM_SIZE);
	char error[160];
	assert_int_equal(
		tdvf_sink_write(&plan, 0, NULL, image, SHIM_SIZE - 1, error, sizeof(error)),
		ST_BAD_ARGUMENT);
	assert_int_equal(
		tdvf_sink_write(&plan, 0, NULL, image, 2 * SHIM_SIZE, error, sizeof(error)),
		ST_BAD_ARGUMENT);
	assert_non_null(strstr(error, "image size 0x20000 (needed 0x10000)"));
	assert_int_equal(tdvf_sink_write(&plan, 0x80, NULL, image, SHIM_SIZE, error, sizeof(error)),
			 ST_BAD_ARGUMENT);
	assert_non_null(strstr(error, "flags 0x80"));
	plan.count--;
	uint64_t size = 7;
	assert_int_equal(tdvf_sink_size(&plan, &size), ST_NOT_FOUND);
	assert_int_equal(size, 7);
	assert_int_equal(tdvf_sink_write(&plan, 0, NULL, image, SHIM_SIZE, error, sizeof(error)),
			 ST_NOT_FOUND);
	assert_non_null(strstr(error, "plan: not found"));
	for (size_t i = 0; i < 2 * SHIM_SIZE; i++) {
		assert_int_equal(image[i], 0x77);
	}
	free(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(default_image, set_up),
		cmocka_unit_test_setup(payload_image, set_up),
		cmocka_unit_test_setup(largest_image, set_up),
		cmocka_unit_test_setup(dirty_shim, set_up),
		cmocka_unit_test_setup(bad_arguments, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
