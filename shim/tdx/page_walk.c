// The page iterator.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/tdx/page_walk.h"

#include "arch/base/check.h"

void page_walk_begin(struct page_walk *walk, struct gpa_range range, bool small)
{
	walk->cursor = range.base.v;
	walk->end = gpa_range_end(range);
	walk->retries = 0;
	walk->small = small;
}

bool page_walk_next(const struct page_walk *walk, gpa_t *page, enum pg_level *level)
{
	if (walk->cursor >= walk->end) {
		return false;
	}
	bool large = !walk->small && is_aligned(walk->cursor, pg_size(PG_2M)) &&
		     walk->end - walk->cursor >= pg_size(PG_2M);
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
		return ST_OK;
	case PAGE_RETRY:
		if (walk->retries == PAGE_WALK_RETRIES) {
			return ST_TIMEOUT;
		}
		walk->retries++;
		return ST_OK;
	case PAGE_SPLIT:
		CHECK(level == PG_2M);
		walk->small = true;
		walk->retries = 0;
		return ST_OK;
	}
	bug(__FILE__, __LINE__, "a page outcome that does not exist");
}
