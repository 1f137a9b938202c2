// The e820 table: order, merging, overlays across borders, capacity.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "loader/memory/e820.h"

static struct e820_entry table[LINUX_E820_MAX];

static struct memory_map make_map(const struct memory_entry *entries, unsigned count)
{
	struct memory_map map = { .count = count };
	memcpy(map.entries, entries, count * sizeof(entries[0]));
	return map;
}

static void assert_table(const struct memory_map *map, const struct e820_overlay *overlays,
			 unsigned overlay_count, const struct e820_entry *expected,
			 unsigned expected_count)
{
	unsigned count = 77;
	assert_int_equal(e820_build(map, overlays, overlay_count, table, expected_count, &count),
			 ST_OK);
	assert_int_equal(count, expected_count);
	assert_memory_equal(table, expected, expected_count * sizeof(expected[0]));
	if (expected_count > 0) {
		count = 77;
		assert_int_equal(
			e820_build(map, overlays, overlay_count, table, expected_count - 1, &count),
			ST_NO_SPACE);
		assert_int_equal(count, 77);
	}
}

static void td_with_everything(void **state)
{
	static const struct memory_entry entries[] = {
		{ { { 0 }, 0x800000 }, MEMORY_UNACCEPTED },
		{ { { 0x800000 }, 0x32000 }, MEMORY_ACCEPTED },
		{ { { 0x832000 }, 0x7F7CE000 }, MEMORY_UNACCEPTED },
		{ { { 0xB0000000 }, 0x10000000 }, MEMORY_RESERVED },
		/* Listed, it would be lost to PCI devices. */
		{ { { 0xC0000000 }, 0x20000000 }, MEMORY_MMIO },
		{ { { 0x100000000 }, 0x80000000 }, MEMORY_ACCEPTED },
	};
	static const struct e820_overlay overlays[] = {
		{ { { 0xA00000 }, 0x21000 }, E820_ACPI },
		{ { { 0xFFFF0000 }, 0x10000 }, E820_NVS },
	};
	static const struct e820_entry expected[] = {
		{ 0, 0xA00000, E820_RAM },          { 0xA00000, 0x21000, E820_ACPI },
		{ 0xA21000, 0x7F5DF000, E820_RAM }, { 0xB0000000, 0x10000000, E820_RESERVED },
		{ 0xFFFF0000, 0x10000, E820_NVS },  { 0x100000000, 0x80000000, E820_RAM },
	};
	struct memory_map map = make_map(entries, ARRAY_COUNT(entries));
	(void)state;
	assert_table(&map, overlays, 2, expected, ARRAY_COUNT(expected));
}

static void empty_map(void **state)
{
	struct memory_map map = { 0 };
	unsigned count = 77;
	(void)state;
	assert_int_equal(e820_build(&map, NULL, 0, table, 0, &count), ST_OK);
	assert_int_equal(count, 0);
}

static void holes_are_not_merged(void **state)
{
	static const struct memory_entry entries[] = {
		{ { { 0x1000 }, 0x1000 }, MEMORY_ACCEPTED },
		{ { { 0x3000 }, 0x1000 }, MEMORY_ACCEPTED },
	};
	static const struct e820_entry expected[] = {
		{ 0x1000, 0x1000, E820_RAM },
		{ 0x3000, 0x1000, E820_RAM },
	};
	struct memory_map map = make_map(entries, 2);
	(void)state;
	assert_table(&map, NULL, 0, expected, 2);
}

static void overlay_covers_borders(void **state)
{
	static const struct memory_entry entries[] = {
		{ { { 0x1000 }, 0x3000 }, MEMORY_ACCEPTED },
		{ { { 0x5000 }, 0x3000 }, MEMORY_RESERVED },
	};
	static const struct e820_overlay overlays[] = { { { { 0x3000 }, 0x3000 }, E820_ACPI } };
	static const struct e820_entry expected[] = {
		{ 0x1000, 0x2000, E820_RAM },
		{ 0x3000, 0x3000, E820_ACPI },
		{ 0x6000, 0x2000, E820_RESERVED },
	};
	struct memory_map map = make_map(entries, 2);
	(void)state;
	assert_table(&map, overlays, 1, expected, 3);
}

static void overlay_of_the_same_type_joins(void **state)
{
	static const struct memory_entry entries[] = {
		{ { { 0x1000 }, 0x3000 }, MEMORY_RESERVED },
	};
	static const struct e820_overlay overlays[] = { { { { 0x2000 }, 0x4000 }, E820_RESERVED } };
	static const struct e820_entry expected[] = { { 0x1000, 0x5000, E820_RESERVED } };
	struct memory_map map = make_map(entries, 1);
	(void)state;
	assert_table(&map, overlays, 1, expected, 1);
}

static void top_of_the_address_space(void **state)
{
	static const struct memory_entry entries[] = {
		{ { { UINT64_MAX - 0xFFF }, 0x1000 }, MEMORY_ACCEPTED },
	};
	static const struct e820_entry expected[] = { { UINT64_MAX - 0xFFF, 0x1000, E820_RAM } };
	struct memory_map map = make_map(entries, 1);
	(void)state;
	assert_table(&map, NULL, 0, expected, 1);
}

static void a_full_map_fits(void **state)
{
	struct memory_map map = { .count = MEMORY_MAP_ENTRIES };
	unsigned count;
	(void)state;
	for (unsigned i = 0; i < MEMORY_MAP_ENTRIES; i++) {
		map.entries[i] = (struct memory_entry){ { { (uint64_t)i * 0x2000 }, 0x1000 },
							MEMORY_ACCEPTED };
	}
	assert_int_equal(e820_build(&map, NULL, 0, table, LINUX_E820_MAX, &count), ST_OK);
	assert_int_equal(count, MEMORY_MAP_ENTRIES);
	assert_int_equal(table[63].base, 63 * 0x2000);
}

/* A caller's own types; 0 is no entry. Where overlays overlap, the later one counts. */
static void types_of_another_table(void **state)
{
	static const struct memory_entry entries[] = {
		{ { { 0 }, 0x10000 }, MEMORY_ACCEPTED },
		{ { { 0x10000 }, 0x10000 }, MEMORY_LEFT },
		{ { { 0x20000 }, 0x10000 }, MEMORY_RESERVED },
		{ { { 0x30000 }, 0x10000 }, MEMORY_UNACCEPTED },
	};
	static const uint32_t types[MEMORY_KINDS] = {
		[MEMORY_ACCEPTED] = 7, [MEMORY_LEFT] = 15, [MEMORY_UNACCEPTED] = 15
	};
	static const struct e820_overlay overlays[] = {
		{ { { 0x4000 }, 0x4000 }, 9 },
		{ { { 0x5000 }, 0x1000 }, 6 },
		{ { { 0x4000 }, 0x1000 }, 7 },
	};
	static const struct e820_entry expected[] = {
		{ 0, 0x5000, 7 },      { 0x5000, 0x1000, 6 },    { 0x6000, 0x2000, 9 },
		{ 0x8000, 0x8000, 7 }, { 0x10000, 0x10000, 15 }, { 0x30000, 0x10000, 15 },
	};
	struct memory_map map = make_map(entries, ARRAY_COUNT(entries));
	unsigned count = 0;
	(void)state;
	assert_int_equal(e820_build_types(&map, types, overlays, ARRAY_COUNT(overlays), table,
					  ARRAY_COUNT(expected), &count),
			 ST_OK);
	assert_int_equal(count, ARRAY_COUNT(expected));
	assert_memory_equal(table, expected, sizeof(expected));
	assert_int_equal(e820_build_types(&map, types, overlays, ARRAY_COUNT(overlays), table,
					  ARRAY_COUNT(expected) - 1, &count),
			 ST_NO_SPACE);
	/* An e820 table calls what is left RAM. */
	assert_int_equal(e820_build(&map, NULL, 0, table, 3, &count), ST_OK);
	assert_int_equal(count, 3);
	assert_int_equal(table[0].size, 0x20000);
	assert_int_equal(table[0].type, E820_RAM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_of_another_table),
		cmocka_unit_test(td_with_everything),
		cmocka_unit_test(empty_map),
		cmocka_unit_test(holes_are_not_merged),
		cmocka_unit_test(overlay_covers_borders),
		cmocka_unit_test(overlay_of_the_same_type_joins),
		cmocka_unit_test(top_of_the_address_space),
		cmocka_unit_test(a_full_map_fits),
	};
	return cmocka_run_group_tests_name("e820", tests, NULL, NULL);
}
