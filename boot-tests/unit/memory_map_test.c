// The memory map: order, growth, coverage.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/memory_map.h"

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
		{ 0x3000, 0 },         { 0x3001, 0x1000 }, { 0x3000, 0x1001 },
		{ 0x2000, 0x1000 },    { 0x1000, 0x1000 }, { UINT64_MAX - 0xFFF, 0x2000 },
		{ UINT64_MAX - 0xFFF, 0x1000 },
	};
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(memory_map_add(&map, bad[i].base, bad[i].size, MEMORY_ACCEPTED),
				 ST_BAD_RANGE);
	}
	assert_int_equal(map.count, 1);
	assert_int_equal(map.entries[0].range.size, 0x1000);
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
	/* Growing the last one needs no entry. */
	assert_int_equal(memory_map_add(&map, base - 0x1000, 0x1000, MEMORY_ACCEPTED), ST_OK);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(neighbours_of_one_kind_grow),
		cmocka_unit_test(bad_ranges_change_nothing),
		cmocka_unit_test(a_full_map),
		cmocka_unit_test(coverage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
