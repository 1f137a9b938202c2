// Tests of TDMR construction, with memory maps of real machines.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/init/tdmr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "boot-tests/unit/vmm/tdmr_oracle.h"

#define GIB UINT64_C(0x40000000)
#define FROM_TO(base, end)             \
	{                              \
		(base), (end) - (base) \
	}

static const struct tdmr_sysinfo real = { 64, 16, 16, 16, 16 };

static struct tdmr_memory memory;
static struct tdmr_list list;
static struct tdmr_range candidates[TDMR_MEMORY_MAX];
static uint64_t lost;
static char error[96];

/* All steps; PAMTs come from the candidates, or from any memory when there are none. */
static enum status construct(const struct tdmr_range *ram, unsigned ram_count,
			     const struct tdmr_range *cmrs, unsigned cmr_count,
			     const struct tdmr_sysinfo *sysinfo, enum tdmr_mode mode,
			     const struct tdmr_range *pamt_memory)
{
	error[0] = 0;
	TRY(tdmr_memory_make(ram, ram_count, cmrs, cmr_count, &memory));
	TRY(tdmr_cover(&memory, sysinfo, &list));
	unsigned count = pamt_memory != NULL ? 1 : memory.count;
	memcpy(candidates, pamt_memory != NULL ? pamt_memory : memory.ranges,
	       count * sizeof(candidates[0]));
	TRY(tdmr_place_pamts(&list, candidates, count));
	TRY(tdmr_reserve(&list, &memory, sysinfo, mode, &lost, error, sizeof(error)));
	struct tdmr_oracle oracle = { ram, cmrs, ram_count, cmr_count, sysinfo, &list, mode, lost };
	tdmr_oracle_check(&oracle);
	return ST_OK;
}

static unsigned areas(const struct tdmr_info *tdmr)
{
	unsigned count = 0;
	while (count < TDX_MAX_RESERVED_PER_TDMR && tdmr->reserved[count].size != 0) {
		count++;
	}
	return count;
}

/* An Emerald Rapids machine: what its e820 map calls usable, and its CMRs. Above 4 GiB the
 * published map is cut; CMRs stand for it. */
static const struct tdmr_range emr_cmrs[] = {
	FROM_TO(0x100000, 0x6f800000),       FROM_TO(0x100000000, 0x107a000000),
	FROM_TO(0x1080000000, 0x207c000000), FROM_TO(0x2080000000, 0x307c000000),
	FROM_TO(0x3080000000, 0x407c000000),
};
static const struct tdmr_range emr_ram[] = {
	FROM_TO(0x0, 0x9f000),
	FROM_TO(0x100000, 0x5d169000),
	FROM_TO(0x5d22b000, 0x5d3cf000),
	FROM_TO(0x5d46a000, 0x5e5b3000),
	FROM_TO(0x5e5c3000, 0x5e5d3000),
	FROM_TO(0x5e5e5000, 0x5eb58000),
	FROM_TO(0x61358000, 0x6172b000),
	FROM_TO(0x61795000, 0x617ff000),
	FROM_TO(0x61913000, 0x61999000),
	FROM_TO(0x619e0000, 0x619e2000),
	FROM_TO(0x619ea000, 0x61a27000),
	FROM_TO(0x61baf000, 0x623c3000),
	FROM_TO(0x62472000, 0x62824000),
	FROM_TO(0x63a25000, 0x63d58000),
	FROM_TO(0x64158000, 0x64159000),
	FROM_TO(0x64195000, 0x6e9cf000),
	FROM_TO(0x6f7ff000, 0x6f800000),
	FROM_TO(0x100000000, 0x107a000000),
	FROM_TO(0x1080000000, 0x207c000000),
	FROM_TO(0x2080000000, 0x307c000000),
	FROM_TO(0x3080000000, 0x407c000000),
};

/* Room for all PAMTs, at the end of the last node. */
static const struct tdmr_range emr_pamts = FROM_TO(0x407c000000 - 2 * GIB, 0x407c000000);

static void real_map_exhausts_reserved_areas(void **state)
{
	(void)state;
	assert_int_equal(construct(emr_ram, ARRAY_COUNT(emr_ram), emr_cmrs, ARRAY_COUNT(emr_cmrs),
				   &real, TDMR_LINUX, &emr_pamts),
			 ST_NO_SPACE);
	assert_string_equal(error, "TDMR [0x0, 0x80000000): reserved areas exhausted");
	struct tdmr_sysinfo more = real;
	more.max_reserved = 17; /* would do, but the structure has room for 16 */
	assert_int_equal(construct(emr_ram, ARRAY_COUNT(emr_ram), emr_cmrs, ARRAY_COUNT(emr_cmrs),
				   &more, TDMR_LINUX, &emr_pamts),
			 ST_NO_SPACE);
	/* One hole less, and it is 16. */
	assert_int_equal(
		construct(emr_ram, 16, emr_cmrs, ARRAY_COUNT(emr_cmrs), &real, TDMR_LINUX, NULL),
		ST_NO_SPACE); /* PAMTs inside the first TDMR: 17 again */
	struct tdmr_range ram[ARRAY_COUNT(emr_ram)];
	memcpy(ram, emr_ram, sizeof(ram));
	memmove(&ram[16], &emr_ram[17], 4 * sizeof(ram[0]));
	assert_int_equal(construct(ram, ARRAY_COUNT(emr_ram) - 1, emr_cmrs, ARRAY_COUNT(emr_cmrs),
				   &real, TDMR_LINUX, &emr_pamts),
			 ST_OK);
	assert_int_equal(areas(&list.tdmrs[0]), 16);
}

static void real_map_fits_when_coalesced(void **state)
{
	(void)state;
	assert_int_equal(construct(emr_ram, ARRAY_COUNT(emr_ram), emr_cmrs, ARRAY_COUNT(emr_cmrs),
				   &real, TDMR_COALESCE, &emr_pamts),
			 ST_OK);
	assert_int_equal(list.count, 5);
	assert_int_equal(areas(&list.tdmrs[0]), 16);
	/* 17 holes; the least memory between two of them is one page. */
	assert_int_equal(lost, 0x1000);
	assert_int_equal(list.tdmrs[0].base, 0);
	assert_int_equal(list.tdmrs[0].size, 0x80000000);
}

static void real_cmrs_make_two_areas(void **state)
{
	(void)state;
	static const struct {
		uint64_t base, end;
	} tdmrs[] = {
		{ 0, 0x80000000 },
		{ 0x100000000, 0x1080000000 },
		{ 0x1080000000, 0x2080000000 },
		{ 0x2080000000, 0x3080000000 },
		{ 0x3080000000, 0x4080000000 },
	};
	assert_int_equal(construct(emr_cmrs, ARRAY_COUNT(emr_cmrs), emr_cmrs, ARRAY_COUNT(emr_cmrs),
				   &real, TDMR_LINUX, &emr_pamts),
			 ST_OK);
	assert_int_equal(list.count, ARRAY_COUNT(tdmrs));
	for (unsigned i = 0; i < list.count; i++) {
		assert_int_equal(list.tdmrs[i].base, tdmrs[i].base);
		assert_int_equal(list.tdmrs[i].base + list.tdmrs[i].size, tdmrs[i].end);
	}
	static const struct tdmr_reserved low[] = { { 0, MIB }, FROM_TO(0x6F800000, 0x80000000) };
	assert_int_equal(areas(&list.tdmrs[0]), 2);
	assert_memory_equal(list.tdmrs[0].reserved, low, sizeof(low));
	for (unsigned i = 1; i < 4; i++) {
		assert_int_equal(areas(&list.tdmrs[i]), 1);
	}
	/* The PAMTs of all five, one after the other, and the hole. */
	assert_int_equal(areas(&list.tdmrs[4]), 6);
}

/* "virt/tdx: 1034220 KB allocated for PAMT": 252 GB in three TDMRs. */
static void pamt_of_a_real_machine(void **state)
{
	(void)state;
	static const struct tdmr_range ram[] = { FROM_TO(GIB, 2 * GIB), FROM_TO(4 * GIB, 128 * GIB),
						 FROM_TO(129 * GIB, 256 * GIB) };
	assert_int_equal(construct(ram, 3, ram, 3, &real, TDMR_LINUX, NULL), ST_OK);
	assert_int_equal(list.count, 3);
	assert_int_equal(tdmr_list_pamt_size(&list) / 1024, 1034220);
	/* One GiB: 4 MiB, 8 KiB, and 16 bytes in a page. */
	assert_int_equal(list.tdmrs[0].pamt_4k_size, 4 * MIB);
	assert_int_equal(list.tdmrs[0].pamt_2m_size, 0x2000);
	assert_int_equal(list.tdmrs[0].pamt_1g_size, 0x1000);
	/* Dynamic PAMT, 1 bit for 4 KiB: 10,092 KB. Its entries are smaller than a byte: by
	 * hand. */
	uint64_t kb = 0;
	for (unsigned i = 0; i < list.count; i++) {
		kb += list.tdmrs[i].size / 4096 / 8 / 1024 + list.tdmrs[i].pamt_2m_size / 1024 +
		      list.tdmrs[i].pamt_1g_size / 1024;
	}
	assert_int_equal(kb, 10092);
}

static void memory_is_ram_in_cmrs(void **state)
{
	(void)state;
	static const struct tdmr_range ram[] = {
		FROM_TO(0, 0x80000),         FROM_TO(0x90000, 0x300000),
		FROM_TO(0x400800, 0x500400), FROM_TO(0x600000, 0x600fff),
		FROM_TO(0x700000, 0x900000),
	};
	static const struct tdmr_range cmrs[] = {
		FROM_TO(0x1000, 0x200000),   FROM_TO(0x200000, 0x280000),
		FROM_TO(0x280000, 0x280000), FROM_TO(0x290000, 0x780000),
		FROM_TO(0x790000, 0x791000),
	};
	static const struct tdmr_range expected[] = {
		FROM_TO(0x100000, 0x280000), FROM_TO(0x290000, 0x300000),
		FROM_TO(0x401000, 0x500000), FROM_TO(0x700000, 0x780000),
		FROM_TO(0x790000, 0x791000),
	};
	assert_int_equal(tdmr_memory_make(ram, ARRAY_COUNT(ram), cmrs, ARRAY_COUNT(cmrs), &memory),
			 ST_OK);
	assert_int_equal(memory.count, ARRAY_COUNT(expected));
	assert_memory_equal(memory.ranges, expected, sizeof(expected));
	assert_int_equal(tdmr_memory_make(ram, ARRAY_COUNT(ram), cmrs, 0, &memory), ST_OK);
	assert_int_equal(memory.count, 0);
}

static void bad_lists_are_refused(void **state)
{
	(void)state;
	static const struct tdmr_range all[] = { FROM_TO(0, 0x10000000000000) };
	static const struct tdmr_range bad[][2] = {
		{ FROM_TO(0x200000, 0x300000), FROM_TO(0x2ff000, 0x400000) },
		{ FROM_TO(0x200000, 0x300000), FROM_TO(0x100000, 0x180000) },
		{ FROM_TO(0x200000, 0x300000), { 0x300000, 0x10000000000000 } },
		{ FROM_TO(0x200000, 0x300000), { 0x10000000000001, 0 } },
		{ FROM_TO(0x200000, 0x300000), { 0x300000, UINT64_MAX } },
	};
	memory.count = 77;
	for (unsigned i = 0; i < ARRAY_COUNT(bad); i++) {
		assert_int_equal(tdmr_memory_make(bad[i], 2, all, 1, &memory), ST_BAD_RANGE);
		assert_int_equal(tdmr_memory_make(all, 1, bad[i], 2, &memory), ST_BAD_RANGE);
	}
	struct tdmr_range many[TDMR_MEMORY_MAX + 1];
	for (unsigned i = 0; i < ARRAY_COUNT(many); i++) {
		many[i] = (struct tdmr_range){ MIB + i * 0x2000, 0x1000 };
	}
	assert_int_equal(tdmr_memory_make(many, ARRAY_COUNT(many), all, 1, &memory), ST_NO_SPACE);
	assert_int_equal(memory.count, 77);
	assert_int_equal(tdmr_memory_make(many, TDMR_MEMORY_MAX, all, 1, &memory), ST_OK);
	assert_int_equal(memory.count, TDMR_MEMORY_MAX);
}

static void limits_of_the_module(void **state)
{
	(void)state;
	static struct tdmr_range ram[TDX_MAX_TDMRS + 1];
	for (unsigned i = 0; i < ARRAY_COUNT(ram); i++) {
		ram[i] = (struct tdmr_range){ (2 * i + 1) * GIB, GIB / 2 };
	}
	struct tdmr_sysinfo sysinfo = real;
	assert_int_equal(
		construct(ram, TDX_MAX_TDMRS, ram, TDX_MAX_TDMRS, &sysinfo, TDMR_LINUX, NULL),
		ST_NO_SPACE); /* all PAMTs in the first TDMR: 64 areas */
	assert_int_equal(
		construct(ram, TDX_MAX_TDMRS, ram, TDX_MAX_TDMRS, &sysinfo, TDMR_COALESCE, NULL),
		ST_OK);
	assert_int_equal(lost, 0); /* PAMTs stand one after the other */
	assert_int_equal(tdmr_memory_make(ram, TDX_MAX_TDMRS + 1, ram, TDX_MAX_TDMRS + 1, &memory),
			 ST_OK);
	assert_int_equal(tdmr_cover(&memory, &sysinfo, &list), ST_NO_SPACE);
	sysinfo.max_tdmrs = UINT16_MAX;
	assert_int_equal(tdmr_cover(&memory, &sysinfo, &list), ST_NO_SPACE);
	sysinfo.max_tdmrs = 3;
	assert_int_equal(construct(ram, 3, ram, 3, &sysinfo, TDMR_LINUX, NULL), ST_OK);
	assert_int_equal(construct(ram, 4, ram, 4, &sysinfo, TDMR_LINUX, NULL), ST_NO_SPACE);
	sysinfo.max_reserved = 0;
	assert_int_equal(construct(ram, 1, ram, 1, &sysinfo, TDMR_COALESCE, NULL), ST_NO_SPACE);
	sysinfo.max_reserved = 1;
	assert_int_equal(construct(ram, 1, ram, 1, &sysinfo, TDMR_LINUX, NULL), ST_NO_SPACE);
	assert_int_equal(construct(ram, 1, ram, 1, &sysinfo, TDMR_COALESCE, NULL), ST_OK);
}

static void no_memory_for_pamts(void **state)
{
	(void)state;
	static const struct tdmr_range ram[] = { FROM_TO(4 * GIB, 6 * GIB) };
	uint64_t size = 2 * 4 * MIB + 2 * 0x2000 + 0x1000;
	struct tdmr_range place = { 5 * GIB, size - 0x1000 };
	assert_int_equal(construct(ram, 1, ram, 1, &real, TDMR_LINUX, &place), ST_NO_MEMORY);
	place.size = size;
	assert_int_equal(construct(ram, 1, ram, 1, &real, TDMR_LINUX, &place), ST_OK);
	assert_int_equal(tdmr_pamt_size(&list.tdmrs[0]), size);
	assert_int_equal(list.tdmrs[0].pamt_4k_base, 5 * GIB);
	assert_int_equal(candidates[0].size, 0);
	assert_int_equal(list.tdmrs[0].reserved[0].offset, GIB);
	assert_int_equal(list.tdmrs[0].reserved[0].size, size);
}

/* Two ranges in one GiB share a TDMR; ranges that only touch do not, as in Linux. */
static void regions_cover_memory(void **state)
{
	(void)state;
	static const struct tdmr_range ram[] = {
		FROM_TO(GIB + MIB, GIB + 2 * MIB),
		FROM_TO(GIB + 4 * MIB, GIB + 800 * MIB),
		FROM_TO(GIB + 801 * MIB, 2 * GIB + MIB),
		FROM_TO(2 * GIB + MIB, 4 * GIB),
		FROM_TO(4 * GIB, 5 * GIB),
	};
	static const struct tdmr_range all[] = { FROM_TO(0, 64 * GIB) };
	assert_int_equal(construct(ram, ARRAY_COUNT(ram), all, 1, &real, TDMR_LINUX, NULL), ST_OK);
	static const struct tdmr_range expected[] = {
		FROM_TO(GIB, 2 * GIB),
		FROM_TO(2 * GIB, 3 * GIB),
		FROM_TO(3 * GIB, 4 * GIB),
		FROM_TO(4 * GIB, 5 * GIB),
	};
	assert_int_equal(list.count, ARRAY_COUNT(expected));
	for (unsigned i = 0; i < list.count; i++) {
		assert_int_equal(list.tdmrs[i].base, expected[i].base);
		assert_int_equal(list.tdmrs[i].size, expected[i].size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_map_exhausts_reserved_areas),
		cmocka_unit_test(real_map_fits_when_coalesced),
		cmocka_unit_test(real_cmrs_make_two_areas),
		cmocka_unit_test(pamt_of_a_real_machine),
		cmocka_unit_test(memory_is_ram_in_cmrs),
		cmocka_unit_test(bad_lists_are_refused),
		cmocka_unit_test(limits_of_the_module),
		cmocka_unit_test(no_memory_for_pamts),
		cmocka_unit_test(regions_cover_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
