// Tests of the frame allocator: what it writes to frames, and which frames stand beside which.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/init/frames.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "boot-tests/machine/exit.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/page_marks.h"

#define PAGE UINT64_C(0x1000)
#define BLOCK UINT64_C(0x200000)
#define BLOCKS 8
#define FILL 0xA5
#define PAGES_OF_BLOCK 512

static uint8_t *pool;
static uint64_t areas[BLOCKS], guests[BLOCKS * PAGES_OF_BLOCK / 64];
static jmp_buf stopped;

_Noreturn void machine_exit(enum machine_exit_code code, const char *format, ...)
{
	assert_int_equal(code, EXIT_TD_STOPPED);
	assert_non_null(strstr(format, "no free frame"));
	longjmp(stopped, 1);
}

static int set_up(void **state)
{
	(void)state;
	if (pool == NULL) {
		pool = aligned_alloc(BLOCK, BLOCKS * BLOCK);
	}
	assert_non_null(pool);
	memset(pool, FILL, BLOCKS * BLOCK);
	memset(areas, 0, sizeof(areas));
	memset(guests, 0, sizeof(guests));
	hpa_t end = hpa(ptr_hpa(pool).v + BLOCKS * BLOCK);
	page_marks_init(ptr_hpa(pool), end, areas, guests);
	frames_init(ptr_hpa(pool), end);
	return 0;
}

static bool is_filled(hpa_t frame, uint64_t size)
{
	const uint8_t *bytes = hpa_ptr(frame);
	return bytes[0] == FILL && memcmp(bytes, bytes + 1, size - 1) == 0;
}

static uint64_t block_of(hpa_t frame)
{
	return align_down(frame.v, BLOCK);
}

static void nothing_is_written_to_frames(void **state)
{
	(void)state;
	hpa_t frames[PAGES_OF_BLOCK + 1];
	for (unsigned round = 0; round < 2; round++) {
		hpa_t large = frames_take(PG_2M);
		for (unsigned i = 0; i <= PAGES_OF_BLOCK; i++) {
			frames[i] = frames_take(PG_4K);
			assert_true(is_aligned(frames[i].v, PAGE));
		}
		assert_int_equal(frames_taken(), BLOCK + (PAGES_OF_BLOCK + 1) * PAGE);
		for (unsigned i = 0; i <= PAGES_OF_BLOCK; i++) {
			assert_true(page_untouched(frames[i], PG_4K));
			assert_true(is_filled(frames[i], PAGE));
			frames_give(frames[i], PG_4K);
		}
		assert_true(is_filled(large, BLOCK));
		frames_give(large, PG_2M);
		assert_int_equal(frames_taken(), 0);
	}
	/* What came back last is given out first, by size. */
	assert_int_equal(frames_take(PG_4K).v, frames[PAGES_OF_BLOCK].v);
	assert_int_equal(frames_take(PG_4K).v, frames[PAGES_OF_BLOCK - 1].v);
}

static void pages_stand_apart(void **state)
{
	(void)state;
	hpa_t td = frames_take(PG_4K);
	hpa_t page = frames_take_page();
	assert_int_not_equal(block_of(td), block_of(page));
	assert_int_equal(block_of(frames_take(PG_4K)), block_of(td));
	assert_int_equal(block_of(frames_take_page()), block_of(page));
	frames_give(td, PG_4K);
	frames_give_page(page);
	assert_int_equal(frames_take_page().v, page.v);
	assert_int_equal(frames_take(PG_4K).v, td.v);
	/* A page is the host's: it may be written from now on. The TDs' frames are not touched. */
	assert_false(page_untouched(page, PG_4K));
	assert_true(page_untouched(td, PG_4K));
}

static void a_page_shows_nothing_of_a_td(void **state)
{
	(void)state;
	hpa_t page = frames_take_page();
	assert_true(is_filled(page, PAGE));
	page_mark_guest(page, PG_4K);
	frames_give_page(page);
	assert_int_equal(frames_take_page().v, page.v);
	assert_false(page_is_guest(page));
	const uint8_t *bytes = hpa_ptr(page);
	for (unsigned i = 0; i < PAGE; i += 8) {
		assert_int_not_equal(*(const uint64_t *)(bytes + i), UINT64_C(0xA5A5A5A5A5A5A5A5));
	}
}

static hpa_t take(bool kept)
{
	return kept ? frames_take_page() : frames_take(PG_4K);
}

static struct {
	unsigned count;
	hpa_t last;
} taken; /* kept over the longjmp */

/* Until there is none. */
static void take_all(bool kept, hpa_t first)
{
	taken.count = 0;
	if (setjmp(stopped) == 0) {
		for (;;) {
			taken.last = take(kept);
			assert_int_not_equal(taken.last.v, first.v);
			taken.count++;
		}
	}
}

/* Each kind takes what is left of the other before there is none. */
static void all_frames_can_be_taken(bool kept)
{
	/* One of each, and one that was used for the other. */
	hpa_t first = take(!kept);
	hpa_t second = take(!kept);
	if (kept) {
		frames_give(second, PG_4K);
	} else {
		frames_give_page(second);
	}
	take_all(kept, first);
	/* One block is the allocator's own. */
	assert_int_equal(1 + taken.count, (BLOCKS - 1) * PAGES_OF_BLOCK);
	assert_int_equal(frames_taken(), (BLOCKS - 1) * BLOCK);
	assert_null(frames_try_span(1));
	frames_give(taken.last, PG_4K);
	assert_int_equal(take(kept).v, taken.last.v);
}

static void all_frames_of_a_td(void **state)
{
	(void)state;
	all_frames_can_be_taken(false);
}

static void all_frames_of_the_host(void **state)
{
	(void)state;
	all_frames_can_be_taken(true);
}

static void spans(void **state)
{
	(void)state;
	void *one = frames_take_span(BLOCK + 1);
	void *two = frames_take_span(1);
	assert_int_equal(frames_taken(), 3 * BLOCK);
	assert_false(page_untouched(ptr_hpa(one), PG_2M));
	assert_false(page_untouched(hpa(ptr_hpa(one).v + BLOCK), PG_2M));
	frames_give_span(two, 1);
	assert_ptr_equal(frames_take_span(BLOCK), two);
	frames_give_span(one, BLOCK + 1); /* not the last one: it is frames now */
	void *small = frames_take_span(1);
	assert_int_equal(ptr_hpa(small).v, ptr_hpa(one).v + BLOCK);
	frames_give_span(small, 1);
	assert_int_equal(frames_take(PG_2M).v, ptr_hpa(one).v + BLOCK);
	assert_int_equal(frames_take(PG_2M).v, ptr_hpa(one).v);
	assert_int_equal(frames_taken(), 3 * BLOCK);
	assert_null(frames_try_span((BLOCKS - 3) * BLOCK));
}

/* All memory in small frames, of which but one come back: each 2 MiB is whole again, but that
 * one's. */
static void small_frames_are_joined(void **state)
{
	(void)state;
	static hpa_t all[(BLOCKS - 1) * PAGES_OF_BLOCK];
	const unsigned kept = 2 * PAGES_OF_BLOCK + 7;
	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		all[i] = frames_take(PG_4K);
	}
	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (i != kept) {
			frames_give(all[i], PG_4K);
		}
	}
	for (unsigned i = 0; i < BLOCKS - 2; i++) {
		hpa_t frame = frames_take(PG_2M);
		assert_true(is_aligned(frame.v, BLOCK));
		assert_int_not_equal(frame.v, block_of(all[kept]));
	}
	assert_null(frames_try_span(1));
	frames_give(all[kept], PG_4K);
	assert_int_equal(frames_take(PG_2M).v, block_of(all[kept]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_is_written_to_frames, set_up),
		cmocka_unit_test_setup(pages_stand_apart, set_up),
		cmocka_unit_test_setup(a_page_shows_nothing_of_a_td, set_up),
		cmocka_unit_test_setup(all_frames_of_a_td, set_up),
		cmocka_unit_test_setup(all_frames_of_the_host, set_up),
		cmocka_unit_test_setup(spans, set_up),
		cmocka_unit_test_setup(small_frames_are_joined, set_up),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(pool);
	return failed;
}
