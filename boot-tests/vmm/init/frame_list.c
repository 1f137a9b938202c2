// A list of 4 KiB frames, kept in frames of the allocator: what was lent and must come back.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/init/frame_list.h"

#include <stddef.h>
#include <stdint.h>

#include "arch/base/abi.h"
#include "arch/base/check.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/vmm/init/frames.h"

#define CHUNK_FRAMES 510

/* Frames of a list, one at least. */
struct frame_chunk {
	struct frame_chunk *before;
	uint64_t count;
	hpa_t frames[CHUNK_FRAMES];
};
ABI_SIZE(struct frame_chunk, 4096);

void frame_list_add(struct frame_list *list, hpa_t frame)
{
	struct frame_chunk *chunk = list->last;
	if (chunk == NULL || chunk->count == CHUNK_FRAMES) {
		chunk = hpa_ptr(frames_take_page());
		chunk->before = list->last;
		chunk->count = 0;
		list->last = chunk;
	}
	chunk->frames[chunk->count++] = frame;
}

uint64_t frame_list_count(const struct frame_list *list)
{
	uint64_t count = 0;
	for (const struct frame_chunk *chunk = list->last; chunk != NULL; chunk = chunk->before) {
		count += chunk->count;
	}
	return count;
}

bool frame_list_last(const struct frame_list *list, hpa_t *frame)
{
	if (list->last == NULL) {
		return false;
	}
	*frame = list->last->frames[list->last->count - 1];
	return true;
}

void frame_list_drop(struct frame_list *list)
{
	struct frame_chunk *chunk = list->last;
	CHECK(chunk != NULL);
	chunk->count--;
	if (chunk->count == 0) {
		list->last = chunk->before;
		frames_give_page(ptr_hpa(chunk));
	}
}
