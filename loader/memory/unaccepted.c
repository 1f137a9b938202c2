// Memory that is left to the payload to accept, and the table by which Linux knows it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/memory/unaccepted.h"

#include "arch/base/bits.h"
#include "arch/base/mem.h"

#define WORD_BITS 64

/* Ends where bit 0 is the unit at base and the last bit is the table's last. */
static uint64_t end_of_bits(uint64_t base, uint64_t table_size)
{
	uint64_t words = (table_size - sizeof(struct linux_unaccepted_table)) / sizeof(uint64_t);
	return base + words * WORD_BITS * UNACCEPTED_UNIT;
}

void unaccepted_leave(struct memory_map *map, uint64_t from, uint64_t table_size)
{
	uint64_t limit = UINT64_MAX;
	/* A range that is cut puts its parts where it was: they are looked at again, and stay. */
	for (unsigned i = 0; i < map->count; i++) {
		struct gpa_range range = map->entries[i].range;
		uint64_t start = range.base.v < from ? from : range.base.v;
		uint64_t base = align_up(start, UNACCEPTED_UNIT);
		uint64_t end = align_down(gpa_range_end(range), UNACCEPTED_UNIT);
		end = end < limit ? end : limit;
		if (map->entries[i].kind != MEMORY_UNACCEPTED || base >= end) {
			continue;
		}
		if (limit == UINT64_MAX) {
			limit = end_of_bits(base, table_size);
			end = end < limit ? end : limit;
		}
		status_ignore(memory_map_set_kind(map, base, end - base, MEMORY_LEFT),
			      "it is accepted like what is below");
	}
}

void unaccepted_take_back(struct memory_map *map)
{
	for (unsigned i = 0; i < map->count; i++) {
		if (map->entries[i].kind == MEMORY_LEFT) {
			map->entries[i].kind = MEMORY_UNACCEPTED;
		}
	}
}

uint64_t unaccepted_left(const struct memory_map *map)
{
	uint64_t size = 0;
	for (unsigned i = 0; i < map->count; i++) {
		size += map->entries[i].kind == MEMORY_LEFT ? map->entries[i].range.size : 0;
	}
	return size;
}

/* From the first to the last range that is left. */
static struct gpa_range left_span(const struct memory_map *map)
{
	uint64_t base = 0;
	uint64_t end = 0;
	for (unsigned i = map->count; i-- > 0;) {
		if (map->entries[i].kind == MEMORY_LEFT) {
			base = map->entries[i].range.base.v;
			end = end == 0 ? gpa_range_end(map->entries[i].range) : end;
		}
	}
	return (struct gpa_range){ gpa(base), end - base };
}

/* Linux reads the bitmap by whole words. */
static uint64_t bitmap_size(struct gpa_range span)
{
	return align_up(span.size / UNACCEPTED_UNIT, WORD_BITS) / 8;
}

uint64_t unaccepted_table_size(const struct memory_map *map)
{
	return sizeof(struct linux_unaccepted_table) + bitmap_size(left_span(map));
}

uint64_t unaccepted_table_fill(const struct memory_map *map, struct linux_unaccepted_table *table)
{
	struct gpa_range span = left_span(map);
	uint64_t base = span.base.v;
	uint64_t size = bitmap_size(span);
	*table = (struct linux_unaccepted_table){ LINUX_UNACCEPTED_VERSION, UNACCEPTED_UNIT, base,
						  size };
	memset(table->bitmap, 0, size);
	for (unsigned i = 0; i < map->count; i++) {
		if (map->entries[i].kind != MEMORY_LEFT) {
			continue;
		}
		uint64_t unit = (map->entries[i].range.base.v - base) / UNACCEPTED_UNIT;
		uint64_t last = (gpa_range_end(map->entries[i].range) - base) / UNACCEPTED_UNIT;
		for (; unit < last; unit++) {
			table->bitmap[unit / WORD_BITS] |= BIT64(unit % WORD_BITS);
		}
	}
	return sizeof(*table) + size;
}
