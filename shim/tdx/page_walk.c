// The page iterator.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/tdx/page_walk.h"

#include "arch/base/check.h"

/*
 * After n units in a row that had to be split, so many more are walked in 4 KiB pages without
 * asking: 0, 1, 2, 4 ... A host that backs all with 4 KiB costs a few wasted calls, one that does
 * so here and there still gets 2 MiB pages.
 */
#define MAX_UNITS_SKIPPED 64

static uint64_t units_skipped(unsigned streak)
{
	if (streak < 2) {
		return 0;
	}
	return streak < 8 ? BIT64(streak - 2) : MAX_UNITS_SKIPPED;
}

void page_walk_begin(struct page_walk *walk, struct gpa_range range)
{
	walk->cursor = range.base.v;
	walk->end = gpa_range_end(range);
	walk->retries = 0;
}

bool page_walk_next(const struct page_walk *walk, gpa_t *page, enum pg_level *level)
{
	if (walk->cursor >= walk->end) {
		return false;
	}
	bool large = is_aligned(walk->cursor, pg_size(PG_2M)) &&
		     walk->end - walk->cursor >= pg_size(PG_2M) &&
		     walk->cursor >= walk->small_until;
	*page = gpa(walk->cursor);
	*level = large ? PG_2M : PG_4K;
	return true;
}

enum status page_walk_report(struct page_walk *walk, enum page_outcome outcome)
{
	gpa_t page;
	enum pg_level level;
	CHECK(page_walk_next(walk, &page, &level));
	switch (outcome) {
	case PAGE_DONE:
		walk->cursor += pg_size(level);
		walk->retries = 0;
		if (level == PG_2M) {
			walk->streak = 0;
		}
		return ST_OK;
	case PAGE_RETRY:
		if (walk->retries == PAGE_WALK_RETRIES) {
			return ST_TIMEOUT;
		}
		walk->retries++;
		return ST_OK;
	case PAGE_SPLIT:
		CHECK(level == PG_2M);
		walk->streak++;
		walk->retries = 0;
		walk->small_until =
			walk->cursor + pg_size(PG_2M) * (1 + units_skipped(walk->streak));
		return ST_OK;
	}
	bug(__FILE__, __LINE__, "a page outcome that does not exist");
}
