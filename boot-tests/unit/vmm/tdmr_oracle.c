// What must hold of TDMRs, said once more without the algorithm that makes them.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// All borders cut the address space into pieces; a piece is inside or outside of each thing, which
// is looked up for its first byte.
#include "boot-tests/unit/vmm/tdmr_oracle.h"

#include <stdbool.h>
#include <stdlib.h>

#include "arch/base/check.h"

#define GIB (UINT64_C(1) << 30)
#define BORDERS_MAX 16384

static uint64_t borders[BORDERS_MAX];
static unsigned border_count;

static void add_border(uint64_t base, uint64_t size)
{
	CHECK(border_count + 2 <= BORDERS_MAX);
	borders[border_count++] = base;
	borders[border_count++] = base + size;
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a;
	uint64_t right = *(const uint64_t *)b;
	return left < right ? -1 : left > right;
}

static bool inside(uint64_t at, uint64_t base, uint64_t size)
{
	return at >= base && at - base < size;
}

static unsigned ranges_with(uint64_t at, const struct tdmr_range *ranges, unsigned count)
{
	unsigned found = 0;
	for (unsigned i = 0; i < count; i++) {
		found += inside(at, ranges[i].base, ranges[i].size);
	}
	return found;
}

static unsigned pamts_with(uint64_t at, const struct tdmr_list *list)
{
	unsigned found = 0;
	for (unsigned i = 0; i < list->count; i++) {
		const struct tdmr_info *tdmr = &list->tdmrs[i];
		found += inside(at, tdmr->pamt_1g_base, tdmr->pamt_1g_size) ? 1 : 0;
		found += inside(at, tdmr->pamt_2m_base, tdmr->pamt_2m_size) ? 1 : 0;
		found += inside(at, tdmr->pamt_4k_base, tdmr->pamt_4k_size) ? 1 : 0;
	}
	return found;
}

static void check_pamt(uint64_t base, uint64_t size, uint64_t entries, uint64_t entry_size)
{
	CHECK(base % 4096 == 0 && size % 4096 == 0);
	CHECK(size >= entries * entry_size && size - entries * entry_size < 4096);
}

static void check_shape(const struct tdmr_oracle *oracle)
{
	const struct tdmr_list *list = oracle->list;
	CHECK(list->count <= oracle->sysinfo->max_tdmrs && list->count <= 64);
	for (unsigned i = 0; i < list->count; i++) {
		const struct tdmr_info *tdmr = &list->tdmrs[i];
		CHECK(tdmr->size > 0 && tdmr->base % GIB == 0 && tdmr->size % GIB == 0);
		CHECK(i == 0 || tdmr->base >= tdmr[-1].base + tdmr[-1].size);
		check_pamt(tdmr->pamt_1g_base, tdmr->pamt_1g_size, tdmr->size / GIB,
			   oracle->sysinfo->pamt_1g_entry_size);
		check_pamt(tdmr->pamt_2m_base, tdmr->pamt_2m_size, tdmr->size / (GIB / 512),
			   oracle->sysinfo->pamt_2m_entry_size);
		check_pamt(tdmr->pamt_4k_base, tdmr->pamt_4k_size, tdmr->size / 4096,
			   oracle->sysinfo->pamt_4k_entry_size);
		uint64_t end = 0;
		for (unsigned j = 0; j < TDX_MAX_RESERVED_PER_TDMR; j++) {
			const struct tdmr_reserved *area = &tdmr->reserved[j];
			if (area->size == 0) {
				CHECK(area->offset == 0);
				end = UINT64_MAX; /* none may follow */
				continue;
			}
			CHECK(j < oracle->sysinfo->max_reserved);
			CHECK(area->offset >= end && area->offset % 4096 == 0);
			CHECK(area->size % 4096 == 0 && area->offset + area->size <= tdmr->size);
			end = area->offset + area->size;
		}
	}
}

static void collect_borders(const struct tdmr_oracle *oracle)
{
	border_count = 0;
	add_border(TDMR_MEMORY_MIN, 0);
	for (unsigned i = 0; i < oracle->ram_count; i++) {
		add_border(oracle->ram[i].base, oracle->ram[i].size);
	}
	for (unsigned i = 0; i < oracle->cmr_count; i++) {
		add_border(oracle->cmrs[i].base, oracle->cmrs[i].size);
	}
	for (unsigned i = 0; i < oracle->list->count; i++) {
		const struct tdmr_info *tdmr = &oracle->list->tdmrs[i];
		add_border(tdmr->base, tdmr->size);
		add_border(tdmr->pamt_1g_base, tdmr->pamt_1g_size);
		add_border(tdmr->pamt_2m_base, tdmr->pamt_2m_size);
		add_border(tdmr->pamt_4k_base, tdmr->pamt_4k_size);
		for (unsigned j = 0; j < TDX_MAX_RESERVED_PER_TDMR; j++) {
			add_border(tdmr->base + tdmr->reserved[j].offset, tdmr->reserved[j].size);
		}
	}
	qsort(borders, border_count, sizeof(borders[0]), compare);
}

/* Returns the bytes of the piece at that are lost. */
static uint64_t check_piece(const struct tdmr_oracle *oracle, uint64_t at, uint64_t size)
{
	const struct tdmr_list *list = oracle->list;
	unsigned tdmrs = 0;
	unsigned reserved = 0;
	for (unsigned i = 0; i < list->count; i++) {
		const struct tdmr_info *tdmr = &list->tdmrs[i];
		tdmrs += inside(at, tdmr->base, tdmr->size);
		for (unsigned j = 0; j < TDX_MAX_RESERVED_PER_TDMR; j++) {
			reserved += inside(at, tdmr->base + tdmr->reserved[j].offset,
					   tdmr->reserved[j].size);
		}
	}
	bool convertible = ranges_with(at, oracle->cmrs, oracle->cmr_count) > 0;
	bool usable = convertible && at >= TDMR_MEMORY_MIN &&
		      ranges_with(at, oracle->ram, oracle->ram_count) > 0;
	unsigned pamts = pamts_with(at, list);
	CHECK(tdmrs <= 1 && reserved <= tdmrs && pamts <= 1);
	CHECK(!usable || tdmrs == 1);
	CHECK(pamts == 0 || (convertible && (tdmrs == 0 || reserved == 1)));
	CHECK(tdmrs == 0 || (usable && pamts == 0) || reserved == 1);
	bool lost = usable && pamts == 0 && reserved == 1;
	CHECK(!lost || oracle->mode == TDMR_COALESCE);
	return lost ? size : 0;
}

void tdmr_oracle_check(const struct tdmr_oracle *oracle)
{
	check_shape(oracle);
	collect_borders(oracle);
	uint64_t lost = 0;
	for (unsigned i = 0; i + 1 < border_count; i++) {
		if (borders[i] != borders[i + 1]) {
			lost += check_piece(oracle, borders[i], borders[i + 1] - borders[i]);
		}
	}
	CHECK(lost == oracle->lost);
}
