// The memory map: sorted, disjoint ranges by construction.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/memory/memory_map.h"

#include <stddef.h>

#include "linker/memmap.h"

static void insert_entry(struct memory_map *map, unsigned at, struct memory_entry entry)
{
	for (unsigned i = map->count++; i > at; i--) {
		map->entries[i] = map->entries[i - 1];
	}
	map->entries[at] = entry;
}

static void remove_entry(struct memory_map *map, unsigned at)
{
	map->count--;
	for (unsigned i = at; i < map->count; i++) {
		map->entries[i] = map->entries[i + 1];
	}
}

enum status memory_map_add(struct memory_map *map, uint64_t base, uint64_t size,
			   enum memory_kind kind)
{
	struct gpa_range range;
	/* No map has memory up to 2^64, so that the end of a range is never 0. */
	if (!gpa_range_make(base, size, &range) || gpa_range_end(range) == 0) {
		return ST_BAD_RANGE;
	}
	unsigned at = 0;
	while (at < map->count && map->entries[at].range.base.v < base) {
		at++;
	}
	struct memory_entry *before = at > 0 ? &map->entries[at - 1] : NULL;
	struct memory_entry *after = at < map->count ? &map->entries[at] : NULL;
	if ((before != NULL && gpa_range_end(before->range) > base) ||
	    (after != NULL && after->range.base.v < base + size)) {
		return ST_BAD_RANGE;
	}
	bool grows = before != NULL && before->kind == kind && gpa_range_end(before->range) == base;
	bool joins = after != NULL && after->kind == kind && after->range.base.v == base + size;
	if (grows) {
		before->range.size += size + (joins ? after->range.size : 0);
		if (joins) {
			remove_entry(map, at);
		}
	} else if (joins) {
		after->range = (struct gpa_range){ gpa(base), size + after->range.size };
	} else if (map->count == MEMORY_MAP_ENTRIES) {
		return ST_NO_SPACE;
	} else {
		insert_entry(map, at, (struct memory_entry){ range, kind });
	}
	return ST_OK;
}

enum status memory_map_remove(struct memory_map *map, uint64_t base, uint64_t size)
{
	struct memory_map left = { .count = 0 };
	for (unsigned i = 0; i < map->count; i++) {
		const struct memory_entry *entry = &map->entries[i];
		uint64_t start = entry->range.base.v;
		uint64_t end = gpa_range_end(entry->range);
		uint64_t below = end < base ? end : base;
		uint64_t above = start > base + size ? start : base + size;
		if (start < below) {
			TRY(memory_map_add(&left, start, below - start, entry->kind));
		}
		if (above < end) {
			TRY(memory_map_add(&left, above, end - above, entry->kind));
		}
	}
	*map = left;
	return ST_OK;
}

enum status memory_map_set_kind(struct memory_map *map, uint64_t base, uint64_t size,
				enum memory_kind kind)
{
	struct memory_map changed = *map;
	TRY(memory_map_remove(&changed, base, size));
	TRY(memory_map_add(&changed, base, size, kind));
	*map = changed;
	return ST_OK;
}

bool memory_map_covers(const struct memory_map *map, uint64_t base, uint64_t size,
		       enum memory_kind kind)
{
	uint64_t covered = base;
	for (unsigned i = 0; i < map->count && covered - base < size; i++) {
		const struct memory_entry *entry = &map->entries[i];
		uint64_t entry_end = gpa_range_end(entry->range);
		if (entry->kind == kind && entry->range.base.v <= covered && covered < entry_end) {
			covered = entry_end;
		}
	}
	return covered - base >= size;
}

enum status memory_map_place(const struct memory_map *map, uint64_t size, uint64_t lowest,
			     uint64_t end, gpa_t *out)
{
	uint64_t best = 0;
	for (unsigned i = 0; i < map->count; i++) {
		uint64_t base = map->entries[i].range.base.v;
		uint64_t top = gpa_range_end(map->entries[i].range);
		if (map->entries[i].kind != MEMORY_ACCEPTED) {
			continue;
		}
		base = base < lowest ? lowest : base;
		top = top > end ? end : top;
		if (base >= top || size > top - base) {
			continue;
		}
		/* The map is sorted: the last place is the highest. */
		best = align_down(top - size, MEM_PAGE_SIZE);
	}
	if (best == 0) {
		return ST_NO_MEMORY;
	}
	*out = gpa(best);
	return ST_OK;
}
