// The memory map: sorted, disjoint ranges by construction.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/memory_map.h"

enum status memory_map_add(struct memory_map *map, uint64_t base, uint64_t size,
			   enum memory_kind kind)
{
	struct gpa_range range;
	/* No map has memory up to 2^64, so that the end of a range is never 0. */
	if (!gpa_range_make(base, size, &range) || gpa_range_end(range) == 0) {
		return ST_BAD_RANGE;
	}
	if (map->count > 0) {
		struct memory_entry *last = &map->entries[map->count - 1];
		uint64_t last_end = gpa_range_end(last->range);
		if (base < last_end) {
			return ST_BAD_RANGE;
		}
		if (base == last_end && kind == last->kind) {
			last->range.size += size;
			return ST_OK;
		}
	}
	if (map->count == MEMORY_MAP_ENTRIES) {
		return ST_NO_SPACE;
	}
	map->entries[map->count++] = (struct memory_entry){ range, kind };
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
