// A list of 4 KiB frames, kept in frames of the allocator: what was lent and must come back.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/addr.h"

struct frame_chunk;

/* All zero: an empty list. */
struct frame_list {
	struct frame_chunk *last;
};

void frame_list_add(struct frame_list *list, hpa_t frame);
uint64_t frame_list_count(const struct frame_list *list);
/* The frame that was added last and is still there; false when there is none. */
bool frame_list_last(const struct frame_list *list, hpa_t *frame);
/* Takes the frame that was added last out of the list, which is not empty. */
void frame_list_drop(struct frame_list *list);
