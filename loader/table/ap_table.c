// The AP table: one read + execute map of [0, 4 GiB) through the page-table builder.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/table/ap_table.h"

#include "loader/table/pagetable.h"

enum status ap_table_build(uint64_t *pages, gpa_t base)
{
	if (!is_aligned(base.v, MEM_PAGE_SIZE) || base.v > FOUR_GIB - AP_TABLE_SIZE) {
		return ST_BAD_ARGUMENT;
	}
	const struct pt_map map = {
		.size = FOUR_GIB,
		.perm = PT_RX,
		.share = SHARE_PRIVATE,
	};
	const struct pt_arena arena = { pages, base, AP_TABLE_PAGES };
	gpa_t root;
	size_t used;
	/* Nothing is shared, so the width of a GPA does not matter. */
	return pt_build(&arena, &map, 1, 48, &root, &used);
}
