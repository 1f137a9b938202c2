// Construction of TD memory regions: which memory the module shall manage, and where its PAMTs lie.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [linux arch/x86/virt/vmx/tdx/tdx.c construct_tdmrs()]
#include "boot-tests/vmm/init/tdmr.h"

#include <stdbool.h>

#include "arch/base/addr.h"
#include "arch/base/check.h"
#include "arch/base/fmt.h"
#include "arch/base/mem.h"
#include "linker/memmap.h"

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t range_end(struct tdmr_range range)
{
	return range.base + range.size;
}

static uint64_t tdmr_end(const struct tdmr_info *tdmr)
{
	return tdmr->base + tdmr->size;
}

/* Ascending, disjoint, below 2^TDMR_ADDRESS_BITS. */
static bool list_good(const struct tdmr_range *ranges, unsigned count)
{
	uint64_t last = 0;
	for (unsigned i = 0; i < count; i++) {
		if (ranges[i].base < last || ranges[i].base > BIT64(TDMR_ADDRESS_BITS) ||
		    ranges[i].size > BIT64(TDMR_ADDRESS_BITS) - ranges[i].base) {
			return false;
		}
		last = range_end(ranges[i]);
	}
	return true;
}

/* Appends what RAM and the CMRs have in common; pieces that touch are one. */
static enum status add_ram(struct tdmr_range ram, const struct tdmr_range *cmrs, unsigned cmr_count,
			   struct tdmr_memory *memory)
{
	unsigned first = memory->count;
	for (unsigned i = 0; i < cmr_count; i++) {
		uint64_t base = max_u64(max_u64(ram.base, cmrs[i].base), TDMR_MEMORY_MIN);
		uint64_t end = min_u64(range_end(ram), range_end(cmrs[i]));
		if (base >= end) {
			continue;
		}
		if (memory->count > first && range_end(memory->ranges[memory->count - 1]) == base) {
			memory->ranges[memory->count - 1].size += end - base;
			continue;
		}
		if (memory->count == TDMR_MEMORY_MAX) {
			return ST_NO_SPACE;
		}
		memory->ranges[memory->count++] = (struct tdmr_range){ base, end - base };
	}
	return ST_OK;
}

/* Leaves whole pages only. */
static void trim_to_pages(struct tdmr_memory *memory)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < memory->count; i++) {
		uint64_t base = align_up(memory->ranges[i].base, MEM_PAGE_SIZE);
		uint64_t end = align_down(range_end(memory->ranges[i]), MEM_PAGE_SIZE);
		if (base < end) {
			memory->ranges[kept++] = (struct tdmr_range){ base, end - base };
		}
	}
	memory->count = kept;
}

enum status tdmr_memory_make(const struct tdmr_range *ram, unsigned ram_count,
			     const struct tdmr_range *cmrs, unsigned cmr_count,
			     struct tdmr_memory *out)
{
	if (!list_good(ram, ram_count) || !list_good(cmrs, cmr_count)) {
		return ST_BAD_RANGE;
	}
	struct tdmr_memory memory;
	memory.count = 0;
	for (unsigned i = 0; i < ram_count; i++) {
		TRY(add_ram(ram[i], cmrs, cmr_count, &memory));
	}
	trim_to_pages(&memory);
	*out = memory;
	return ST_OK;
}

static uint64_t pamt_size(uint64_t size, enum pg_level level, uint16_t entry_size)
{
	return align_up(size / pg_size(level) * entry_size, MEM_PAGE_SIZE);
}

enum status tdmr_cover(const struct tdmr_memory *memory, const struct tdmr_sysinfo *sysinfo,
		       struct tdmr_list *out)
{
	unsigned max = (unsigned)min_u64(sysinfo->max_tdmrs, TDX_MAX_TDMRS);
	memset(out, 0, sizeof(*out));
	for (unsigned i = 0; i < memory->count; i++) {
		uint64_t base = align_down(memory->ranges[i].base, TDX_TDMR_ALIGN);
		uint64_t end = align_up(range_end(memory->ranges[i]), TDX_TDMR_ALIGN);
		if (out->count > 0) {
			base = max_u64(base, tdmr_end(&out->tdmrs[out->count - 1]));
		}
		if (base >= end) {
			continue;
		}
		if (out->count == max) {
			return ST_NO_SPACE;
		}
		out->tdmrs[out->count++] = (struct tdmr_info){
			.base = base,
			.size = end - base,
			.pamt_1g_size = pamt_size(end - base, PG_1G, sysinfo->pamt_1g_entry_size),
			.pamt_2m_size = pamt_size(end - base, PG_2M, sysinfo->pamt_2m_entry_size),
			.pamt_4k_size = pamt_size(end - base, PG_4K, sysinfo->pamt_4k_entry_size),
		};
	}
	return ST_OK;
}

uint64_t tdmr_pamt_size(const struct tdmr_info *tdmr)
{
	return tdmr->pamt_4k_size + tdmr->pamt_2m_size + tdmr->pamt_1g_size;
}

uint64_t tdmr_list_pamt_size(const struct tdmr_list *list)
{
	uint64_t size = 0;
	for (unsigned i = 0; i < list->count; i++) {
		size += tdmr_pamt_size(&list->tdmrs[i]);
	}
	return size;
}

enum status tdmr_place_pamts(struct tdmr_list *list, struct tdmr_range *candidates, unsigned count)
{
	for (unsigned i = 0; i < list->count; i++) {
		struct tdmr_info *tdmr = &list->tdmrs[i];
		uint64_t size = tdmr_pamt_size(tdmr);
		unsigned chosen = 0;
		while (chosen < count && candidates[chosen].size < size) {
			chosen++;
		}
		if (chosen == count) {
			return ST_NO_MEMORY;
		}
		CHECK(is_aligned(candidates[chosen].base, MEM_PAGE_SIZE));
		tdmr->pamt_4k_base = candidates[chosen].base;
		tdmr->pamt_2m_base = tdmr->pamt_4k_base + tdmr->pamt_4k_size;
		tdmr->pamt_1g_base = tdmr->pamt_2m_base + tdmr->pamt_2m_size;
		candidates[chosen].base += size;
		candidates[chosen].size -= size;
	}
	return ST_OK;
}

/* All areas that one TDMR may need: a hole before each range of memory and after the last, and the
 * PAMTs of all TDMRs. */
#define AREAS_MAX (TDMR_MEMORY_MAX + 1 + TDX_MAX_TDMRS)

struct areas {
	unsigned count;
	struct tdmr_range list[AREAS_MAX];
};

static void add_area(struct areas *areas, uint64_t base, uint64_t end)
{
	CHECK(areas->count < AREAS_MAX && base < end);
	areas->list[areas->count++] = (struct tdmr_range){ base, end - base };
}

static void add_holes(const struct tdmr_info *tdmr, const struct tdmr_memory *memory,
		      struct areas *areas)
{
	uint64_t seen = tdmr->base;
	for (unsigned i = 0; i < memory->count && memory->ranges[i].base < tdmr_end(tdmr); i++) {
		uint64_t end = range_end(memory->ranges[i]);
		if (end < tdmr->base) {
			continue;
		}
		if (memory->ranges[i].base > seen) {
			add_area(areas, seen, memory->ranges[i].base);
		}
		seen = max_u64(seen, end);
	}
	if (seen < tdmr_end(tdmr)) {
		add_area(areas, seen, tdmr_end(tdmr));
	}
}

static void add_pamts(const struct tdmr_info *tdmr, const struct tdmr_list *list,
		      struct areas *areas)
{
	for (unsigned i = 0; i < list->count; i++) {
		uint64_t base = max_u64(list->tdmrs[i].pamt_4k_base, tdmr->base);
		uint64_t end =
			min_u64(list->tdmrs[i].pamt_4k_base + tdmr_pamt_size(&list->tdmrs[i]),
				tdmr_end(tdmr));
		if (base < end) {
			add_area(areas, base, end);
		}
	}
}

static void sort_areas(struct areas *areas)
{
	for (unsigned i = 1; i < areas->count; i++) {
		struct tdmr_range moved = areas->list[i];
		unsigned to = i;
		while (to > 0 && areas->list[to - 1].base > moved.base) {
			areas->list[to] = areas->list[to - 1];
			to--;
		}
		areas->list[to] = moved;
	}
}

/* Makes two areas one where the least memory lies between them; returns how much that is. */
static uint64_t merge_nearest(struct areas *areas)
{
	unsigned best = 0;
	uint64_t best_gap = UINT64_MAX;
	for (unsigned i = 0; i + 1 < areas->count; i++) {
		CHECK(areas->list[i + 1].base >= range_end(areas->list[i]));
		uint64_t gap = areas->list[i + 1].base - range_end(areas->list[i]);
		if (gap < best_gap) {
			best = i;
			best_gap = gap;
		}
	}
	areas->list[best].size = range_end(areas->list[best + 1]) - areas->list[best].base;
	areas->count--;
	for (unsigned i = best + 1; i < areas->count; i++) {
		areas->list[i] = areas->list[i + 1];
	}
	return best_gap;
}

/* All areas of one TDMR, ascending. */
static void collect_areas(const struct tdmr_list *list, const struct tdmr_info *tdmr,
			  const struct tdmr_memory *memory, struct areas *areas)
{
	areas->count = 0;
	add_holes(tdmr, memory, areas);
	add_pamts(tdmr, list, areas);
	sort_areas(areas);
}

enum status tdmr_reserve(struct tdmr_list *list, const struct tdmr_memory *memory,
			 const struct tdmr_sysinfo *sysinfo, enum tdmr_mode mode, uint64_t *lost,
			 char *error, size_t error_size)
{
	uint64_t max = min_u64(sysinfo->max_reserved, TDX_MAX_RESERVED_PER_TDMR);
	*lost = 0;
	for (unsigned i = 0; i < list->count; i++) {
		struct tdmr_info *tdmr = &list->tdmrs[i];
		struct areas areas;
		collect_areas(list, tdmr, memory, &areas);
		while (mode == TDMR_COALESCE && areas.count > max && areas.count > 1) {
			*lost += merge_nearest(&areas);
		}
		if (areas.count > max) {
			fmt_print(error, error_size,
				  "TDMR [0x%llx, 0x%llx): reserved areas exhausted",
				  (unsigned long long)tdmr->base,
				  (unsigned long long)tdmr_end(tdmr));
			return ST_NO_SPACE;
		}
		for (unsigned j = 0; j < areas.count; j++) {
			tdmr->reserved[j] = (struct tdmr_reserved){ areas.list[j].base - tdmr->base,
								    areas.list[j].size };
		}
	}
	return ST_OK;
}
