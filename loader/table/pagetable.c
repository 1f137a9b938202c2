// Page tables from a list of ranges: one pass that counts or writes, and the walker.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/table/pagetable.h"

#include "arch/base/mem.h"
#include "arch/x86/paging.h"

/* Lower canonical half; also below the SHARED bit of either GPAW. */
#define PT_LIMIT BIT64(47)
#define PT_UPPER_HALF (~(PT_LIMIT - 1))
#define PT_PAGE pg_size(PG_4K)

static bool pt_writable(enum pt_perm perm)
{
	return perm == PT_RW || perm == PT_RWX;
}

static bool pt_executable(enum pt_perm perm)
{
	return perm == PT_RX || perm == PT_RWX;
}

static bool pt_any_writable(const struct pt_map *maps, size_t map_count)
{
	for (size_t i = 0; i < map_count; i++) {
		if (pt_writable(maps[i].perm)) {
			return true;
		}
	}
	return false;
}

static enum status pt_check(const struct pt_map *maps, size_t map_count)
{
	uint64_t free_va = 0;
	for (size_t i = 0; i < map_count; i++) {
		const struct pt_map *m = &maps[i];
		if (m->size == 0 || m->size > PT_LIMIT ||
		    !is_aligned(m->va | m->pa.v | m->size, PT_PAGE) || m->va > PT_LIMIT - m->size ||
		    m->pa.v > PT_LIMIT - m->size || m->va < free_va) {
			return ST_BAD_RANGE;
		}
		free_va = m->va + m->size;
	}
	return map_count != 0 ? ST_OK : ST_BAD_RANGE;
}

static uint64_t pt_leaf_bits(enum pt_perm perm, bool any_writable)
{
	uint64_t bits = PTE_P | PTE_A;
	if (pt_writable(perm)) {
		bits |= PTE_W | PTE_D;
	} else if (!any_writable) {
		/* A store while CR0.WP=0 shall not change this table either. */
		bits |= PTE_D;
	}
	return pt_executable(perm) ? bits : bits | PTE_NX;
}

/* Without an arena nothing is written: the pass that only counts. */
static void pt_clear(const struct pt_arena *arena, size_t page)
{
	if (arena != NULL) {
		memset(arena->pages + page * PT_ENTRIES, 0, PT_PAGE);
	}
}

/* Sets count entries from index on, each step more than the one before. Without an arena as
 * above. */
static void pt_fill(const struct pt_arena *arena, size_t page, unsigned index, uint64_t count,
		    uint64_t entry, uint64_t step)
{
	if (arena != NULL) {
		uint64_t *at = arena->pages + page * PT_ENTRIES + index;
		for (uint64_t *end = at + count; at < end; entry += step) {
			*at++ = entry;
		}
	}
}

/*
 * Goes through all leaves in order of va, as many at a time as are alike in one table, and returns
 * the pages that the tables take; with an arena it also writes them. As the maps are sorted and
 * disjoint, a table is needed exactly when va has left what the last leaf's table of that level
 * covers. maps have passed pt_check().
 */
static size_t pt_emit(const struct pt_arena *arena, const struct pt_map *maps, size_t map_count,
		      unsigned gpaw)
{
	bool any_writable = pt_any_writable(maps, map_count);
	uint64_t upper = PTE_P | PTE_A | (any_writable ? PTE_W : 0);
	uint64_t base = arena != NULL ? arena->base.v : 0;
	size_t table[PG_256T] = { 0 }; /* page that holds the entries of each level; root: page 0 */
	size_t used = 1;
	uint64_t last_va = UINT64_MAX;

	pt_clear(arena, 0);
	for (size_t i = 0; i < map_count; i++) {
		const struct pt_map *m = &maps[i];
		uint64_t bits = pt_leaf_bits(m->perm, any_writable);
		uint64_t count;
		enum pg_level leaf;
		for (uint64_t done = 0; done < m->size; done += count * pg_size(leaf)) {
			uint64_t va = m->va + done;
			gpa_t pa = gpa(m->pa.v + done);
			bool large = is_aligned(va | pa.v, pg_size(PG_2M)) &&
				     m->size - done >= pg_size(PG_2M);
			leaf = large ? PG_2M : PG_4K;
			/* Where pages of 4 KiB end before the map does, their table ends, too. */
			uint64_t left = (m->size - done) / pg_size(leaf);
			uint64_t room = PT_ENTRIES - pt_index(va, leaf);
			count = left < room ? left : room;
			for (enum pg_level level = PG_512G; level > leaf; level--) {
				if ((va ^ last_va) < pg_size(level)) {
					continue;
				}
				pt_fill(arena, table[level], pt_index(va, level), 1,
					(base + used * PT_PAGE) | upper, 0);
				pt_clear(arena, used);
				table[level - 1] = used++;
			}
			pt_fill(arena, table[leaf], pt_index(va, leaf), count,
				gpa_with_share(pa, m->share, gpaw) | bits | (large ? PTE_PS : 0),
				pg_size(leaf));
			last_va = va;
		}
	}
	return used;
}

enum status pt_count(const struct pt_map *maps, size_t map_count, size_t *pages)
{
	TRY(pt_check(maps, map_count));
	*pages = pt_emit(NULL, maps, map_count, 48); /* the width moves no page */
	return ST_OK;
}

enum status pt_build(const struct pt_arena *arena, const struct pt_map *maps, size_t map_count,
		     unsigned gpaw, gpa_t *root, size_t *pages_used)
{
	if ((gpaw != 48 && gpaw != 52) || !is_aligned(arena->base.v, PT_PAGE) ||
	    arena->page_count > PT_LIMIT / PT_PAGE ||
	    arena->base.v > PT_LIMIT - arena->page_count * PT_PAGE) {
		return ST_BAD_ARGUMENT;
	}
	size_t needed;
	TRY(pt_count(maps, map_count, &needed));
	if (needed > arena->page_count) {
		return ST_NO_SPACE;
	}
	*pages_used = pt_emit(arena, maps, map_count, gpaw);
	*root = arena->base;
	return ST_OK;
}

/* Fills *leaf on ST_OK and, with the level of the entry that is not present, on ST_NOT_FOUND. */
static enum status pt_walk(const struct pt_arena *arena, gpa_t root, uint64_t va,
			   struct pt_leaf *leaf)
{
	uint64_t table = root.v;
	*leaf = (struct pt_leaf){ .upper_and = UINT64_MAX };
	for (enum pg_level level = PG_512G;; level--) {
		uint64_t offset = table - arena->base.v;
		if (table < arena->base.v || !is_aligned(offset, PT_PAGE) ||
		    offset / PT_PAGE >= arena->page_count) {
			return ST_BAD_FORMAT;
		}
		leaf->entry = arena->pages[offset / sizeof(*arena->pages) + pt_index(va, level)];
		leaf->level = level;
		leaf->upper_and &= leaf->entry;
		leaf->upper_or |= leaf->entry;
		if ((leaf->entry & PTE_P) == 0) {
			return ST_NOT_FOUND;
		}
		if (level == PG_4K || (leaf->entry & PTE_PS) != 0) {
			/* In a PML4 entry PS is reserved. */
			return level != PG_512G ? ST_OK : ST_BAD_FORMAT;
		}
		table = leaf->entry & PTE_ADDRESS;
	}
}

enum status pt_lookup(const struct pt_arena *arena, gpa_t root, uint64_t va, struct pt_leaf *leaf)
{
	if (va >= PT_LIMIT && va < PT_UPPER_HALF) {
		return ST_NOT_FOUND;
	}
	struct pt_leaf found;
	TRY(pt_walk(arena, root, va, &found));
	*leaf = found;
	return ST_OK;
}

enum status pt_next(const struct pt_arena *arena, gpa_t root, uint64_t *va, struct pt_leaf *leaf)
{
	uint64_t at = *va;
	struct pt_leaf found;
	/* Each step takes another entry, unless a page is reached twice. */
	for (size_t left = arena->page_count * PT_ENTRIES; left > 0; left--) {
		if (at >= PT_LIMIT && at < PT_UPPER_HALF) {
			at = PT_UPPER_HALF;
		}
		enum status st = pt_walk(arena, root, at, &found);
		if (st == ST_OK) {
			*va = at;
			*leaf = found;
			return ST_OK;
		}
		if (st != ST_NOT_FOUND) {
			return st;
		}
		at = align_down(at, pg_size(found.level)) + pg_size(found.level);
		if (at == 0) {
			return ST_NOT_FOUND; /* after the last address */
		}
	}
	return ST_BAD_FORMAT;
}
