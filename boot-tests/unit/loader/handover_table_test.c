// The hand-over table: what is executable, what is writable, and windows and pieces that do not
// fit.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/table/handover_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/paging.h"
#include "linker/memmap.h"

#define MIB2 0x200000ull
#define HIGH 0x123456789000ull

static uint64_t pages[HANDOVER_TABLE_PAGES * 512] __attribute__((aligned(4096)));
static const struct pt_arena arena = { pages, { 0x5000 }, HANDOVER_TABLE_PAGES };
static gpa_t root;

static enum status build(uint64_t base, uint64_t size, const struct handover_piece *pieces,
			 unsigned count)
{
	return handover_table_build(&arena, (struct gpa_range){ gpa(base), size }, pieces, count,
				    &root);
}

/* The rights at an address that is mapped to itself. */
static enum pt_perm perm_at(uint64_t address)
{
	struct pt_leaf leaf;
	assert_int_equal(pt_lookup(&arena, root, address, &leaf), ST_OK);
	uint64_t offset = address & (pg_size(leaf.level) - 1);
	assert_int_equal((leaf.entry & PTE_ADDRESS & ~(pg_size(leaf.level) - 1)) + offset, address);
	bool write = (leaf.upper_and & PTE_W) != 0;
	bool execute = (leaf.upper_or & PTE_NX) == 0;
	return write ? (execute ? PT_RWX : PT_RW) : execute ? PT_RX : PT_R;
}

static bool is_mapped(uint64_t address)
{
	struct pt_leaf leaf;
	return pt_lookup(&arena, root, address, &leaf) == ST_OK;
}

static void rights(void **state)
{
	const struct handover_piece pieces[] = { { { gpa(0x5000000), MIB2 }, PT_RX },
						 { { gpa(0x5001000), 0x1000 }, PT_RW } };
	(void)state;
	assert_int_equal(build(0x1001000, 0x400000, pieces, 2), ST_OK);
	assert_int_equal(perm_at(0), PT_RW);
	assert_int_equal(perm_at(0xFFF), PT_RW);
	assert_int_equal(perm_at(0x1000), PT_RWX);
	assert_int_equal(perm_at(0x9FFFF), PT_RWX);
	assert_int_equal(perm_at(0xA0000), PT_RW);
	/* The window has grown to whole pages of 2 MiB. */
	assert_int_equal(perm_at(0xFFFFFF), PT_RW);
	assert_int_equal(perm_at(0x1000000), PT_RWX);
	assert_int_equal(perm_at(0x15FFFFF), PT_RWX);
	assert_int_equal(perm_at(0x1600000), PT_RW);
	assert_int_equal(perm_at(0x4FFFFFF), PT_RW);
	assert_int_equal(perm_at(0x5000000), PT_RX);
	/* The later piece counts. */
	assert_int_equal(perm_at(0x5001000), PT_RW);
	assert_int_equal(perm_at(0x5002000), PT_RX);
	assert_int_equal(perm_at(0x5200000), PT_RW);
	assert_int_equal(perm_at(FOUR_GIB - 1), PT_RW);
	assert_false(is_mapped(FOUR_GIB));
}

/* An application's own code may be anywhere; most pages are taken by one far above. */
static void piece_above_four_gib(void **state)
{
	const struct handover_piece code = { { gpa(HIGH), 0x1000 }, PT_RX };
	(void)state;
	assert_int_equal(build(0x1000000, 0x400000, &code, 1), ST_OK);
	assert_int_equal(perm_at(HIGH), PT_RX);
	assert_int_equal(perm_at(HIGH + 0xFFF), PT_RX);
	assert_false(is_mapped(HIGH - 1));
	assert_false(is_mapped(HIGH + 0x1000));
	assert_int_equal(perm_at(FOUR_GIB - 1), PT_RW);
}

static void without_pieces(void **state)
{
	(void)state;
	assert_int_equal(build(FOUR_GIB - MIB2, MIB2, NULL, 0), ST_OK);
	assert_int_equal(perm_at(FOUR_GIB - MIB2 - 1), PT_RW);
	assert_int_equal(perm_at(FOUR_GIB - MIB2), PT_RWX);
}

static void what_does_not_fit(void **state)
{
	const struct handover_piece inside = { { gpa(0x15FF000), 0x1000 }, PT_RX };
	const struct handover_piece beside = { { gpa(0x1600000), 0x1000 }, PT_RX };
	const struct handover_piece unaligned = { { gpa(0x1600800), 0x1000 }, PT_RX };
	const struct handover_piece too_high = { { gpa(1ull << 47), 0x1000 }, PT_RX };
	(void)state;
	memset(pages, 0, sizeof(pages));
	assert_int_equal(build(0x1000, 0x1000, NULL, 0), ST_BAD_RANGE);
	assert_int_equal(build(MIB2, 0, NULL, 0), ST_BAD_RANGE);
	assert_int_equal(build(FOUR_GIB - MIB2, MIB2 + 1, NULL, 0), ST_BAD_RANGE);
	assert_int_equal(build(MIB2, UINT64_MAX, NULL, 0), ST_BAD_RANGE);
	assert_int_equal(build(0x1000000, 0x500000, &inside, 1), ST_BAD_RANGE);
	assert_int_equal(build(0x1000000, 0x500000, &unaligned, 1), ST_BAD_RANGE);
	assert_int_equal(build(0x1000000, 0x500000, &too_high, 1), ST_BAD_RANGE);
	for (unsigned i = 0; i < 512; i++) {
		assert_int_equal(pages[i], 0);
	}
	assert_int_equal(build(0x1000000, 0x500000, &beside, 1), ST_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rights),
		cmocka_unit_test(piece_above_four_gib),
		cmocka_unit_test(without_pieces),
		cmocka_unit_test(what_does_not_fit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
