// The frame allocator: a bump pointer and two free lists.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/init/frames.h"

#include <stdbool.h>
#include <stddef.h>

#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "boot-tests/machine/exit.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/spinlock.h"

/* The link stands in the frame itself. */
struct free_frame {
	struct free_frame *next;
};

static struct {
	struct spinlock lock;
	uint64_t base, bump, end;
	uint64_t cut, cut_end; /* the rest of the 2 MiB frame that is being cut */
	struct free_frame *free[2];
	uint64_t taken;
} pool;

void frames_init(hpa_t base, hpa_t end)
{
	CHECK(is_aligned(base.v, pg_size(PG_2M)) && base.v < end.v);
	memset(&pool, 0, sizeof(pool));
	pool.base = pool.bump = base.v;
	pool.end = align_down(end.v, pg_size(PG_2M));
}

static hpa_t take_listed(enum pg_level level)
{
	struct free_frame *frame = pool.free[level];
	if (frame == NULL) {
		return hpa(0);
	}
	pool.free[level] = frame->next;
	return ptr_hpa(frame);
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

static hpa_t take_2m(void)
{
	hpa_t frame = take_listed(PG_2M);
	return frame.v != 0 ? frame : take_bump(pg_size(PG_2M));
}

static hpa_t take_4k(void)
{
	hpa_t frame = take_listed(PG_4K);
	if (frame.v != 0) {
		return frame;
	}
	if (pool.cut == pool.cut_end) {
		pool.cut = take_2m().v;
		pool.cut_end = pool.cut == 0 ? 0 : pool.cut + pg_size(PG_2M);
	}
	if (pool.cut == 0) {
		return hpa(0);
	}
	frame = hpa(pool.cut);
	pool.cut += pg_size(PG_4K);
	return frame;
}

hpa_t frames_take(enum pg_level level)
{
	CHECK(level <= PG_2M);
	spin_lock(&pool.lock);
	hpa_t frame = level == PG_2M ? take_2m() : take_4k();
	pool.taken += frame.v != 0 ? pg_size(level) : 0;
	spin_unlock(&pool.lock);
	if (frame.v == 0) {
		machine_exit(EXIT_TD_STOPPED, "the host has no free frame left: 0x%llx bytes taken",
			     (unsigned long long)pool.taken);
	}
	return frame;
}

void frames_give(hpa_t frame, enum pg_level level)
{
	CHECK(level <= PG_2M && is_aligned(frame.v, pg_size(level)) && frame.v >= pool.base &&
	      frame.v < pool.end);
	struct free_frame *link = hpa_ptr(frame);
	spin_lock(&pool.lock);
	CHECK(pool.taken >= pg_size(level));
	link->next = pool.free[level];
	pool.free[level] = link;
	pool.taken -= pg_size(level);
	spin_unlock(&pool.lock);
}

void *frames_try_span(uint64_t size)
{
	uint64_t span = align_up(size, pg_size(PG_2M));
	CHECK(span >= size);
	spin_lock(&pool.lock);
	hpa_t base = take_bump(span);
	pool.taken += base.v != 0 ? span : 0;
	spin_unlock(&pool.lock);
	return hpa_ptr(base);
}

void *frames_take_span(uint64_t size)
{
	void *span = frames_try_span(size);
	if (span == NULL) {
		machine_exit(EXIT_TD_STOPPED, "the host has no 0x%llx contiguous bytes",
			     (unsigned long long)size);
	}
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
