// Host frames: memory for TDs, and pages that the host or the module writes.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
//   base              bump                                      end
//    +-- free lists --+--- given out or free ---+-- untouched ---+
//
// Free frames are listed outside of them: giving one back and taking it writes nothing to it. A
// 2 MiB frame is cut into 4 KiB frames when there is no free one; those for TDs are joined again
// when there is nothing else left. Memory of TDs and pages are cut from different ones: of the
// former QEMU then need not have what no TD has written (page_marks.h).
#pragma once

#include <stdint.h>

#include "arch/base/addr.h"

/* Before all others: all frames of [base, end) are free. base is 2 MiB aligned. */
void frames_init(hpa_t base, hpa_t end);

/* Memory for a TD, PG_4K or PG_2M, in which there is what its last user left. Stops the machine
 * when there is no memory left. */
hpa_t frames_take(enum pg_level level);
void frames_give(hpa_t frame, enum pg_level level);
/* A frame of 4 KiB for what the host or the module writes at once; the host's loads and stores may
 * reach it, and find nothing of a TD. */
hpa_t frames_take_page(void);
void frames_give_page(hpa_t frame);

/* Contiguous memory, 2 MiB aligned: for the host, as frames_take_page(), which stops the machine
 * when there is none; for the module, with what its last user left, or null. Up to 2 MiB it may be
 * a free frame: lives of TDs that take and give back do not use memory up. */
void *frames_take_span(uint64_t size);
void *frames_try_span(uint64_t size);
/* Gives a span back. The one taken last can be taken again as one; an older one becomes 2 MiB
 * frames. */
void frames_give_span(void *span, uint64_t size);

/* Bytes taken and not given back. */
uint64_t frames_taken(void);
