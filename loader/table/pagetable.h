// Page tables from a list of ranges: count, build, look up.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Identity or offset maps, 4 levels, leaves of 4 KiB and 2 MiB (1 GiB pages are never needed).
// Nothing is written before every check has passed; pt_build() then uses exactly the pages that
// pt_count() named. Upper-level entries never narrow a permission: P, W, A set, NX clear - except
// in a table with no writable leaf at all, whose upper levels have W clear too.
//
// A is set on every entry and D on every writable leaf, so that no walk writes. In a table with no
// writable leaf D is set on all leaves: not even a store with CR0.WP=0 changes it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/base/status.h"

enum pt_perm {
	PT_R, /* read only, no execute */
	PT_RX,
	PT_RW,  /* no execute */
	PT_RWX, /* only the window of a kernel that decompresses itself */
};

/* Maps [va, va + size) to [pa, pa + size). va, pa, size are multiples of 4 KiB, size > 0. */
struct pt_map {
	uint64_t va;
	gpa_t pa;
	uint64_t size;
	enum pt_perm perm;
	enum share share;
};

struct pt_arena {
	uint64_t *pages; /* caller's memory, 4 KiB aligned, page_count * 512 entries */
	gpa_t base;      /* address of pages[0] as the CPU will see it */
	size_t page_count;
};

struct pt_leaf {
	uint64_t entry;
	enum pg_level level;
	uint64_t upper_and; /* AND of all entries on the path, leaf too: W here means writable */
	uint64_t upper_or;  /* OR of the same entries: NX here means not executable */
};

/* Pages that pt_build() will use. ST_BAD_RANGE: maps are none, unaligned, empty, wrap, reach above
 * 2^47 (va or pa), unsorted by va or overlapping. */
enum status pt_count(const struct pt_map *maps, size_t map_count, size_t *pages) MUST_CHECK;

/*
 * Builds the tables at arena->pages[0...]; *root receives the address for CR3. gpaw (48 or 52)
 * places the SHARED bit of maps that are SHARE_SHARED. ST_BAD_RANGE as pt_count();
 * ST_NO_SPACE: the arena is too small; ST_BAD_ARGUMENT: gpaw, or the arena's base is unaligned or
 * ends above 2^47. Nothing is written on failure.
 */
enum status pt_build(const struct pt_arena *arena, const struct pt_map *maps, size_t map_count,
		     unsigned gpaw, gpa_t *root, size_t *pages_used) MUST_CHECK;

/* Walks for va. ST_NOT_FOUND: not mapped, or not canonical. ST_BAD_FORMAT: root or an entry leads
 * outside the arena, or a reserved PS bit is set. */
enum status pt_lookup(const struct pt_arena *arena, gpa_t root, uint64_t va,
		      struct pt_leaf *leaf) MUST_CHECK;

/* Finds the first leaf at or above *va, which becomes an address in that leaf. Status as
 * pt_lookup(); ST_NOT_FOUND: there is none up to 2^64; ST_BAD_FORMAT also when the tables are no
 * tree, so that even a hostile table ends the walk soon. */
enum status pt_next(const struct pt_arena *arena, gpa_t root, uint64_t *va,
		    struct pt_leaf *leaf) MUST_CHECK;
