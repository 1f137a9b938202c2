// The page table on which a payload is entered: [0, 4 GiB), each address at itself, all of it
// private.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Writable and executable are the payload's window, in whole 2 MiB pages, and [4 KiB, 640 KiB),
// where Linux changes the paging mode. All else is RW+NX, but for pieces of which the caller says
// what they are: the code that leaves, at least.
#pragma once

#include "arch/base/addr.h"
#include "arch/base/status.h"
#include "loader/table/pagetable.h"

/* Pages that a table takes at most if its pieces are whole 2 MiB pages, or one of 4 KiB. */
#define HANDOVER_TABLE_PAGES 12
#define HANDOVER_PIECES_MAX 4

/* Memory with rights of its own: page aligned, below 2^47, not where the window is. */
struct handover_piece {
	struct gpa_range range;
	enum pt_perm perm;
};

/*
 * window lies below 4 GiB and above the first 2 MiB. Where pieces overlap the later one counts; at
 * most HANDOVER_PIECES_MAX. *root is for CR3. ST_BAD_RANGE: one of them does not lie where it must;
 * else as pt_build().
 */
enum status handover_table_build(const struct pt_arena *arena, struct gpa_range window,
				 const struct handover_piece *pieces, unsigned piece_count,
				 gpa_t *root) MUST_CHECK;
