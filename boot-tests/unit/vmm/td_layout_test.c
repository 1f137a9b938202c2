// Tests of the TD's memory layout and of the TD HOB made from it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/td/td_layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "arch/tdx/hob.h"
#include "arch/tdx/igvm.h"
#include "boot-tests/vmm/td/td_hob.h"
#include "boot-tests/vmm/td/td_memory_map.h"
#include "linker/memmap.h"

#define FILE_SIZE 0x200000
/* Its bytes do not matter, only where a section's are. */
static const uint8_t file[FILE_SIZE + 0x1001];

/* The sections of Debian's OVMF.fd, 2 MiB. */
static struct launch_image ovmf(void)
{
	return (struct launch_image){
		.file = file,
		.file_size = FILE_SIZE,
		.mapped = true,
		.count = 6,
		.sections = {
			{ "BFV", 0xFFE20000, 0x1E0000, LAUNCH_BFV, true, file + 0x20000, 0x1E0000 },
			{ "CFV", 0xFFE00000, 0x20000, LAUNCH_CFV, false, file, 0x20000 },
			{ "TempMem", 0x810000, 0x10000, LAUNCH_TEMP_MEM, false, NULL, 0 },
			{ "TempMem", 0x80B000, 0x2000, LAUNCH_TEMP_MEM, false, NULL, 0 },
			{ "TD_HOB", 0x809000, 0x2000, LAUNCH_TD_HOB, false, NULL, 0 },
			{ "TempMem", 0x800000, 0x6000, LAUNCH_TEMP_MEM, false, NULL, 0 },
		},
	};
}

static enum status make(uint64_t size, const struct launch_image *image, struct td_layout *out,
			const char *named)
{
	char error[160] = "";
	enum status status = td_layout_make(size, image, out, error, sizeof(error));
	if (named != NULL && strstr(error, named) == NULL) {
		fail_msg("'%s' does not name '%s'", error, named);
	}
	return status;
}

static void ranges_are_split_and_ascending(void **state)
{
	(void)state;
	static const struct td_ram_range expected[] = {
		{ 0, 0x800000, false },          { 0x800000, 0x6000, true },
		{ 0x806000, 0x3000, false },     { 0x809000, 0x2000, true },
		{ 0x80B000, 0x2000, true },      { 0x80D000, 0x3000, false },
		{ 0x810000, 0x10000, true },     { 0x820000, 0x80000000 - 0x820000, false },
		{ FOUR_GIB, 1024 * MIB, false },
	};
	struct launch_image image = ovmf();
	struct td_layout layout;
	assert_int_equal(make(2048 * MIB + 512 * MIB + 512 * MIB, &image, &layout, NULL), ST_OK);
	assert_int_equal(layout.range_count, ARRAY_COUNT(expected));
	for (size_t i = 0; i < ARRAY_COUNT(expected); i++) {
		assert_int_equal(layout.ranges[i].base, expected[i].base);
		assert_int_equal(layout.ranges[i].size, expected[i].size);
		assert_int_equal(layout.ranges[i].added, expected[i].added);
	}
	assert_int_equal(layout.hob_base, 0x809000);
	assert_int_equal(layout.hob_size, 0x2000);
	assert_int_equal(layout.memory.low_size, 0x80000000);
	assert_int_equal(layout.memory.high_size, 1024 * MIB);
}

/* [QEMU hw/i386/pc_q35.c pc_q35_init] */
static void ram_is_split_as_q35_does(void **state)
{
	(void)state;
	static const struct {
		uint64_t size, low, high;
	} cases[] = {
		{ 16 * MIB, 16 * MIB, 0 },
		{ 64 * MIB + 0x2000, 64 * MIB + 0x2000, 0 },
		{ 0x80000000, 0x80000000, 0 },
		{ 0x80002000, 0x80002000, 0 },
		{ 2560 * MIB, 2560 * MIB, 0 },
		{ 0xB0000000 - 0x2000, 0xB0000000 - 0x2000, 0 },
		{ 0xB0000000, 0x80000000, 0x30000000 },
		{ 0xB0002000, 0x80000000, 0x30002000 },
		{ 6144 * MIB, 0x80000000, FOUR_GIB },
	};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct launch_image image = ovmf();
		struct td_layout layout;
		assert_int_equal(make(cases[i].size, &image, &layout, NULL), ST_OK);
		assert_int_equal(layout.memory.low_size, cases[i].low);
		assert_int_equal(layout.memory.high_size, cases[i].high);
		const struct td_ram_range *last = &layout.ranges[layout.range_count - 1];
		assert_int_equal(last->base + last->size,
				 cases[i].high != 0 ? FOUR_GIB + cases[i].high : cases[i].low);
	}
}

static void section_at_both_ends_of_ram_leaves_no_empty_range(void **state)
{
	(void)state;
	struct launch_image image = ovmf();
	image.count = 4;
	image.sections[2] =
		(struct launch_section){ "TempMem", 0, 0x1000, LAUNCH_TEMP_MEM, false, NULL, 0 };
	image.sections[3] = (struct launch_section){
		"TD_HOB", 16 * MIB - 0x1000, 0x1000, LAUNCH_TD_HOB, false, NULL, 0
	};
	struct td_layout layout;
	assert_int_equal(make(16 * MIB, &image, &layout, NULL), ST_OK);
	assert_int_equal(layout.range_count, 3);
	assert_true(layout.ranges[0].added && !layout.ranges[1].added && layout.ranges[2].added);
	assert_int_equal(layout.ranges[1].base, 0x1000);
	assert_int_equal(layout.ranges[1].size, 16 * MIB - 0x2000);
}

static void memory_size_is_bounded(void **state)
{
	(void)state;
	struct launch_image image = ovmf();
	struct td_layout layout;
	uint64_t most = TD_LOW_MEMORY_SPLIT + TD_HIGH_MEMORY_MAX;
	assert_int_equal(make(most, &image, &layout, NULL), ST_OK);
	assert_int_equal(make(most + TD_MEMORY_UNIT, &image, &layout, "up to 0x1000000000"),
			 ST_BAD_ARGUMENT);
	assert_int_equal(make(0, &image, &layout, "memory size 0x0"), ST_BAD_ARGUMENT);
	assert_int_equal(make(64 * MIB + 0x1000, &image, &layout, "0x4001000"), ST_BAD_ARGUMENT);
	image.file_size = IMAGE_MAX_SIZE + 0x1000;
	assert_int_equal(make(most, &image, &layout, "0x1001000"), ST_BAD_ARGUMENT);
}

static void sections_must_lie_where_they_can(void **state)
{
	(void)state;
	static const struct {
		unsigned section;
		struct launch_section value;
		const char *named;
	} cases[] = {
		/* not where the image has its data; data after the image */
		{ 0,
		  { "BFV", 0xFFE10000, 0x1E0000, LAUNCH_BFV, true, file + 0x20000, 0x1E0000 },
		  "BFV" },
		{ 0,
		  { "BFV", 0xFFE20000, 0x1E1000, LAUNCH_BFV, true, file + 0x20000, 0x1E0000 },
		  "0x1e1000" },
		{ 1,
		  { "CFV", 0x100001000, 0x1000, LAUNCH_CFV, false, file + 0x201000, 0x1000 },
		  "CFV" },
		/* across the end of RAM; after it; in the firmware; wrapping */
		{ 2,
		  { "TempMem", 0x7FFF000, 0x2000, LAUNCH_TEMP_MEM, false, NULL, 0 },
		  "0x7fff000" },
		{ 2, { "TempMem", 0x8000000, 0x1000, LAUNCH_TEMP_MEM, false, NULL, 0 }, "TempMem" },
		{ 2,
		  { "TempMem", 0xFFE00000, 0x1000, LAUNCH_TEMP_MEM, false, NULL, 0 },
		  "TempMem" },
		{ 2,
		  { "TempMem", 0x1000, UINT64_MAX - 0xFFF, LAUNCH_TEMP_MEM, false, NULL, 0 },
		  "TempMem" },
		{ 2, { "TempMem", 0x820000, 0, LAUNCH_TEMP_MEM, false, NULL, 0 }, "TempMem" },
		/* the same page twice, whole and in part */
		{ 2, { "TempMem", 0x809000, 0x2000, LAUNCH_TEMP_MEM, false, NULL, 0 }, "TD_HOB" },
		{ 2, { "TempMem", 0x805000, 0x2000, LAUNCH_TEMP_MEM, false, NULL, 0 }, "TempMem" },
	};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct launch_image image = ovmf();
		struct td_layout layout = { .range_count = 77 };
		image.sections[cases[i].section] = cases[i].value;
		assert_int_equal(make(128 * MIB, &image, &layout, cases[i].named), ST_BAD_RANGE);
		assert_int_equal(layout.range_count, 77);
	}
}

static void a_hob_section_is_needed(void **state)
{
	(void)state;
	struct launch_image image = ovmf();
	struct td_layout layout;
	image.sections[4].kind = LAUNCH_TEMP_MEM;
	assert_int_equal(make(128 * MIB, &image, &layout, "TD_HOB"), ST_NOT_FOUND);
}

static void every_section_may_cut(void **state)
{
	(void)state;
	struct launch_image image = {
		.file = file, .file_size = 0x10000, .mapped = true, .count = LAUNCH_SECTIONS_MAX
	};
	for (unsigned i = 0; i < LAUNCH_SECTIONS_MAX; i++) {
		image.sections[i] =
			(struct launch_section){ "",     (2 * i + 1) * 0x1000,
						 0x1000, i == 0 ? LAUNCH_TD_HOB : LAUNCH_TEMP_MEM,
						 false,  NULL,
						 0 };
	}
	struct td_layout layout;
	assert_int_equal(make(4096 * MIB, &image, &layout, NULL), ST_OK);
	assert_int_equal(layout.range_count, TD_RAM_RANGES_MAX);
}

static void addresses_are_classified(void **state)
{
	(void)state;
	struct td_memory memory = { 16 * MIB, 2 * MIB, 0x10000 };
	assert_true(td_memory_is_ram(&memory, 0));
	assert_true(td_memory_is_ram(&memory, 16 * MIB - 1));
	assert_false(td_memory_is_ram(&memory, 16 * MIB));
	assert_false(td_memory_is_ram(&memory, FOUR_GIB - 1));
	assert_true(td_memory_is_ram(&memory, FOUR_GIB));
	assert_false(td_memory_is_ram(&memory, FOUR_GIB + 2 * MIB));
	assert_false(td_memory_is_private(&memory, FOUR_GIB - 0x10001));
	assert_true(td_memory_is_private(&memory, FOUR_GIB - 0x10000));
	assert_true(td_memory_is_private(&memory, FOUR_GIB - 1));
	memory.high_size = 0;
	assert_false(td_memory_is_ram(&memory, FOUR_GIB));
}

/* An IGVM file: pages in RAM and below 4 GiB, whatever the file's size, and a memory map. */
static struct launch_image igvm(void)
{
	return (struct launch_image){
		.file = file,
		.file_size = 0x3123,
		.count = 4,
		.sections = {
			{ "pages", 0xFFFFE000, 0x1000, LAUNCH_BFV, true, file + 0x123, 0x1000 },
			{ "pages", 0xFFFFC000, 0x1000, LAUNCH_CFV, false, NULL, 0 },
			{ "pages", 0x800000, 0x2000, LAUNCH_BFV, true, file + 0x1123, 0x1000 },
			{ "parameters", 0x900000, 0x2000, LAUNCH_PARAMETERS, false, NULL, 0 },
		},
		.parameter_count = 1,
		.parameters = { { IGVM_MEMORY_MAP, 0x900100, 0x1F00 } },
	};
}

static void igvm_pages_lie_anywhere(void **state)
{
	(void)state;
	static const struct td_ram_range expected[] = {
		{ 0, 0x800000, false },       { 0x800000, 0x2000, true },
		{ 0x802000, 0xFE000, false }, { 0x900000, 0x2000, true },
		{ 0x902000, 0xFE000, false },
	};
	struct launch_image image = igvm();
	struct td_layout layout;
	assert_int_equal(make(10 * MIB, &image, &layout, NULL), ST_OK);
	assert_int_equal(layout.range_count, ARRAY_COUNT(expected));
	for (size_t i = 0; i < ARRAY_COUNT(expected); i++) {
		assert_int_equal(layout.ranges[i].base, expected[i].base);
		assert_int_equal(layout.ranges[i].size, expected[i].size);
		assert_int_equal(layout.ranges[i].added, expected[i].added);
	}
	assert_true(layout.memory_map);
	assert_int_equal(layout.hob_base, 0x900000);
	assert_int_equal(layout.hob_size, 0x2000);
	assert_int_equal(layout.map_offset, 0x100);
	assert_int_equal(layout.memory.firmware_size, 0x4000);
	/* Neither in RAM nor in the topmost 16 MiB. */
	image.sections[2].base = 10 * MIB - 0x1000;
	assert_int_equal(make(10 * MIB, &image, &layout, "pages at 0x9ff000"), ST_BAD_RANGE);
	image.sections[2].base = FOUR_GIB - IMAGE_MAX_SIZE - 0x2000;
	assert_int_equal(make(10 * MIB, &image, &layout, "0xfeffe000"), ST_BAD_RANGE);
	image.sections[2].base = FOUR_GIB - IMAGE_MAX_SIZE;
	assert_int_equal(make(10 * MIB, &image, &layout, NULL), ST_OK);
	assert_int_equal(layout.memory.firmware_size, IMAGE_MAX_SIZE);
}

static void igvm_has_one_memory_map(void **state)
{
	(void)state;
	struct launch_image image = igvm();
	struct td_layout layout;
	image.parameters[0].type = IGVM_MADT;
	assert_int_equal(make(128 * MIB, &image, &layout, "type 0x309 at 0x900100"),
			 ST_UNSUPPORTED);
	image = igvm();
	image.parameters[image.parameter_count++] =
		(struct launch_parameter){ IGVM_MEMORY_MAP, 0x900000, 0x2000 };
	assert_int_equal(make(128 * MIB, &image, &layout, "type 0x30c at 0x900000"),
			 ST_UNSUPPORTED);
	image = igvm();
	image.parameter_count = 0;
	assert_int_equal(make(128 * MIB, &image, &layout, "and no memory map"), ST_NOT_FOUND);
}

static void memory_map_has_the_ram(void **state)
{
	(void)state;
	static const struct igvm_memory_map_entry expected[] = { { 0, 0x80000, 0, 0, 0 },
								 { 0x100000, 0x40000, 0, 0, 0 },
								 { 0, 0, 0, 0, 0 } };
	struct td_layout layout = { .memory = { 0x80000000, 0x40000000, 0 } };
	uint8_t bytes[sizeof(expected) + 1];
	for (size_t entries = 3; entries >= 2; entries--) {
		size_t size = entries * sizeof(expected[0]);
		memset(bytes, 0xA5, sizeof(bytes));
		assert_int_equal(td_memory_map_build(&layout, bytes, size - 1), ST_NO_SPACE);
		assert_int_equal(bytes[0], 0xA5);
		assert_int_equal(td_memory_map_build(&layout, bytes, size), ST_OK);
		assert_int_equal(bytes[size], 0xA5);
		assert_memory_equal(bytes, expected, size - sizeof(expected[0]));
		assert_memory_equal(bytes + size - sizeof(expected[0]), &expected[2],
				    sizeof(expected[2]));
		layout.memory.high_size = 0;
	}
}

static void hob_is_what_qemu_builds(void **state)
{
	(void)state;
	struct td_layout layout = {
		.hob_base = 0x809000,
		.range_count = 2,
		.ranges = { { 0, 0x800000, false }, { 0x800000, 0x6000, true } },
	};
	uint8_t bytes[56 + 2 * 48 + 8 + 1];
	memset(bytes, 0xA5, sizeof(bytes));
	assert_int_equal(td_hob_build(&layout, bytes, sizeof(bytes) - 1), ST_OK);
	assert_int_equal(bytes[sizeof(bytes) - 1], 0xA5);

	struct hob_handoff handover;
	memcpy(&handover, bytes, sizeof(handover));
	struct hob_handoff expected = { { 1, 56, 0 }, 9, 0, 0, 0, 0, 0, 0x809000 + 160 };
	assert_memory_equal(&handover, &expected, sizeof(expected));
	struct hob_resource resource[2];
	memcpy(resource, bytes + 56, sizeof(resource));
	struct hob_resource first = { { 3, 48, 0 }, { 0 }, 7, 7, 0, 0x800000 };
	struct hob_resource second = { { 3, 48, 0 }, { 0 }, 0, 7, 0x800000, 0x6000 };
	assert_memory_equal(&resource[0], &first, sizeof(first));
	assert_memory_equal(&resource[1], &second, sizeof(second));
	static const uint8_t end[8] = { 0xFF, 0xFF, 8, 0, 0, 0, 0, 0 };
	assert_memory_equal(bytes + 152, end, sizeof(end));
}

static void hob_that_does_not_fit_writes_nothing(void **state)
{
	(void)state;
	struct td_layout layout = { .range_count = 2 };
	uint8_t bytes[160];
	uint8_t before[160];
	memset(bytes, 0xA5, sizeof(bytes));
	memcpy(before, bytes, sizeof(bytes));
	assert_int_equal(td_hob_build(&layout, bytes, sizeof(bytes) - 1), ST_NO_SPACE);
	assert_memory_equal(bytes, before, sizeof(bytes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_are_split_and_ascending),
		cmocka_unit_test(ram_is_split_as_q35_does),
		cmocka_unit_test(section_at_both_ends_of_ram_leaves_no_empty_range),
		cmocka_unit_test(memory_size_is_bounded),
		cmocka_unit_test(sections_must_lie_where_they_can),
		cmocka_unit_test(a_hob_section_is_needed),
		cmocka_unit_test(every_section_may_cut),
		cmocka_unit_test(addresses_are_classified),
		cmocka_unit_test(igvm_pages_lie_anywhere),
		cmocka_unit_test(igvm_has_one_memory_map),
		cmocka_unit_test(memory_map_has_the_ram),
		cmocka_unit_test(hob_is_what_qemu_builds),
		cmocka_unit_test(hob_that_does_not_fit_writes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
