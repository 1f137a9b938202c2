// The page table on which a payload is entered.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/table/handover_table.h"

#include "arch/base/check.h"
#include "linker/memmap.h"
#include "loader/memory/e820.h"

/* Linux turns 5-level paging on (before 6.7 it always goes this way) in two pages that it copies
 * itself as high as it can below this, and runs on the hand-over table. */
#define TRAMPOLINE_END 0xA0000

/* Types of a range: enum pt_perm + 1, as 0 is none. */
#define TYPE(perm) ((uint32_t)(perm) + 1)
#define OVERLAYS_MAX (HANDOVER_PIECES_MAX + 2)
/* Each overlay can cut a range in two. */
#define RANGES_MAX (1 + 2 * OVERLAYS_MAX)

enum status handover_table_build(const struct pt_arena *arena, struct gpa_range window,
				 const struct handover_piece *pieces, unsigned piece_count,
				 gpa_t *root)
{
	static const uint32_t types[MEMORY_KINDS] = { [MEMORY_ACCEPTED] = TYPE(PT_RW) };
	const struct memory_map all = {
		.count = 1,
		.entries = { { { { 0 }, FOUR_GIB }, MEMORY_ACCEPTED } },
	};
	uint64_t base = align_down(window.base.v, pg_size(PG_2M));
	uint64_t end = align_up(gpa_range_end(window), pg_size(PG_2M));
	struct e820_overlay overlays[OVERLAYS_MAX];
	struct e820_entry ranges[RANGES_MAX];
	struct pt_map maps[RANGES_MAX];
	unsigned count = 0;
	size_t used;

	CHECK(piece_count <= HANDOVER_PIECES_MAX);
	if (window.size == 0 || window.size > FOUR_GIB || base == 0 || end > FOUR_GIB) {
		return ST_BAD_RANGE;
	}
	/* Page 0 is not executable: what a BIOS would have left there is only looked at. */
	overlays[0] = (struct e820_overlay){ { gpa(MEM_PAGE_SIZE), TRAMPOLINE_END - MEM_PAGE_SIZE },
					     TYPE(PT_RWX) };
	overlays[1] = (struct e820_overlay){ { gpa(base), end - base }, TYPE(PT_RWX) };
	for (unsigned i = 0; i < piece_count; i++) {
		struct gpa_range range = pieces[i].range;
		if (ranges_overlap(base, end - base, range.base.v, range.size)) {
			return ST_BAD_RANGE;
		}
		overlays[2 + i] = (struct e820_overlay){ range, TYPE(pieces[i].perm) };
	}
	TRY(e820_build_types(&all, types, overlays, 2 + piece_count, ranges, RANGES_MAX, &count));
	for (unsigned i = 0; i < count; i++) {
		maps[i] = (struct pt_map){
			.va = ranges[i].base,
			.pa = gpa(ranges[i].base),
			.size = ranges[i].size,
			.perm = (enum pt_perm)(ranges[i].type - 1),
			.share = SHARE_PRIVATE,
		};
	}
	/* Nothing is shared, so the width of a GPA does not matter. */
	return pt_build(arena, maps, count, 48, root, &used);
}
