// The AP table: every 4 KiB address below 4 GiB, and nothing else, by a walker of the test's own.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/table/ap_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define PAGE 4096ull
#define FILL 0x5A

/* One page more on each side: nothing but the six pages may be written. */
static uint64_t memory[(AP_TABLE_PAGES + 2) * 512] __attribute__((aligned(4096)));
static uint64_t *const pages = memory + 512;

static uint64_t entry_at(uint64_t base, uint64_t table, uint64_t index)
{
	assert_true(table >= base && table < base + AP_TABLE_PAGES * PAGE && table % PAGE == 0);
	return pages[(table - base) / 8 + index];
}

/* What all levels have in common: P and A set; W, U, PWT, PCD, NX and bits 62:32 clear. */
static void check_entry(uint64_t e)
{
	assert_int_equal(e & 0xFFFFFFFF0000003Full, 0x21);
}

static void check_table(uint64_t base)
{
	memset(memory, FILL, sizeof(memory));
	assert_int_equal(ap_table_build(pages, gpa(base)), ST_OK);
	for (size_t i = 0; i < 512; i++) {
		assert_memory_equal(&memory[i], "ZZZZZZZZ", 8);
		assert_memory_equal(&memory[(AP_TABLE_PAGES + 1) * 512 + i], "ZZZZZZZZ", 8);
	}
	for (uint64_t address = 0; address < FOUR_GIB; address += PAGE) {
		uint64_t pml4e = entry_at(base, base, address >> 39);
		uint64_t pdpte = entry_at(base, pml4e & 0xFFFFF000, address >> 30 & 511);
		assert_int_equal(pdpte & 0x80, 0); /* no 1 GiB pages */
		uint64_t pde = entry_at(base, pdpte & 0xFFFFF000, address >> 21 & 511);
		check_entry(pml4e);
		check_entry(pdpte);
		check_entry(pde);
		/* PS and D; PAT and reserved bits 20:13 clear. */
		assert_int_equal(pde & 0x1FFFC0, 0xC0);
		assert_int_equal((pde & 0xFFE00000) | (address & 0x1FFFFF), address);
	}
	/* Nothing at or above 4 GiB, in either half. */
	uint64_t pdpt = pages[0] & 0xFFFFF000;
	for (uint64_t i = 4; i < 512; i++) {
		assert_int_equal(entry_at(base, pdpt, i), 0);
	}
	for (uint64_t i = 1; i < 512; i++) {
		assert_int_equal(entry_at(base, base, i), 0);
	}
}

static void all_addresses(void **state)
{
	(void)state;
	check_table(AP_TABLE);
}

static void all_addresses_lowest(void **state)
{
	(void)state;
	check_table(0);
}

static void all_addresses_highest(void **state)
{
	(void)state;
	check_table(FOUR_GIB - AP_TABLE_PAGES * PAGE);
}

static void bad_base(void **state)
{
	(void)state;
	const uint64_t bases[] = {
		1,        8,          AP_TABLE + 0x800, FOUR_GIB - (AP_TABLE_PAGES - 1) * PAGE,
		FOUR_GIB, 1ull << 47, 0ull - PAGE,
	};
	memset(memory, FILL, sizeof(memory));
	for (size_t i = 0; i < ARRAY_COUNT(bases); i++) {
		assert_int_equal(ap_table_build(pages, gpa(bases[i])), ST_BAD_ARGUMENT);
	}
	for (size_t i = 0; i < ARRAY_COUNT(memory); i++) {
		assert_memory_equal(&memory[i], "ZZZZZZZZ", 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_addresses),
		cmocka_unit_test(all_addresses_lowest),
		cmocka_unit_test(all_addresses_highest),
		cmocka_unit_test(bad_base),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
