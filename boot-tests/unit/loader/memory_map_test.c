// The memory map: order, growth, coverage.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/memory/memory_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void neighbours_of_one_kind_grow(void **state)
{
	(void)state;
	struct memory_map map = { 0 };
	assert_int_equal(memory_map_add(&map, 0x1000, 0x1000, MEMORY_ACCEPTED), ST_OK);
	assert_int_equal(memory_map_add(&map, 0x2000, 0x1000, MEMORY_ACCEPTED), ST_OK);
	assert_int_equal(memory_map_add(&map, 0x3000, 0x1000, MEMORY_RESERVED), ST_OK);
	assert_int_equal(memory_map_add(&map, 0x5000, 0x1000, MEMORY_RESERVED), ST_OK);
	assert_int_equal(map.count, 3);
	assert_int_equal(map.entries[0].range.size, 0x2000);
}

static void bad_ranges_change_nothing(void **state)
{
	(void)state;
	struct memory_map map = { 0 };
	assert_int_equal(memory_map_add(&map, 0x2000, 0x1000, MEMORY_ACCEPTED), ST_OK);
	static const struct {
		uint64_t base, size;
	} bad[] = {
		{ 0x3000, 0 },      { 0x3001, 0x1000 }, { 0x3000, 0x1001 },
		{ 0x2000, 0x1000 }, { 0x1000, 0x2000 }, { UINT64_MAX - 0xFFF, 0x2000 },
		{ 0x1000, 0x3000 }, { 0, 0x10000 },     { UINT64_MAX - 0xFFF, 0x1000 },
	};
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(memory_map_add(&map, bad[i].base, bad[i].size, MEMORY_ACCEPTED),
				 ST_BAD_RANGE);
	}
	assert_int_equal(map.count, 1);
	assert_int_equal(map.entries[0].range.size, 0x1000);
}

static void any_order(void **state)
{
	(void)state;
	/* Four pages of one kind and one of another, in every order: always the same map. */
	static const struct {
		uint64_t base;
		enum memory_kind kind;
	} pages[] = {
		{ 0x1000, MEMORY_ACCEPTED }, { 0x2000, MEMORY_ACCEPTED }, { 0x3000, MEMORY_MMIO },
		{ 0x4000, MEMORY_ACCEPTED }, { 0x5000, MEMORY_ACCEPTED },
	};
	for (unsigned order = 0; order < 120; order++) {
		struct memory_map map = { 0 };
		unsigned left = 0x1F;
		unsigned choice = order;
		for (unsigned n = 5; n > 0; choice /= n, n--) {
			unsigned i = 0;
			for (unsigned skip = choice % n; skip > 0 || (left >> i & 1) == 0; i++) {
				skip -= left >> i & 1;
			}
			left &= ~(1u << i);
			assert_int_equal(memory_map_add(&map, pages[i].base, 0x1000, pages[i].kind),
					 ST_OK);
			assert_int_equal(memory_map_add(&map, pages[i].base, 0x1000, pages[i].kind),
					 ST_BAD_RANGE);
		}
		assert_int_equal(map.count, 3);
		assert_int_equal(map.entries[0].range.base.v, 0x1000);
		assert_int_equal(map.entries[0].range.size, 0x2000);
		assert_int_equal(map.entries[1].range.base.v, 0x3000);
		assert_int_equal(map.entries[1].kind, MEMORY_MMIO);
		assert_int_equal(map.entries[2].range.base.v, 0x4000);
		assert_int_equal(map.entries[2].range.size, 0x2000);
	}
	/* What lies between two of its kind makes them one. */
	struct memory_map map = { 0 };
	assert_int_equal(memory_map_add(&map, 0x1000, 0x1000, MEMORY_ACCEPTED), ST_OK);
	assert_int_equal(memory_map_add(&map, 0x3000, 0x1000, MEMORY_ACCEPTED), ST_OK);
	assert_int_equal(memory_map_add(&map, 0x2000, 0x1000, MEMORY_ACCEPTED), ST_OK);
	assert_int_equal(map.count, 1);
	assert_int_equal(map.entries[0].range.size, 0x3000);
}

static void a_full_map(void **state)
{
	(void)state;
	struct memory_map map = { 0 };
	uint64_t base = 0;
	for (unsigned i = 0; i < MEMORY_MAP_ENTRIES; i++, base += 0x2000) {
		assert_int_equal(memory_map_add(&map, base, 0x1000, MEMORY_ACCEPTED), ST_OK);
	}
	assert_int_equal(memory_map_add(&map, base, 0x1000, MEMORY_ACCEPTED), ST_NO_SPACE);
	assert_int_equal(memory_map_add(&map, 0x1000, 0x1000, MEMORY_RESERVED), ST_NO_SPACE);
	/* Growing one needs no entry, and what joins two frees one. */
	assert_int_equal(memory_map_add(&map, base - 0x1000, 0x1000, MEMORY_ACCEPTED), ST_OK);
	assert_int_equal(memory_map_add(&map, 0x1000, 0x1000, MEMORY_ACCEPTED), ST_OK);
	assert_int_equal(map.count, MEMORY_MAP_ENTRIES - 1);
	assert_int_equal(memory_map_add(&map, base, 0x1000, MEMORY_RESERVED), ST_OK);
	assert_int_equal(map.count, MEMORY_MAP_ENTRIES);
}

static void coverage(void **state)
{
	(void)state;
	struct memory_map map = {
		.count = 4,
		.entries = {
			{ { { 0x1000 }, 0x1000 }, MEMORY_ACCEPTED },
			{ { { 0x2000 }, 0x1000 }, MEMORY_ACCEPTED },
			{ { { 0x3000 }, 0x1000 }, MEMORY_RESERVED },
			{ { { 0x4000 }, 0x1000 }, MEMORY_ACCEPTED },
		},
	};
	assert_true(memory_map_covers(&map, 0x1000, 0x2000, MEMORY_ACCEPTED));
	assert_true(memory_map_covers(&map, 0x1800, 0x1000, MEMORY_ACCEPTED));
	assert_true(memory_map_covers(&map, 0x3000, 0x1000, MEMORY_RESERVED));
	assert_false(memory_map_covers(&map, 0x0FFF, 0x2000, MEMORY_ACCEPTED));
	assert_false(memory_map_covers(&map, 0x1000, 0x2001, MEMORY_ACCEPTED));
	assert_false(memory_map_covers(&map, 0x1000, 0x4000, MEMORY_ACCEPTED));
	assert_false(memory_map_covers(&map, 0x4000, 0x1001, MEMORY_ACCEPTED));
	assert_false(memory_map_covers(&map, 0x9000, 1, MEMORY_ACCEPTED));
}

static void expect_left(uint64_t base, uint64_t size, const uint64_t (*ranges)[2], unsigned count)
{
	struct memory_map map = {
		.count = 3,
		.entries = {
			{ { { 0x1000 }, 0x4000 }, MEMORY_UNACCEPTED },
			{ { { 0x5000 }, 0x1000 }, MEMORY_ACCEPTED },
			{ { { 0x8000 }, 0x1000 }, MEMORY_UNACCEPTED },
		},
	};
	assert_int_equal(memory_map_remove(&map, base, size), ST_OK);
	assert_int_equal(map.count, count);
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(map.entries[i].range.base.v, ranges[i][0]);
		assert_int_equal(gpa_range_end(map.entries[i].range), ranges[i][1]);
		assert_int_equal(map.entries[i].kind,
				 ranges[i][0] == 0x5000 ? MEMORY_ACCEPTED : MEMORY_UNACCEPTED);
	}
}

static void what_is_removed_is_in_no_range(void **state)
{
	(void)state;
	/* In the middle; at both ends; whole; across two and a hole; where nothing is. */
	expect_left(0x2000, 0x1000,
		    (const uint64_t[][2]){ { 0x1000, 0x2000 },
					   { 0x3000, 0x5000 },
					   { 0x5000, 0x6000 },
					   { 0x8000, 0x9000 } },
		    4);
	expect_left(
		0, 0x2000,
		(const uint64_t[][2]){ { 0x2000, 0x5000 }, { 0x5000, 0x6000 }, { 0x8000, 0x9000 } },
		3);
	expect_left(
		0x4000, 0x1000,
		(const uint64_t[][2]){ { 0x1000, 0x4000 }, { 0x5000, 0x6000 }, { 0x8000, 0x9000 } },
		3);
	expect_left(0x5000, 0x1000, (const uint64_t[][2]){ { 0x1000, 0x5000 }, { 0x8000, 0x9000 } },
		    2);
	expect_left(0x4000, 0x5000, (const uint64_t[][2]){ { 0x1000, 0x4000 } }, 1);
	expect_left(
		0x6000, 0x2000,
		(const uint64_t[][2]){ { 0x1000, 0x5000 }, { 0x5000, 0x6000 }, { 0x8000, 0x9000 } },
		3);
	expect_left(0, 0x9000, NULL, 0);
}

static void a_full_map_is_not_cut(void **state)
{
	(void)state;
	struct memory_map map = { 0 };
	for (uint64_t i = 0; i < MEMORY_MAP_ENTRIES; i++) {
		assert_int_equal(memory_map_add(&map, i * 0x4000, 0x3000, MEMORY_ACCEPTED), ST_OK);
	}
	struct memory_map before = map;
	assert_int_equal(memory_map_remove(&map, 0x1000, 0x1000), ST_NO_SPACE);
	assert_memory_equal(&map, &before, sizeof(map));
	assert_int_equal(memory_map_remove(&map, 0x2000, 0x1000), ST_OK);
	assert_int_equal(map.entries[0].range.size, 0x2000);
}

static void a_part_of_another_kind(void **state)
{
	(void)state;
	struct memory_map map = { 0 };
	assert_int_equal(memory_map_add(&map, 0x1000, 0x8000, MEMORY_UNACCEPTED), ST_OK);
	assert_int_equal(memory_map_set_kind(&map, 0x3000, 0x2000, MEMORY_ACCEPTED), ST_OK);
	assert_int_equal(map.count, 3);
	assert_int_equal(map.entries[0].range.size, 0x2000);
	assert_int_equal(map.entries[1].range.base.v, 0x3000);
	assert_int_equal(map.entries[1].range.size, 0x2000);
	assert_int_equal(map.entries[1].kind, MEMORY_ACCEPTED);
	assert_int_equal(map.entries[2].range.base.v, 0x5000);
	assert_int_equal(map.entries[2].kind, MEMORY_UNACCEPTED);
	/* Neighbours of one kind become one. */
	assert_int_equal(memory_map_set_kind(&map, 0x3000, 0x2000, MEMORY_UNACCEPTED), ST_OK);
	assert_int_equal(map.count, 1);
	assert_int_equal(map.entries[0].range.size, 0x8000);
	assert_int_equal(memory_map_set_kind(&map, 0x1000, 0x8000, MEMORY_LEFT), ST_OK);
	assert_int_equal(map.count, 1);
	assert_int_equal(map.entries[0].kind, MEMORY_LEFT);
	assert_int_equal(memory_map_set_kind(&map, 0x1800, 0x1000, MEMORY_LEFT), ST_BAD_RANGE);
	assert_int_equal(memory_map_set_kind(&map, 0x1000, 0, MEMORY_LEFT), ST_BAD_RANGE);
	assert_int_equal(map.entries[0].range.size, 0x8000);
}

static void a_full_map_keeps_its_kinds(void **state)
{
	(void)state;
	struct memory_map map = { 0 };
	for (uint64_t i = 0; i < MEMORY_MAP_ENTRIES; i++) {
		assert_int_equal(memory_map_add(&map, i * 0x4000, 0x3000, MEMORY_UNACCEPTED),
				 ST_OK);
	}
	struct memory_map before = map;
	/* In the middle, where the two others need room; at an end, where one does. */
	assert_int_equal(memory_map_set_kind(&map, 0x1000, 0x1000, MEMORY_LEFT), ST_NO_SPACE);
	assert_int_equal(memory_map_set_kind(&map, 0x2000, 0x1000, MEMORY_LEFT), ST_NO_SPACE);
	assert_memory_equal(&map, &before, sizeof(map));
	assert_int_equal(memory_map_set_kind(&map, 0, 0x3000, MEMORY_LEFT), ST_OK);
	assert_int_equal(map.entries[0].kind, MEMORY_LEFT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbours_of_one_kind_grow),
		cmocka_unit_test(bad_ranges_change_nothing),
		cmocka_unit_test(any_order),
		cmocka_unit_test(a_full_map),
		cmocka_unit_test(coverage),
		cmocka_unit_test(what_is_removed_is_in_no_range),
		cmocka_unit_test(a_full_map_is_not_cut),
		cmocka_unit_test(a_part_of_another_kind),
		cmocka_unit_test(a_full_map_keeps_its_kinds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
