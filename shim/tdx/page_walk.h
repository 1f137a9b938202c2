// Walks a range page by page, 2 MiB where it can, 4 KiB where it must, with closed outcomes.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
//	page_walk_begin(&walk, range, false);
//	while (page_walk_next(&walk, &page, &level)) {
//		TRY(page_walk_report(&walk, outcome of the call for page and level));
//	}
//
// The first unit that must be split makes the rest of the range one of 4 KiB pages: a host that has
// no others, as KVM, costs one call more for a range, whatever its size. The walk ends after at
// most PAGE_WALK_RETRIES + 1 calls per page and that one, whatever the outcomes are.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/base/status.h"

/* Retries of one page. A busy entry is another vCPU's or the host's for some microseconds. */
#define PAGE_WALK_RETRIES 10000

struct page_walk {
	uint64_t cursor;
	uint64_t end;
	bool small;       /* a unit was split: pages of 4 KiB from there to the end */
	unsigned retries; /* of the page at cursor */
};

enum page_outcome {
	PAGE_DONE,
	PAGE_RETRY, /* the same page again */
	PAGE_SPLIT, /* from cursor on in pages of 4 KiB; only for a page of 2 MiB */
};

/* Starts on a range; of an earlier one nothing is left. small: it has pages of 4 KiB only. */
void page_walk_begin(struct page_walk *walk, struct gpa_range range, bool small);

/* False when the range is done. */
bool page_walk_next(const struct page_walk *walk, gpa_t *page, enum pg_level *level);

/* ST_TIMEOUT: too many retries of this page. */
enum status page_walk_report(struct page_walk *walk, enum page_outcome outcome) MUST_CHECK;
