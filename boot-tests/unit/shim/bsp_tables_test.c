// The boot table and the hand-over table page by page, and the descriptor tables, by walkers of the
// test's own.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/entry/bsp_tables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "boot-tests/unit/shim/low_memory.h"
#include "linker/memmap.h"

#define PAGE 4096ull
#define MIB2 0x200000ull
#define TABLES_END (BOOT_TABLES + BOOT_TABLES_SIZE)
#define HANDOVER_END (HANDOVER_TABLES + HANDOVER_TABLES_SIZE)
#define KIB640 0xA0000ull
/* Where the linker may have put the shim's text and constants. */
#define TEXT 0xFFFF0000ull
#define CONSTANTS 0xFFFF5000ull

/* What a range is: "-" absent, else r, w, x; s: shared; STACKS: every second page, from the second
 * one on. Ranges follow each other from 0. */
#define STACKS "stacks"
struct range {
	uint64_t end;
	const char *what;
};

/* One entry of a table page that must lie among the pages of one of the tables. */
static uint64_t entry_of(uint64_t table, uint64_t index)
{
	uint64_t entry;
	assert_true((table >= BOOT_TABLES && table < TABLES_END) ||
		    (table >= HANDOVER_TABLES && table < HANDOVER_END));
	assert_int_equal(table % PAGE, 0);
	memcpy(&entry, (const uint8_t *)gpa_pointer(gpa(table)) + index * 8, 8);
	return entry;
}

/*
 * The mapping of address by the entries on the way to it, lowest last. All of them: U, PWT, PCD, G,
 * PAT clear; A set; D set where a store can reach, so that no walk writes.
 */
static const char *what_is(uint64_t root, unsigned gpaw, uint64_t address)
{
	static const char *const names[] = { "r", "rw", "rx", "rwx", "rs", "rws", "rxs", "rwxs" };
	uint64_t shared_bit = 1ull << (gpaw - 1);
	uint64_t table = root;
	bool write = true, execute = true;
	for (unsigned shift = 39;; shift -= 9) {
		uint64_t entry = entry_of(table, address >> shift & 511);
		bool leaf = shift == 12 || (shift == 21 && (entry & 0x80) != 0);
		if ((entry & 1) == 0) {
			assert_int_equal(entry, 0);
			return "-";
		}
		write = write && (entry & 2) != 0;
		execute = execute && entry >> 63 == 0;
		assert_int_equal(entry & 0x13C & ~0x20ull, 0);
		assert_int_not_equal(entry & 0x20, 0);
		if (!leaf) {
			assert_int_equal(entry & 0x80, 0);
			assert_int_equal(entry & ~0xFFFFFFFFull, 0);
			table = entry & 0xFFFFF000;
			continue;
		}
		uint64_t offset = (1ull << shift) - 1;
		bool shared = (entry & shared_bit) != 0;
		assert_int_equal(entry & 0x40, write ? 0x40 : 0);
		assert_int_equal(entry & 0x0FFFFFFFFFFFF000ull & ~shared_bit, address & ~offset);
		return names[write + 2 * execute + 4 * shared];
	}
}

static void check_ranges(uint64_t root, unsigned gpaw, const struct range *ranges)
{
	for (uint64_t address = 0; address < FOUR_GIB; address += PAGE) {
		while (address >= ranges->end) {
			ranges++;
		}
		const char *what = what_is(root, gpaw, address);
		const char *want = ranges->what;
		if (strcmp(want, STACKS) == 0) {
			want = (ranges->end - address) / PAGE % 2 == 0 ? "-" : "rw";
		}
		if (strcmp(what, want) != 0) {
			fail_msg("0x%llx is %s, not %s", (unsigned long long)address, what, want);
		}
	}
	/* Nothing at or above 4 GiB, in either half. */
	uint64_t pdpt = entry_of(root, 0) & 0xFFFFF000;
	for (unsigned i = 4; i < 512; i++) {
		assert_int_equal(entry_of(pdpt, i), 0);
	}
	for (unsigned i = 1; i < 512; i++) {
		assert_int_equal(entry_of(root, i), 0);
	}
}

static void check_boot(bool td, unsigned gpaw, uint64_t image_size)
{
	const struct range ranges[] = {
		{ PAGE, "-" }, /* page 0: a null pointer faults */
		{ BSP_STACK - PAGE, "rw" },
		{ BSP_STACK, "-" }, /* guard page */
		{ BSP_STACK + BSP_STACK_SIZE, "rw" },
		{ IST_STACK, "-" },
		{ IST_STACK + IST_STACK_SIZE, "rw" },
		{ 0x12C000 + 15 * 0x4000, STACKS }, /* of the APs */
		{ 0x168000 + PAGE, "-" },
		{ BOUNCE, "rw" },
		{ BOUNCE + BOUNCE_SIZE, td ? "rws" : "rw" },
		{ FOUR_GIB - image_size, "rw" },
		{ TEXT, "r" }, /* embedded payload */
		{ CONSTANTS, "rx" },
		{ MAILBOX, "r" }, /* AP table too */
		{ RESET_PAGE, "rw" },
		{ FOUR_GIB, "rx" },
	};
	gpa_t root;
	/* What the host left in the pages. */
	memset(gpa_pointer(gpa(BOOT_TABLES)), 0xEE, TABLES_END - BOOT_TABLES);
	const struct region_bounds bounds = { FOUR_GIB - image_size, TEXT, CONSTANTS };
	assert_int_equal(tables_build_boot(td, gpaw, &bounds, &root), ST_OK);
	check_ranges(root.v, gpaw, ranges);
}

static void boot_table_of_a_td(void **state)
{
	(void)state;
	check_boot(true, 48, FOUR_GIB - TEXT);
}

static void boot_table_of_a_wide_td(void **state)
{
	(void)state;
	check_boot(true, 52, FOUR_GIB - TEXT);
}

static void boot_table_of_a_plain_vm(void **state)
{
	(void)state;
	check_boot(false, 48, FOUR_GIB - TEXT);
}

static void boot_table_with_a_payload(void **state)
{
	(void)state;
	check_boot(true, 48, IMAGE_MAX_SIZE);
	check_boot(true, 48, 3 * IMAGE_ALIGN);
}

static void boot_table_of_a_gpaw_that_is_none(void **state)
{
	gpa_t root;
	(void)state;
	const struct region_bounds bounds = { TEXT, TEXT, CONSTANTS };
	assert_int_equal(tables_build_boot(true, 47, &bounds, &root), ST_BAD_ARGUMENT);
}

/* The bottom for a trampoline, the kernel's window, and the code that leaves. */
static void check_handover(uint64_t base, uint64_t size, const struct range *ranges)
{
	gpa_t root;
	memset(gpa_pointer(gpa(HANDOVER_TABLES)), 0xEE, HANDOVER_END - HANDOVER_TABLES);
	assert_int_equal(tables_build_handover((struct gpa_range){ gpa(base), size }, &root),
			 ST_OK);
	check_ranges(root.v, 48, ranges);
}

static void handover_table(void **state)
{
	(void)state;
	check_handover(0x1000000, 0x3456000,
		       (struct range[]){ { PAGE, "rw" },
					 { KIB640, "rwx" },
					 { 0x1000000, "rw" },
					 { 0x4600000, "rwx" },
					 { FOUR_GIB - MIB2, "rw" },
					 { MAILBOX, "rx" },
					 { MAILBOX + PAGE, "rw" },
					 { FOUR_GIB, "rx" } });
	/* The lowest window. */
	check_handover(MIB2 + PAGE, PAGE,
		       (struct range[]){ { PAGE, "rw" },
					 { KIB640, "rwx" },
					 { MIB2, "rw" },
					 { 2 * MIB2, "rwx" },
					 { FOUR_GIB - MIB2, "rw" },
					 { MAILBOX, "rx" },
					 { MAILBOX + PAGE, "rw" },
					 { FOUR_GIB, "rx" } });
	/* A window that ends at the last two megabytes, and one that is not aligned. */
	check_handover(FOUR_GIB - 3 * MIB2 + PAGE, 2 * MIB2 - PAGE,
		       (struct range[]){ { PAGE, "rw" },
					 { KIB640, "rwx" },
					 { FOUR_GIB - 3 * MIB2, "rw" },
					 { FOUR_GIB - MIB2, "rwx" },
					 { MAILBOX, "rx" },
					 { MAILBOX + PAGE, "rw" },
					 { FOUR_GIB, "rx" } });
}

static void handover_window_that_does_not_fit(void **state)
{
	gpa_t root;
	(void)state;
	const struct gpa_range windows[] = {
		{ gpa(FOUR_GIB - 2 * MIB2), MIB2 + PAGE },
		{ gpa(FOUR_GIB), PAGE },
		{ gpa(0), FOUR_GIB },
		{ gpa(MIB2 - PAGE), PAGE },
	};
	for (size_t i = 0; i < ARRAY_COUNT(windows); i++) {
		assert_int_equal(tables_build_handover(windows[i], &root), ST_BAD_RANGE);
	}
}

static void assert_gate(const struct idt_gate *gate, uint64_t stub, unsigned ist)
{
	assert_int_equal(gate->offset_low | (uint64_t)gate->offset_mid << 16 |
				 (uint64_t)gate->offset_high << 32,
			 stub);
	assert_int_equal(gate->selector, SELECTOR_CODE64);
	assert_int_equal(gate->type, 0x8E);
	assert_int_equal(gate->ist, ist);
	assert_int_equal(gate->reserved_0c, 0);
}

/* #DF and #MC have stacks of their own, apart from each other: the one on which they may come is
 * not to be trusted. The others share the one that runs. */
static void descriptor_tables(void **state)
{
	static struct descriptors d;
	const uint64_t stubs = 0x12345678FFFF9000;
	const struct gpa_range ist = { gpa(0x456000), 2 * PAGE };
	uint64_t base = (uintptr_t)&d.tss;
	(void)state;
	/* Again, as a vCPU does that comes again: the TSS is no longer marked busy. */
	tables_fill_descriptors(&d, stubs, ist);
	d.gdt[4] |= 2ull << 40;
	tables_fill_descriptors(&d, stubs, ist);
	for (unsigned vector = 0; vector < 32; vector++) {
		assert_gate(&d.idt[vector], stubs + 16 * vector,
			    vector == 8  ? 1 :
			    vector == 18 ? 2 :
					   0);
	}
	assert_int_equal(d.tss.ist[0], 0x458000);
	assert_int_equal(d.tss.ist[1], 0x457000);
	for (unsigned i = 2; i < 7; i++) {
		assert_int_equal(d.tss.ist[i], 0);
	}
	assert_int_equal(d.tss.io_map_base, 104);
	assert_int_equal(d.gdt[0], 0);
	assert_int_equal(d.gdt[SELECTOR_CODE32 / 8], GDT_CODE32);
	assert_int_equal(d.gdt[SELECTOR_CODE64 / 8], GDT_CODE64);
	assert_int_equal(d.gdt[SELECTOR_DATA / 8], GDT_DATA);
	/* An available 64-bit TSS, present, of 104 bytes. */
	assert_int_equal(d.gdt[4],
			 103 | (base & 0xFFFFFF) << 16 | 0x89ull << 40 | (base >> 24 & 0xFF) << 56);
	assert_int_equal(d.gdt[5], base >> 32);
}

static int map_memory(void **state)
{
	(void)state;
	low_memory_map(HANDOVER_END);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(boot_table_of_a_td),
		cmocka_unit_test(boot_table_of_a_wide_td),
		cmocka_unit_test(boot_table_of_a_plain_vm),
		cmocka_unit_test(boot_table_with_a_payload),
		cmocka_unit_test(boot_table_of_a_gpaw_that_is_none),
		cmocka_unit_test(handover_table),
		cmocka_unit_test(handover_window_that_does_not_fit),
		cmocka_unit_test(descriptor_tables),
	};
	return cmocka_run_group_tests(tests, map_memory, NULL);
}
