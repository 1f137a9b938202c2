// The frames of a TD's private memory, by GPA: taken at the first use, given back page by page.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/mmu/guest_frames.h"

#include <stddef.h>

#include "arch/base/mem.h"
#include "arch/x86/paging.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/vmm/init/frames.h"
#include "boot-tests/vmm/td/reclaim.h"

static hpa_t frame_take(const struct guest_frames *frames, enum pg_level level)
{
	hpa_t frame = frames_take(level);
	if (frames->dirty) {
		memset(hpa_ptr(frame), MACHINE_FILL, pg_size(level));
	}
	return frame;
}

static struct guest_block *guest_block_of(const struct guest_frames *frames, uint64_t address)
{
	return &frames->blocks[guest_block(address, frames->block_count)];
}

static uint64_t *small_frames(struct guest_block *block)
{
	if (block->small == NULL) {
		block->small = hpa_ptr(frames_take_page());
		memset(block->small, 0, pg_size(PG_4K));
	}
	return block->small;
}

static hpa_t page_of_large(const struct guest_block *block, gpa_t address)
{
	return hpa(block->large.v + pt_index(address.v, PG_4K) * pg_size(PG_4K));
}

static enum pg_level block_get(struct guest_frames *frames, gpa_t address, enum pg_level level,
			       hpa_t *page)
{
	struct guest_block *block = guest_block_of(frames, address.v);
	if (level == PG_2M && block->large.v == 0 && block->small == NULL) {
		block->large = frame_take(frames, PG_2M);
	}
	if (block->large.v != 0) {
		*page = page_of_large(block, address);
		return PG_2M;
	}
	uint64_t *frame = &small_frames(block)[pt_index(address.v, PG_4K)];
	*frame = *frame != 0 ? *frame : frame_take(frames, PG_4K).v;
	*page = hpa(*frame);
	return PG_4K;
}

enum pg_level guest_frames_get(struct guest_frames *frames, gpa_t address, enum pg_level level,
			       hpa_t *page)
{
	spin_lock(&frames->lock);
	level = block_get(frames, address, level, page);
	spin_unlock(&frames->lock);
	return level;
}

static hpa_t block_find(const struct guest_block *block, gpa_t address)
{
	if (block->large.v != 0) {
		return page_of_large(block, address);
	}
	return hpa(block->small != NULL ? block->small[pt_index(address.v, PG_4K)] : 0);
}

bool guest_frames_find(struct guest_frames *frames, gpa_t address, hpa_t *page)
{
	spin_lock(&frames->lock);
	hpa_t found = block_find(guest_block_of(frames, address.v), address);
	spin_unlock(&frames->lock);
	if (found.v == 0) {
		return false;
	}
	*page = found;
	return true;
}

static void block_split(struct guest_block *block)
{
	uint64_t *small = small_frames(block);
	for (unsigned i = 0; i < PT_ENTRIES; i++) {
		small[i] = block->large.v + i * pg_size(PG_4K);
	}
	block->large = hpa(0);
}

void guest_frames_split(struct guest_frames *frames, gpa_t address)
{
	spin_lock(&frames->lock);
	struct guest_block *block = guest_block_of(frames, address.v);
	if (block->large.v != 0) {
		block_split(block);
	}
	spin_unlock(&frames->lock);
}

/* The part of [at, end) that lies in one block; returns where it ends. */
static uint64_t give_portion(struct guest_block *block, uint64_t at, uint64_t end)
{
	uint64_t base = align_down(at, GUEST_BLOCK_SIZE);
	uint64_t stop = end - base < GUEST_BLOCK_SIZE ? end : base + GUEST_BLOCK_SIZE;
	if (block->large.v != 0) {
		CHECK(at == base && stop - base == GUEST_BLOCK_SIZE);
		frames_give(block->large, PG_2M);
		block->large = hpa(0);
	}
	for (; block->small != NULL && at < stop; at += pg_size(PG_4K)) {
		uint64_t *frame = &block->small[pt_index(at, PG_4K)];
		if (*frame != 0) {
			frames_give(hpa(*frame), PG_4K);
			*frame = 0;
		}
	}
	return stop;
}

void guest_frames_give(struct guest_frames *frames, gpa_t start, gpa_t end)
{
	spin_lock(&frames->lock);
	for (uint64_t at = start.v; at < end.v;) {
		at = give_portion(guest_block_of(frames, at), at, end.v);
	}
	spin_unlock(&frames->lock);
}

static enum status reclaim_block(struct guest_block *block, struct seam_failure *failure)
{
	if (block->large.v != 0) {
		TRY(reclaim_frame(block->large, PG_2M, failure));
		block->large = hpa(0);
	}
	for (unsigned i = 0; block->small != NULL && i < PT_ENTRIES; i++) {
		if (block->small[i] != 0) {
			TRY(reclaim_frame(hpa(block->small[i]), PG_4K, failure));
			block->small[i] = 0;
		}
	}
	if (block->small != NULL) {
		frames_give_page(ptr_hpa(block->small));
		block->small = NULL;
	}
	return ST_OK;
}

enum status guest_frames_reclaim(struct guest_frames *frames, struct seam_failure *failure)
{
	for (uint64_t i = 0; i < frames->block_count; i++) {
		TRY(reclaim_block(&frames->blocks[i], failure));
	}
	return ST_OK;
}
