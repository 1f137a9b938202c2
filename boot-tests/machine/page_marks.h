// Which memory was ever written, so that zeroes need not be written where QEMU has them already.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// QEMU's memory reads as zeroes and takes none of the computer's before its first write. Whether
// there was one is not asked of whoever uses the memory:
//   - a store of this program, by whatever pointer, sets the dirty bit of the page-table entry that
//     maps the 2 MiB: the CPU does it;
//   - a guest's stores go by other tables, so the pages that it gets are marked, one by one;
//   - what a device or other tables may reach counts as stored to from then on.
// The marks hold for as long as QEMU runs: tdrun lets no reset leave memory as it is.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/addr.h"

/* Of memory outside of [base, end) nothing is known: it is touched, and no guest's. base is 2 MiB
 * aligned. areas: the entries that map the 2 MiB areas from base on, not dirty before their first
 * store. guests: for each 4 KiB a bit, all clear. */
void page_marks_init(hpa_t base, hpa_t end, uint64_t *areas, uint64_t *guests);

/* Has nobody written to any byte of the page? Then it is zero. */
bool page_untouched(hpa_t page, enum pg_level level);
/* [base, base + size) may be written without a store of this program. */
void page_touch(hpa_t base, uint64_t size);

/* A guest may have left, or leave, bytes in the page, which is in [base, end). */
void page_mark_guest(hpa_t page, enum pg_level level);
/* Is this page of 4 KiB marked by page_mark_guest()? */
bool page_is_guest(hpa_t page);
/* Takes the mark of page_mark_guest() from a page of 4 KiB, all of whose bytes were stored anew. */
void page_clear_guest(hpa_t page);
