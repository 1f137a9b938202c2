// The page iterator: sizes, memory of mismatches, bounds.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/tdx/page_walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define KIB4 UINT64_C(0x1000)
#define MIB2 UINT64_C(0x200000)

static struct gpa_range range(uint64_t base, uint64_t size)
{
	struct gpa_range made;
	assert_true(gpa_range_make(base, size, &made));
	return made;
}

static void step(struct page_walk *walk, uint64_t at, enum pg_level want, enum page_outcome outcome)
{
	gpa_t page;
	enum pg_level level;
	assert_true(page_walk_next(walk, &page, &level));
	assert_int_equal(page.v, at);
	assert_int_equal(level, want);
	assert_int_equal(page_walk_report(walk, outcome), ST_OK);
}

static void assert_over(const struct page_walk *walk)
{
	gpa_t page;
	enum pg_level level;
	assert_false(page_walk_next(walk, &page, &level));
}

static void ragged_edges_are_small(void **state)
{
	(void)state;
	struct page_walk walk = { 0 };
	page_walk_begin(&walk, range(MIB2 - KIB4, KIB4 + MIB2 + KIB4), false);
	step(&walk, MIB2 - KIB4, PG_4K, PAGE_DONE);
	step(&walk, MIB2, PG_2M, PAGE_DONE);
	step(&walk, 2 * MIB2, PG_4K, PAGE_DONE);
	assert_over(&walk);
}

static void a_unit_less_one_page_is_small(void **state)
{
	(void)state;
	struct page_walk walk = { 0 };
	page_walk_begin(&walk, range(0, MIB2 - KIB4), false);
	for (uint64_t at = 0; at < MIB2 - KIB4; at += KIB4) {
		step(&walk, at, PG_4K, PAGE_DONE);
	}
	assert_over(&walk);
}

static void walk_unit_small(struct page_walk *walk, uint64_t unit)
{
	for (uint64_t at = unit; at < unit + MIB2; at += KIB4) {
		step(walk, at, PG_4K, PAGE_DONE);
	}
}

static void a_split_lasts_to_the_end_of_the_range(void **state)
{
	(void)state;
	struct page_walk walk = { 0 };
	page_walk_begin(&walk, range(0, 4 * MIB2 + KIB4), false);
	step(&walk, 0, PG_2M, PAGE_DONE);
	step(&walk, MIB2, PG_2M, PAGE_SPLIT);
	walk_unit_small(&walk, MIB2);
	walk_unit_small(&walk, 2 * MIB2);
	walk_unit_small(&walk, 3 * MIB2);
	step(&walk, 4 * MIB2, PG_4K, PAGE_DONE);
	assert_over(&walk);
}

/* Another range is other memory of the host. */
static void a_split_ends_with_the_range(void **state)
{
	(void)state;
	struct page_walk walk = { 0 };
	page_walk_begin(&walk, range(0, MIB2), false);
	step(&walk, 0, PG_2M, PAGE_SPLIT);
	walk_unit_small(&walk, 0);
	assert_over(&walk);
	page_walk_begin(&walk, range(MIB2, MIB2), false);
	step(&walk, MIB2, PG_2M, PAGE_DONE);
	assert_over(&walk);
}

/* A split begins a page anew: what was waited for before does not count for it. */
static void a_split_begins_the_retries_anew(void **state)
{
	(void)state;
	struct page_walk walk = { 0 };
	page_walk_begin(&walk, range(0, MIB2), false);
	for (unsigned i = 0; i < PAGE_WALK_RETRIES; i++) {
		step(&walk, 0, PG_2M, PAGE_RETRY);
	}
	step(&walk, 0, PG_2M, PAGE_SPLIT);
	step(&walk, 0, PG_4K, PAGE_RETRY);
	step(&walk, 0, PG_4K, PAGE_DONE);
}

static void retries_are_bounded_per_page(void **state)
{
	(void)state;
	struct page_walk walk = { 0 };
	page_walk_begin(&walk, range(0, 2 * MIB2), false);
	for (unsigned i = 0; i < PAGE_WALK_RETRIES; i++) {
		step(&walk, 0, PG_2M, PAGE_RETRY);
	}
	step(&walk, 0, PG_2M, PAGE_DONE);
	for (unsigned i = 0; i < PAGE_WALK_RETRIES; i++) {
		step(&walk, MIB2, PG_2M, PAGE_RETRY);
	}
	assert_int_equal(page_walk_report(&walk, PAGE_RETRY), ST_TIMEOUT);
	assert_int_equal(walk.cursor, MIB2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ragged_edges_are_small),
		cmocka_unit_test(a_unit_less_one_page_is_small),
		cmocka_unit_test(a_split_lasts_to_the_end_of_the_range),
		cmocka_unit_test(a_split_ends_with_the_range),
		cmocka_unit_test(a_split_begins_the_retries_anew),
		cmocka_unit_test(retries_are_bounded_per_page),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
