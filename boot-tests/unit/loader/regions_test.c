// The region table: order, rights, and the maps that follow from it, against literal numbers.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/memory/regions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "arch/linux/boot_params.h"

#define IMAGE 0xFFE00000
#define TEXT 0xFFFEA000
#define CONSTANTS 0xFFFF4000

static const struct region_bounds with_payload = { IMAGE, TEXT, CONSTANTS };
static const struct region_bounds no_payload = { TEXT, TEXT, CONSTANTS };

static void lines_ascend_without_overlap(void **state)
{
	(void)state;
	uint64_t free = 0;
	for (unsigned i = 0; i < REGION_COUNT; i++) {
		struct gpa_range range = region_range((enum region_tag)i, &with_payload);
		struct gpa_range made;
		assert_true(gpa_range_make(range.base.v, range.size, &made));
		if (range.base.v < free) {
			fail_msg("%s at 0x%lx overlaps what precedes it",
				 region_name((enum region_tag)i), range.base.v);
		}
		free = gpa_range_end(range);
	}
	/* Nothing follows that the boot table would leave out. */
	assert_int_equal(free, FOUR_GIB);
}

/* What a line may say beside each value. */
static void columns_agree(void **state)
{
	(void)state;
	for (unsigned i = 0; i < REGION_COUNT; i++) {
		const struct region *region = &regions[i];
		bool image = region->added == ADDED_IMAGE;
		/* The image is no RAM of the TD's; below it no code is loaded. */
		assert_int_equal(image,
				 region_range((enum region_tag)i, &no_payload).base.v >= TEXT);
		assert_true(image || region->access != ACCESS_RX);
		assert_true(image || region->later != LATER_NONE);
		assert_true(!image || region->later != LATER_RAM);
		/* Only what the shim itself accepts can be given to the host and taken back. */
		assert_true(region->share == SHARE_PRIVATE ||
			    (region->added == ADDED_RAM && region->access == ACCESS_RW));
		/* Only these places are filled by the shim with tables. */
		assert_int_equal(region->later == LATER_ACPI,
				 i == REGION_ACPI_ARENA || i == REGION_EFI_ARENA);
		/* What it is told of must have one place in each image. */
		assert_true(region->size != 0 || region->later == LATER_NONE);
	}
}

/* Its size is known without a loop: the sections must leave no gap. */
static void added_without_a_gap(void **state)
{
	(void)state;
	uint64_t end = 0x100000;
	unsigned hobs = 0;
	for (unsigned i = 0; i < REGION_COUNT; i++) {
		const struct region *region = &regions[i];
		if (region->added == ADDED_TEMP_MEM || region->added == ADDED_HOB) {
			assert_int_equal(region->base, end);
			end += region->size;
		}
		if (region->added == ADDED_HOB) {
			assert_int_equal(region->base, 0x169000);
			assert_int_equal(region->size, 0x2000);
			hobs++;
		}
	}
	assert_int_equal(hobs, 1);
	assert_int_equal(end, 0x16B000);
	assert_int_equal(REGIONS_TEMP_MEM_SIZE, 0x69000);
}

static void ranges_of_an_image(void **state)
{
	(void)state;
	struct gpa_range range = region_range(REGION_PAYLOAD, &with_payload);
	assert_int_equal(range.base.v, 0xFFE00000);
	assert_int_equal(range.size, 0x1EA000);
	assert_int_equal(region_range(REGION_PAYLOAD, &no_payload).size, 0);
	range = region_range(REGION_SHIM_TEXT, &with_payload);
	assert_int_equal(range.base.v, 0xFFFEA000);
	assert_int_equal(range.size, 0xA000);
	range = region_range(REGION_SHIM_CONSTANTS, &with_payload);
	assert_int_equal(range.base.v, 0xFFFF4000);
	assert_int_equal(range.size, 0x3000);
	range = region_range(REGION_RESET_PAGE, &with_payload);
	assert_int_equal(range.base.v, 0xFFFFF000);
	assert_int_equal(range.size, 0x1000);
}

static void what_regions_have(void **state)
{
	(void)state;
	static const struct {
		uint64_t address;
		bool have;
	} cases[] = {
		{ 0, true },           { 0xFFF, true },      { 0x1000, false },
		{ 0xFFFFF, false },    { 0x100000, true },   { 0x120000, true },
		{ 0x16AFFF, true },    { 0x16B000, false },  { 0x1FFFFF, false },
		{ 0x200000, true },    { 0x27FFFF, true },   { 0x280000, true },
		{ 0x2B7FFF, true },    { 0x2B8000, false },  { 0x7FFFFF, false },
		{ 0x800000, true },    { 0x9FFFFF, true },   { 0xA00000, true },
		{ 0xFFFFFF, true },    { 0x1000000, false }, { 0xFFFF6FFF, false },
		{ 0xFFFF7000, true },  { 0xFFFFFFFF, true }, { FOUR_GIB, false },
		{ UINT64_MAX, false },
	};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		if (regions_have(cases[i].address) != cases[i].have) {
			fail_msg("0x%lx", cases[i].address);
		}
	}
}

struct wanted_map {
	uint64_t base, end;
	enum pt_perm perm;
	enum share share;
};

static void check_maps(bool td, const struct region_bounds *bounds, const struct wanted_map *wanted,
		       size_t wanted_count)
{
	struct pt_map maps[REGIONS_MAPS_MAX];
	size_t count = regions_boot_maps(td, bounds, maps);
	for (size_t i = 0; i < count && i < wanted_count; i++) {
		if (maps[i].va != wanted[i].base || maps[i].pa.v != wanted[i].base ||
		    maps[i].size != wanted[i].end - wanted[i].base ||
		    maps[i].perm != wanted[i].perm || maps[i].share != wanted[i].share) {
			fail_msg("map %zu: 0x%lx + 0x%lx, permission %d, share %d", i, maps[i].va,
				 maps[i].size, maps[i].perm, maps[i].share);
		}
	}
	assert_int_equal(count, wanted_count);
}

#define STACK(base)                                           \
	{                                                     \
		(base), (base) + 0x1000, PT_RW, SHARE_PRIVATE \
	}
#define STACKS_4(base) \
	STACK(base), STACK((base) + 0x2000), STACK((base) + 0x4000), STACK((base) + 0x6000)
#define STACKS_16(base)                                                        \
	STACKS_4(base), STACKS_4((base) + 0x8000), STACKS_4((base) + 0x10000), \
		STACKS_4((base) + 0x18000)

/* A page that is in no map is absent: the null page, and one on each side of every stack. */
static void boot_maps(void **state)
{
	(void)state;
	const struct wanted_map td[] = {
		{ 0x1000, 0x120000, PT_RW, SHARE_PRIVATE },
		{ 0x121000, 0x129000, PT_RW, SHARE_PRIVATE },
		{ 0x12A000, 0x12C000, PT_RW, SHARE_PRIVATE },
		STACKS_16(0x12D000),
		STACKS_4(0x14D000),
		STACKS_4(0x155000),
		STACKS_4(0x15D000),
		STACK(0x165000),
		STACK(0x167000),
		{ 0x169000, 0x800000, PT_RW, SHARE_PRIVATE },
		{ 0x800000, 0xA00000, PT_RW, SHARE_SHARED },
		{ 0xA00000, 0xFFE00000, PT_RW, SHARE_PRIVATE },
		{ 0xFFE00000, 0xFFFEA000, PT_R, SHARE_PRIVATE },
		{ 0xFFFEA000, 0xFFFF4000, PT_RX, SHARE_PRIVATE },
		{ 0xFFFF4000, 0xFFFFD000, PT_R, SHARE_PRIVATE },
		{ 0xFFFFD000, 0xFFFFF000, PT_RW, SHARE_PRIVATE },
		{ 0xFFFFF000, 0x100000000, PT_RX, SHARE_PRIVATE },
	};
	check_maps(true, &with_payload, td, ARRAY_COUNT(td));
	const struct wanted_map plain[] = {
		{ 0x1000, 0x120000, PT_RW, SHARE_PRIVATE },
		{ 0x121000, 0x129000, PT_RW, SHARE_PRIVATE },
		{ 0x12A000, 0x12C000, PT_RW, SHARE_PRIVATE },
		STACKS_16(0x12D000),
		STACKS_4(0x14D000),
		STACKS_4(0x155000),
		STACKS_4(0x15D000),
		STACK(0x165000),
		STACK(0x167000),
		{ 0x169000, 0xFFFEA000, PT_RW, SHARE_PRIVATE },
		{ 0xFFFEA000, 0xFFFF4000, PT_RX, SHARE_PRIVATE },
		{ 0xFFFF4000, 0xFFFFD000, PT_R, SHARE_PRIVATE },
		{ 0xFFFFD000, 0xFFFFF000, PT_RW, SHARE_PRIVATE },
		{ 0xFFFFF000, 0x100000000, PT_RX, SHARE_PRIVATE },
	};
	check_maps(false, &no_payload, plain, ARRAY_COUNT(plain));
}

static void check_reserved(bool td, uint64_t acpi_used, uint64_t efi_used,
			   const struct e820_overlay *wanted, unsigned wanted_count)
{
	struct e820_overlay reserved[REGIONS_RESERVED_MAX];
	unsigned count = regions_reserved(td, acpi_used, efi_used, reserved);
	assert_int_equal(count, wanted_count);
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(reserved[i].range.base.v, wanted[i].range.base.v);
		assert_int_equal(reserved[i].range.size, wanted[i].range.size);
		assert_int_equal(reserved[i].type, wanted[i].type);
	}
}

static void reserved_ranges(void **state)
{
	(void)state;
	const struct e820_overlay all[] = {
		{ { { 0x118000 }, 0x8000 }, E820_NVS },   { { { 0xA00000 }, 0x2000 }, E820_ACPI },
		{ { { 0xFFFF7000 }, 0x6000 }, E820_NVS }, { { { 0xFFFFD000 }, 0x2000 }, E820_NVS },
		{ { { 0xFFFFF000 }, 0x1000 }, E820_NVS },
	};
	const struct e820_overlay no_tables[] = { all[0], all[2], all[3], all[4] };
	const struct e820_overlay whole_arena[] = { { { { 0xA00000 }, 0x600000 }, E820_ACPI } };
	const struct e820_overlay efi[] = { all[0], { { { 0x200000 }, 0x5000 }, E820_ACPI },
					    all[1], all[2],
					    all[3], all[4] };
	const struct e820_overlay whole_efi[] = { { { { 0x200000 }, 0x80000 }, E820_ACPI } };
	assert_int_equal(REGIONS_RESERVED_MAX, 6);
	check_reserved(true, 0x1001, 0, all, 5);
	check_reserved(true, 0x2000, 0, all, 5);
	check_reserved(true, 0, 0, no_tables, 4);
	check_reserved(true, 0x1001, 0x4001, efi, 6);
	check_reserved(true, 0x1001, 0x5000, efi, 6);
	check_reserved(false, 0x1001, 0, &all[1], 1);
	check_reserved(false, 0x600000, 0, whole_arena, 1);
	check_reserved(false, 0, 0x80000, whole_efi, 1);
	check_reserved(false, 0, 0, NULL, 0);
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(region_name(REGION_NULL_PAGE), "null page");
	assert_string_equal(region_name(REGION_SHIM_CONSTANTS), "shim constants");
	assert_string_equal(region_name(REGION_RESET_PAGE), "reset page");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_ascend_without_overlap),
		cmocka_unit_test(columns_agree),
		cmocka_unit_test(added_without_a_gap),
		cmocka_unit_test(ranges_of_an_image),
		cmocka_unit_test(what_regions_have),
		cmocka_unit_test(boot_maps),
		cmocka_unit_test(reserved_ranges),
		cmocka_unit_test(names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
