// Memory left to the payload: which units, and the table that says so.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/memory/unaccepted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"

#define GIB4 UINT64_C(0x100000000)
#define MIB2 UINT64_C(0x200000)
#define KIB4 UINT64_C(0x1000)
#define HEADER 24

static _Alignas(8) uint8_t bytes[0x1000];
static struct linux_unaccepted_table *const table = (void *)bytes;

static struct memory_map map;

static int setup(void **state)
{
	(void)state;
	map.count = 0;
	memset(bytes, 0xA5, sizeof(bytes));
	return 0;
}

static void add(uint64_t base, uint64_t end, enum memory_kind kind)
{
	assert_int_equal(memory_map_add(&map, base, end - base, kind), ST_OK);
}

static enum memory_kind kind_of(uint64_t address)
{
	for (unsigned i = 0; i < map.count; i++) {
		if (address >= map.entries[i].range.base.v &&
		    address < gpa_range_end(map.entries[i].range)) {
			return map.entries[i].kind;
		}
	}
	return MEMORY_MMIO;
}

static bool bit_of(uint64_t unit)
{
	return (bytes[HEADER + unit / 8] >> unit % 8 & 1) != 0;
}

/* What no table has room for is not asked here. */
static uint64_t leave_and_fill(void)
{
	unaccepted_leave(&map, GIB4, sizeof(bytes));
	uint64_t size = unaccepted_table_fill(&map, table);
	assert_int_equal(unaccepted_table_size(&map), size);
	assert_true(size <= sizeof(bytes));
	for (size_t i = size; i < sizeof(bytes); i++) {
		assert_int_equal(bytes[i], 0xA5);
	}
	return size;
}

static void assert_header(uint64_t base, uint64_t size)
{
	static const uint8_t begin[] = { 1, 0, 0, 0, 0, 0, 0x20, 0 };
	assert_memory_equal(bytes, begin, sizeof(begin));
	assert_memory_equal(bytes + 8, &base, 8);
	assert_memory_equal(bytes + 16, &size, 8);
}

static void whole_units_above_4g(void **state)
{
	(void)state;
	add(0, 4 * MIB2, MEMORY_UNACCEPTED);
	add(GIB4, GIB4 + 3 * MIB2, MEMORY_UNACCEPTED);
	assert_int_equal(leave_and_fill(), HEADER + 8);
	assert_header(GIB4, 8);
	assert_int_equal(table->bitmap[0], 7);
	assert_int_equal(unaccepted_left(&map), 3 * MIB2);
	assert_int_equal(kind_of(0), MEMORY_UNACCEPTED);
	assert_int_equal(kind_of(GIB4), MEMORY_LEFT);
	assert_int_equal(map.count, 2);
}

static void ragged_edges_are_not_left(void **state)
{
	(void)state;
	add(GIB4 + MIB2 - KIB4, GIB4 + 3 * MIB2 + KIB4, MEMORY_UNACCEPTED);
	assert_int_equal(leave_and_fill(), HEADER + 8);
	assert_header(GIB4 + MIB2, 8);
	assert_int_equal(table->bitmap[0], 3);
	assert_int_equal(map.count, 3);
	assert_int_equal(kind_of(GIB4 + MIB2 - KIB4), MEMORY_UNACCEPTED);
	assert_int_equal(kind_of(GIB4 + MIB2), MEMORY_LEFT);
	assert_int_equal(kind_of(GIB4 + 3 * MIB2 - KIB4), MEMORY_LEFT);
	assert_int_equal(kind_of(GIB4 + 3 * MIB2), MEMORY_UNACCEPTED);
}

static void what_has_no_whole_unit_is_not_left(void **state)
{
	(void)state;
	add(GIB4 + KIB4, GIB4 + 2 * MIB2 - KIB4, MEMORY_UNACCEPTED);
	add(GIB4 + 4 * MIB2, GIB4 + 5 * MIB2, MEMORY_ACCEPTED);
	add(GIB4 + 6 * MIB2, GIB4 + 7 * MIB2, MEMORY_RESERVED);
	unaccepted_leave(&map, GIB4, sizeof(bytes));
	assert_int_equal(unaccepted_left(&map), 0);
	assert_int_equal(map.count, 3);
}

static void a_range_across_the_border_is_cut_there(void **state)
{
	(void)state;
	add(GIB4 - MIB2, GIB4 + MIB2, MEMORY_UNACCEPTED);
	leave_and_fill();
	assert_header(GIB4, 8);
	assert_int_equal(table->bitmap[0], 1);
	assert_int_equal(kind_of(GIB4 - KIB4), MEMORY_UNACCEPTED);
	assert_int_equal(kind_of(GIB4), MEMORY_LEFT);
}

static void holes_have_no_bits(void **state)
{
	(void)state;
	add(GIB4, GIB4 + MIB2, MEMORY_UNACCEPTED);
	add(GIB4 + 63 * MIB2, GIB4 + 66 * MIB2, MEMORY_UNACCEPTED);
	add(GIB4 + 200 * MIB2, GIB4 + 201 * MIB2, MEMORY_UNACCEPTED);
	assert_int_equal(leave_and_fill(), HEADER + 32);
	assert_header(GIB4, 32);
	for (uint64_t unit = 0; unit < 256; unit++) {
		assert_int_equal(bit_of(unit),
				 unit == 0 || (unit >= 63 && unit < 66) || unit == 200);
	}
}

/* 64 units take one word, 65 two: Linux reads whole ones. */
static void the_bitmap_has_whole_words(void **state)
{
	(void)state;
	add(GIB4, GIB4 + 64 * MIB2, MEMORY_UNACCEPTED);
	assert_int_equal(leave_and_fill(), HEADER + 8);
	assert_int_equal(table->bitmap[0], UINT64_MAX);
	setup(NULL);
	add(GIB4, GIB4 + 65 * MIB2, MEMORY_UNACCEPTED);
	assert_int_equal(leave_and_fill(), HEADER + 16);
	assert_int_equal(table->bitmap[1], 1);
}

/* A table of 2 words: 128 units from the first that is left on. */
static void what_the_table_cannot_say_is_not_left(void **state)
{
	(void)state;
	add(GIB4 + 3 * MIB2, GIB4 + 4 * MIB2, MEMORY_UNACCEPTED);
	add(GIB4 + 10 * MIB2, GIB4 + 500 * MIB2, MEMORY_UNACCEPTED);
	add(GIB4 + 600 * MIB2, GIB4 + 601 * MIB2, MEMORY_UNACCEPTED);
	unaccepted_leave(&map, GIB4, HEADER + 16 + 7);
	assert_int_equal(unaccepted_left(&map), MIB2 + (131 - 10) * MIB2);
	assert_int_equal(kind_of(GIB4 + 131 * MIB2 - KIB4), MEMORY_LEFT);
	assert_int_equal(kind_of(GIB4 + 131 * MIB2), MEMORY_UNACCEPTED);
	assert_int_equal(kind_of(GIB4 + 600 * MIB2), MEMORY_UNACCEPTED);
	assert_int_equal(unaccepted_table_fill(&map, table), HEADER + 16);
	assert_true(bit_of(0));
	assert_true(bit_of(127));
}

/* The parts of a range are two or three: without room for them it stays as it is. */
static void a_full_map_leaves_what_it_can(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < MEMORY_MAP_ENTRIES - 1; i++) {
		add(i * 2 * KIB4, i * 2 * KIB4 + KIB4, MEMORY_UNACCEPTED);
	}
	add(GIB4 + KIB4, GIB4 + 4 * MIB2, MEMORY_UNACCEPTED);
	struct memory_map before = map;
	unaccepted_leave(&map, GIB4, sizeof(bytes));
	assert_memory_equal(&map, &before, sizeof(map));
	map.entries[MEMORY_MAP_ENTRIES - 1].range.base = gpa(GIB4);
	map.entries[MEMORY_MAP_ENTRIES - 1].range.size = 4 * MIB2;
	unaccepted_leave(&map, GIB4, sizeof(bytes));
	assert_int_equal(unaccepted_left(&map), 4 * MIB2);
}

static void what_is_taken_back_is_unaccepted(void **state)
{
	(void)state;
	add(GIB4 + KIB4, GIB4 + 4 * MIB2, MEMORY_UNACCEPTED);
	add(GIB4 + 8 * MIB2, GIB4 + 9 * MIB2, MEMORY_ACCEPTED);
	add(GIB4 + 10 * MIB2, GIB4 + 11 * MIB2, MEMORY_UNACCEPTED);
	unaccepted_leave(&map, GIB4, sizeof(bytes));
	assert_int_equal(unaccepted_left(&map), 4 * MIB2);
	unaccepted_take_back(&map);
	assert_int_equal(unaccepted_left(&map), 0);
	for (uint64_t page = GIB4 + KIB4; page < GIB4 + 4 * MIB2; page += KIB4) {
		assert_int_equal(kind_of(page), MEMORY_UNACCEPTED);
	}
	assert_int_equal(kind_of(GIB4 + 8 * MIB2), MEMORY_ACCEPTED);
	assert_int_equal(kind_of(GIB4 + 10 * MIB2), MEMORY_UNACCEPTED);
}

/* Any map: a unit's bit is set exactly if all its pages are left, and nothing else is left. */
static void every_page_of_any_map(void **state)
{
	static const enum memory_kind kinds[] = { MEMORY_UNACCEPTED, MEMORY_UNACCEPTED,
						  MEMORY_RESERVED, MEMORY_ACCEPTED };
	uint32_t random = 1;
	for (unsigned round = 0; round < 100; round++) {
		uint64_t at = GIB4 - 2 * MIB2;
		setup(state);
		for (unsigned i = 0; i < 6; i++) {
			random = random * 1664525 + 1013904223;
			uint64_t size = KIB4 * (1 + (random >> 16) % 2000);
			add(at, at + size, kinds[(random >> 12) % 4]);
			at += size + KIB4 * ((random >> 10) % 3);
		}
		struct memory_map before = map;
		unaccepted_leave(&map, GIB4, sizeof(bytes));
		uint64_t left = unaccepted_left(&map);
		if (left != 0) {
			unaccepted_table_fill(&map, table);
		}
		for (uint64_t unit = GIB4 - 2 * MIB2; unit < at; unit += MIB2) {
			bool whole = unit >= GIB4 &&
				     memory_map_covers(&before, unit, MIB2, MEMORY_UNACCEPTED);
			bool told = left != 0 && unit >= table->base &&
				    (unit - table->base) / MIB2 < 8 * table->size &&
				    bit_of((unit - table->base) / MIB2);
			assert_int_equal(told, whole);
			assert_int_equal(memory_map_covers(&map, unit, MIB2, MEMORY_LEFT), whole);
			left -= whole ? MIB2 : 0;
		}
		assert_int_equal(left, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(whole_units_above_4g, setup),
		cmocka_unit_test_setup(ragged_edges_are_not_left, setup),
		cmocka_unit_test_setup(what_has_no_whole_unit_is_not_left, setup),
		cmocka_unit_test_setup(a_range_across_the_border_is_cut_there, setup),
		cmocka_unit_test_setup(holes_have_no_bits, setup),
		cmocka_unit_test_setup(the_bitmap_has_whole_words, setup),
		cmocka_unit_test_setup(what_the_table_cannot_say_is_not_left, setup),
		cmocka_unit_test_setup(a_full_map_leaves_what_it_can, setup),
		cmocka_unit_test_setup(what_is_taken_back_is_unaccepted, setup),
		cmocka_unit_test_setup(every_page_of_any_map, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
