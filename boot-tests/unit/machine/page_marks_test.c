// Tests of what is known of memory: dirty areas, guests' pages, and where the known memory ends.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/page_marks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "arch/x86/paging.h"

#define PAGE UINT64_C(0x1000)
#define BLOCK UINT64_C(0x200000)
#define BASE UINT64_C(0x204000000)
#define AREAS 4
/* The last area is known in part. */
#define END (BASE + (AREAS - 1) * BLOCK + 3 * PAGE)

static uint64_t areas[AREAS + 1];
static uint64_t guests[AREAS * 8 + 1];

static int set_up(void **state)
{
	(void)state;
	memset(areas, 0, sizeof(areas));
	memset(guests, 0, sizeof(guests));
	page_marks_init(hpa(BASE), hpa(END), areas, guests);
	return 0;
}

/* The pages in which a mark shows, of [BASE, BASE + AREAS * BLOCK). */
static unsigned touched_pages(void)
{
	unsigned count = 0;
	for (uint64_t at = BASE; at < END; at += PAGE) {
		count += !page_untouched(hpa(at), PG_4K);
	}
	return count;
}

static void nothing_is_known_outside(void **state)
{
	(void)state;
	const uint64_t outside[] = { 0, BASE - PAGE, END, END + BLOCK, UINT64_MAX - PAGE + 1 };
	for (unsigned i = 0; i < 5; i++) {
		assert_false(page_untouched(hpa(outside[i]), PG_4K));
		assert_false(page_is_guest(hpa(outside[i])));
	}
	assert_true(page_untouched(hpa(BASE), PG_4K));
	assert_true(page_untouched(hpa(END - PAGE), PG_4K));
	assert_true(page_untouched(hpa(BASE), PG_2M));
	/* Part of it is outside. */
	assert_false(page_untouched(hpa(END - 3 * PAGE), PG_2M));
	assert_int_equal(touched_pages(), 0);
}

/* As the CPU does at the first store. */
static void a_dirty_area_is_touched(void **state)
{
	(void)state;
	areas[1] |= PTE_D;
	assert_false(page_untouched(hpa(BASE + BLOCK), PG_2M));
	assert_false(page_untouched(hpa(BASE + 2 * BLOCK - PAGE), PG_4K));
	assert_true(page_untouched(hpa(BASE + BLOCK - PAGE), PG_4K));
	assert_true(page_untouched(hpa(BASE + 2 * BLOCK), PG_2M));
	assert_false(page_is_guest(hpa(BASE + BLOCK)));
	/* No other bit of the entry means that. */
	areas[0] = ~PTE_D;
	assert_true(page_untouched(hpa(BASE), PG_2M));
}

static void touch(void **state)
{
	(void)state;
	static const struct {
		uint64_t base, size;
		unsigned first, end; /* areas */
	} cases[] = {
		{ BASE, 0, 0, 0 },
		{ BASE, 1, 0, 1 },
		{ BASE + BLOCK - 1, 1, 0, 1 },
		{ BASE + BLOCK - 1, 2, 0, 2 },
		{ BASE + BLOCK, BLOCK, 1, 2 },
		{ BASE + BLOCK, BLOCK + 1, 1, 3 },
		{ 0, BASE, 0, 0 },
		{ 0, BASE + 1, 0, 1 },
		{ END - 1, 10 * BLOCK, 3, 4 },
		{ END, BLOCK, 0, 0 },
		{ 0, UINT64_MAX, 0, AREAS },
	};
	for (unsigned i = 0; i < ARRAY_COUNT(cases); i++) {
		set_up(NULL);
		page_touch(hpa(cases[i].base), cases[i].size);
		for (unsigned area = 0; area <= AREAS; area++) {
			bool inside = area >= cases[i].first && area < cases[i].end;
			assert_int_equal(areas[area], inside ? PTE_D : 0);
		}
	}
}

static void guests_pages(void **state)
{
	(void)state;
	const uint64_t pages[] = { BASE, BASE + 63 * PAGE, BASE + 64 * PAGE, BASE + BLOCK - PAGE,
				   END - PAGE };
	for (unsigned i = 0; i < ARRAY_COUNT(pages); i++) {
		page_mark_guest(hpa(pages[i]), PG_4K);
		page_mark_guest(hpa(pages[i]), PG_4K);
		assert_true(page_is_guest(hpa(pages[i])));
		assert_false(page_untouched(hpa(pages[i]), PG_4K));
		assert_int_equal(touched_pages(), i + 1);
	}
	assert_false(page_untouched(hpa(BASE), PG_2M));
	assert_true(page_untouched(hpa(BASE + BLOCK), PG_2M));
	for (unsigned i = 0; i < ARRAY_COUNT(pages); i++) {
		page_clear_guest(hpa(pages[i]));
		assert_false(page_is_guest(hpa(pages[i])));
		assert_int_equal(touched_pages(), ARRAY_COUNT(pages) - 1 - i);
	}
}

static void guests_large_page(void **state)
{
	(void)state;
	page_mark_guest(hpa(BASE + BLOCK), PG_2M);
	assert_int_equal(touched_pages(), 512);
	assert_true(page_is_guest(hpa(BASE + BLOCK)));
	assert_true(page_is_guest(hpa(BASE + 2 * BLOCK - PAGE)));
	assert_false(page_is_guest(hpa(BASE + BLOCK - PAGE)));
	assert_false(page_is_guest(hpa(BASE + 2 * BLOCK)));
	for (uint64_t at = 0; at < BLOCK; at += PAGE) {
		assert_false(page_untouched(hpa(BASE + BLOCK), PG_2M));
		page_clear_guest(hpa(BASE + BLOCK + at));
	}
	assert_true(page_untouched(hpa(BASE + BLOCK), PG_2M));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_is_known_outside, set_up),
		cmocka_unit_test_setup(a_dirty_area_is_touched, set_up),
		cmocka_unit_test_setup(touch, set_up),
		cmocka_unit_test_setup(guests_pages, set_up),
		cmocka_unit_test_setup(guests_large_page, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
