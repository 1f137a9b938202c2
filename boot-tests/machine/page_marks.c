// Which memory was ever written, so that zeroes need not be written where QEMU has them already.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/page_marks.h"

#include "arch/base/bits.h"
#include "arch/base/check.h"
#include "arch/x86/paging.h"

#define WORD_PAGES 64

static struct {
	uint64_t base, end;
	uint64_t *areas, *guests;
} marks;

void page_marks_init(hpa_t base, hpa_t end, uint64_t *areas, uint64_t *guests)
{
	CHECK(is_aligned(base.v, pg_size(PG_2M)) && is_aligned(end.v, pg_size(PG_4K)) &&
	      base.v <= end.v);
	marks.base = base.v;
	marks.end = end.v;
	marks.areas = areas;
	marks.guests = guests;
}

static bool is_known(hpa_t page, enum pg_level level)
{
	return page.v >= marks.base && page.v < marks.end && marks.end - page.v >= pg_size(level);
}

static uint64_t *area_of(uint64_t address)
{
	return &marks.areas[(address - marks.base) / pg_size(PG_2M)];
}

/* The bits of a page of either size, which are in whole words or in one. */
struct bits {
	uint64_t *first;
	unsigned words;
	uint64_t mask;
};

static struct bits bits_of(hpa_t page, enum pg_level level)
{
	CHECK(level <= PG_2M && is_aligned(page.v, pg_size(level)));
	uint64_t number = (page.v - marks.base) / pg_size(PG_4K);
	if (level == PG_2M) {
		return (struct bits){ &marks.guests[number / WORD_PAGES], PT_ENTRIES / WORD_PAGES,
				      UINT64_MAX };
	}
	return (struct bits){ &marks.guests[number / WORD_PAGES], 1, BIT64(number % WORD_PAGES) };
}

static bool any_guest(hpa_t page, enum pg_level level)
{
	struct bits bits = bits_of(page, level);
	uint64_t any = 0;
	for (unsigned i = 0; i < bits.words; i++) {
		any |= __atomic_load_n(&bits.first[i], __ATOMIC_ACQUIRE) & bits.mask;
	}
	return any != 0;
}

bool page_untouched(hpa_t page, enum pg_level level)
{
	return is_known(page, level) &&
	       (__atomic_load_n(area_of(page.v), __ATOMIC_ACQUIRE) & PTE_D) == 0 &&
	       !any_guest(page, level);
}

void page_touch(hpa_t base, uint64_t size)
{
	uint64_t end = base.v + size;
	CHECK(end >= base.v);
	uint64_t from = base.v > marks.base ? base.v : marks.base;
	uint64_t to = end < marks.end ? end : marks.end;
	for (uint64_t at = from; at < to; at = align_down(at, pg_size(PG_2M)) + pg_size(PG_2M)) {
		__atomic_fetch_or(area_of(at), PTE_D, __ATOMIC_RELEASE);
	}
}

void page_mark_guest(hpa_t page, enum pg_level level)
{
	CHECK(is_known(page, level));
	struct bits bits = bits_of(page, level);
	for (unsigned i = 0; i < bits.words; i++) {
		__atomic_fetch_or(&bits.first[i], bits.mask, __ATOMIC_RELEASE);
	}
}

bool page_is_guest(hpa_t page)
{
	return is_known(page, PG_4K) && any_guest(page, PG_4K);
}

void page_clear_guest(hpa_t page)
{
	CHECK(is_known(page, PG_4K));
	struct bits bits = bits_of(page, PG_4K);
	__atomic_fetch_and(bits.first, ~bits.mask, __ATOMIC_RELEASE);
}
