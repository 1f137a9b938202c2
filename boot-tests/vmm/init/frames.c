// The frame allocator: a bump pointer and lists of the free frames' numbers.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/init/frames.h"

#include <stdbool.h>
#include <stddef.h>

#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "boot-tests/machine/exit.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/spinlock.h"
#include "boot-tests/module/seamcall.h"

#define PAGES_OF_LARGE (pg_size(PG_2M) / pg_size(PG_4K))

/* What 4 KiB frames are used for. */
enum use { USE_TD, USE_PAGE, USES };

/* Numbers of free frames of one size: those for TDs from the first slot up, pages from the last one
 * down. There is a slot for each frame. */
struct free_list {
	uint32_t *slots;
	uint64_t slot_count;
	uint64_t count[USES];
};

/* The rest of the 2 MiB frame that is being cut. */
struct cut {
	uint64_t next, end;
};

static struct {
	struct spinlock lock;
	uint64_t base, bump, end;
	struct free_list small, large;
	uint16_t *free_in; /* for join_frames(): of each 2 MiB, how many small ones are free */
	struct cut cuts[USES];
	uint64_t taken;
} pool;

void frames_init(hpa_t base, hpa_t end)
{
	CHECK(is_aligned(base.v, pg_size(PG_2M)) && base.v < end.v);
	memset(&pool, 0, sizeof(pool));
	pool.base = base.v;
	pool.end = align_down(end.v, pg_size(PG_2M));
	pool.small.slots = hpa_ptr(base);
	pool.small.slot_count = (pool.end - base.v) / pg_size(PG_4K);
	pool.large.slots = pool.small.slots + pool.small.slot_count;
	pool.large.slot_count = (pool.end - base.v) / pg_size(PG_2M);
	pool.free_in = (uint16_t *)(pool.large.slots + pool.large.slot_count);
	pool.bump = align_up(ptr_hpa(pool.free_in + pool.large.slot_count).v, pg_size(PG_2M));
}

static uint32_t *slot(const struct free_list *list, enum use use, uint64_t index)
{
	return &list->slots[use == USE_TD ? index : list->slot_count - 1 - index];
}

static void list_add(struct free_list *list, enum use use, hpa_t frame, enum pg_level level)
{
	CHECK(list->count[USE_TD] + list->count[USE_PAGE] < list->slot_count);
	*slot(list, use, list->count[use]++) = (uint32_t)((frame.v - pool.base) / pg_size(level));
}

static hpa_t list_take(struct free_list *list, enum use use, enum pg_level level)
{
	if (list->count[use] == 0) {
		return hpa(0);
	}
	return hpa(pool.base + *slot(list, use, --list->count[use]) * pg_size(level));
}

static hpa_t take_bump(uint64_t size)
{
	if (pool.end - pool.bump < size) {
		return hpa(0);
	}
	hpa_t frame = hpa(pool.bump);
	pool.bump += size;
	return frame;
}

/* What was a large page of a TD, and was cut or split, is one again where all of it is free. */
static void join_frames(void)
{
	struct free_list *small = &pool.small;
	uint64_t count = small->count[USE_TD];
	memset(pool.free_in, 0, pool.large.slot_count * sizeof(*pool.free_in));
	for (uint64_t i = 0; i < count; i++) {
		pool.free_in[*slot(small, USE_TD, i) / PAGES_OF_LARGE]++;
	}
	small->count[USE_TD] = 0;
	for (uint64_t i = 0; i < count; i++) {
		uint32_t number = *slot(small, USE_TD, i);
		if (pool.free_in[number / PAGES_OF_LARGE] < PAGES_OF_LARGE) {
			*slot(small, USE_TD, small->count[USE_TD]++) = number;
		} else if (number % PAGES_OF_LARGE == 0) {
			list_add(&pool.large, USE_TD, hpa(pool.base + number * pg_size(PG_4K)),
				 PG_2M);
		}
	}
}

static hpa_t take_2m(void)
{
	hpa_t frame = list_take(&pool.large, USE_TD, PG_2M);
	if (frame.v == 0) {
		frame = take_bump(pg_size(PG_2M));
	}
	if (frame.v == 0) {
		join_frames();
		frame = list_take(&pool.large, USE_TD, PG_2M);
	}
	return frame;
}

static hpa_t take_cut(struct cut *cut)
{
	if (cut->next == cut->end) {
		return hpa(0);
	}
	hpa_t frame = hpa(cut->next);
	cut->next += pg_size(PG_4K);
	return frame;
}

/* A 4 KiB frame for which no other 2 MiB frame need be cut; 0: there is none. */
static hpa_t take_open(enum use use)
{
	hpa_t frame = list_take(&pool.small, use, PG_4K);
	return frame.v != 0 ? frame : take_cut(&pool.cuts[use]);
}

static hpa_t take_4k(enum use use)
{
	hpa_t frame = take_open(use);
	if (frame.v != 0) {
		return frame;
	}
	hpa_t block = take_2m();
	if (block.v == 0) {
		return take_open(use == USE_TD ? USE_PAGE : USE_TD);
	}
	pool.cuts[use] = (struct cut){ block.v, block.v + pg_size(PG_2M) };
	return take_cut(&pool.cuts[use]);
}

static hpa_t frames_take_run(enum use use, enum pg_level level)
{
	CHECK(level <= PG_2M);
	spin_lock(&pool.lock);
	hpa_t frame = level == PG_2M ? take_2m() : take_4k(use);
	pool.taken += frame.v != 0 ? pg_size(level) : 0;
	spin_unlock(&pool.lock);
	if (frame.v == 0) {
		machine_exit(EXIT_TD_STOPPED, "the host has no free frame left: 0x%llx bytes taken",
			     (unsigned long long)pool.taken);
	}
	return frame;
}

static void give(enum use use, hpa_t frame, enum pg_level level)
{
	CHECK(level <= PG_2M && is_aligned(frame.v, pg_size(level)) && frame.v >= pool.base &&
	      frame.v < pool.end);
	spin_lock(&pool.lock);
	CHECK(pool.taken >= pg_size(level));
	list_add(level == PG_2M ? &pool.large : &pool.small, use, frame, level);
	pool.taken -= pg_size(level);
	spin_unlock(&pool.lock);
}

hpa_t frames_take(enum pg_level level)
{
	return frames_take_run(USE_TD, level);
}

void frames_give(hpa_t frame, enum pg_level level)
{
	give(USE_TD, frame, level);
}

hpa_t frames_take_page(void)
{
	hpa_t frame = frames_take_run(USE_PAGE, PG_4K);
	module_host_own(frame, pg_size(PG_4K));
	return frame;
}

void frames_give_page(hpa_t frame)
{
	give(USE_PAGE, frame, PG_4K);
}

void *frames_try_span(uint64_t size)
{
	uint64_t span = align_up(size, pg_size(PG_2M));
	CHECK(span >= size);
	spin_lock(&pool.lock);
	hpa_t base = span == pg_size(PG_2M) ? take_2m() : take_bump(span);
	pool.taken += base.v != 0 ? span : 0;
	spin_unlock(&pool.lock);
	return base.v == 0 ? NULL : hpa_ptr(base);
}

void *frames_take_span(uint64_t size)
{
	void *span = frames_try_span(size);
	if (span == NULL) {
		machine_exit(EXIT_TD_STOPPED, "the host has no 0x%llx contiguous bytes",
			     (unsigned long long)size);
	}
	module_host_own(ptr_hpa(span), align_up(size, pg_size(PG_2M)));
	return span;
}

/* Is the span the end of what was ever taken? Then that end moves back. */
static bool unbump(uint64_t base, uint64_t size)
{
	spin_lock(&pool.lock);
	bool last = base + size == pool.bump;
	if (last) {
		CHECK(pool.taken >= size);
		pool.bump = base;
		pool.taken -= size;
	}
	spin_unlock(&pool.lock);
	return last;
}

void frames_give_span(void *span, uint64_t size)
{
	uint64_t base = ptr_hpa(span).v;
	uint64_t whole = align_up(size, pg_size(PG_2M));
	CHECK(is_aligned(base, pg_size(PG_2M)));
	if (unbump(base, whole)) {
		return;
	}
	for (uint64_t at = 0; at < whole; at += pg_size(PG_2M)) {
		frames_give(hpa(base + at), PG_2M);
	}
}

uint64_t frames_taken(void)
{
	return pool.taken;
}
