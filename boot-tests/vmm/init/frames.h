// Host frames that the VMM gives to the module, to the TD and to its own tables.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
//   base                    bump                                      end
//    +--- given out or in a free list ---+------ untouched -----------+
//
// A 2 MiB frame is cut into 4 KiB frames when there is no free one; they are never joined again.
// A frame that comes back keeps its bytes: who takes it clears what must be clear.
#pragma once

#include <stdint.h>

#include "arch/base/addr.h"

/* Before all others: all frames of [base, end) are free. base is 2 MiB aligned. */
void frames_init(hpa_t base, hpa_t end);

/* level: PG_4K or PG_2M. Stops the machine when there is no memory left. */
hpa_t frames_take(enum pg_level level);
void frames_give(hpa_t frame, enum pg_level level);

/* Contiguous memory, 2 MiB aligned; the second is null when there is none, and does not stop. */
void *frames_take_span(uint64_t size);
void *frames_try_span(uint64_t size);
/* The span taken last can be taken again as one; an older one becomes 2 MiB frames. */
void frames_give_span(void *span, uint64_t size);

/* Bytes taken and not given back. */
uint64_t frames_taken(void);
