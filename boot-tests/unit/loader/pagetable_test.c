// The page-table builder against the list it was given, read back by a walker of the test's own.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/table/pagetable.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PAGE 4096ull
#define MIB2 0x200000ull
#define TOP (1ull << 47)
#define ARENA_BASE 0x7654000ull
#define ARENA_MAX 512
#define FILL 0xA5

static uint64_t arena_pages[(ARENA_MAX + 1) * 512] __attribute__((aligned(4096)));

/* A small fixed generator: a failure repeats. */
static uint64_t random_state = 1;
static uint64_t random_below(uint64_t limit)
{
	random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
	return (random_state >> 11) % limit;
}

static struct pt_arena make_arena(size_t page_count)
{
	memset(arena_pages, FILL, sizeof(arena_pages));
	return (struct pt_arena){ arena_pages, gpa(ARENA_BASE), page_count };
}

static void assert_untouched_from(size_t first_page)
{
	const uint8_t *bytes = (const uint8_t *)arena_pages;
	for (size_t i = first_page * PAGE; i < sizeof(arena_pages); i++) {
		assert_int_equal(bytes[i], FILL);
	}
}

/* What a walk gives, by the words of SDM 3A 4.5 alone. */
struct walked {
	bool present;
	uint64_t address; /* bits 51:12 of the leaf, offset added */
	uint64_t page;    /* bytes that the leaf maps */
	bool write, execute, all_accessed, dirty, upper_write, user;
};

static struct walked walk(uint64_t root, uint64_t va)
{
	struct walked w = { .write = true, .execute = true, .all_accessed = true };
	uint64_t table = root;
	w.upper_write = false;
	for (int shift = 39;; shift -= 9) {
		assert_true(table >= ARENA_BASE && table < ARENA_BASE + ARENA_MAX * PAGE);
		uint64_t e = arena_pages[(table - ARENA_BASE) / 8 + ((va >> shift) & 511)];
		if ((e & 1) == 0) {
			assert_int_equal(e, 0);
			return (struct walked){ 0 };
		}
		w.write = w.write && (e & 2) != 0;
		w.user = w.user || (e & 4) != 0;
		w.all_accessed = w.all_accessed && (e & 0x20) != 0;
		w.execute = w.execute && (e >> 63) == 0;
		if (shift == 12 || (e & 0x80) != 0) {
			w.present = true;
			w.page = 1ull << shift;
			w.dirty = (e & 0x40) != 0;
			w.address = (e & 0x000FFFFFFFFFF000ull) + (va & (w.page - 1));
			return w;
		}
		w.upper_write = w.upper_write || (e & 2) != 0;
		table = e & 0x000FFFFFFFFFF000ull;
	}
}

/* Bytes that a table maps below the entry that leads to it. */
static uint64_t mapped_bytes(uint64_t table, int shift)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < 512; i++) {
		uint64_t e = arena_pages[(table - ARENA_BASE) / 8 + i];
		if ((e & 1) == 0) {
			continue;
		}
		if (shift == 12 || (e & 0x80) != 0) {
			sum += 1ull << shift;
		} else {
			sum += mapped_bytes(e & 0x000FFFFFFFFFF000ull, shift - 9);
		}
	}
	return sum;
}

static bool writable(enum pt_perm perm)
{
	return perm == PT_RW || perm == PT_RWX;
}

static bool executable(enum pt_perm perm)
{
	return perm == PT_RX || perm == PT_RWX;
}

/* The size of the leaf that must hold va: 2 MiB where a whole aligned one fits in the map. */
static uint64_t expected_page(const struct pt_map *m, uint64_t va)
{
	uint64_t start = va & ~(MIB2 - 1);
	bool fits = ((m->va ^ m->pa.v) & (MIB2 - 1)) == 0 && start >= m->va &&
		    start + MIB2 <= m->va + m->size;
	return fits ? MIB2 : PAGE;
}

static void check_address(const struct pt_arena *arena, gpa_t root, const struct pt_map *m,
			  uint64_t va, unsigned gpaw, bool any_writable)
{
	struct walked w = walk(root.v, va);
	assert_true(w.present);
	uint64_t shared = m->share == SHARE_SHARED ? 1ull << (gpaw - 1) : 0;
	assert_int_equal(w.address, (m->pa.v + (va - m->va)) | shared);
	assert_int_equal(w.page, expected_page(m, va));
	assert_int_equal(w.write, writable(m->perm));
	assert_int_equal(w.execute, executable(m->perm));
	assert_true(w.all_accessed);
	assert_false(w.user);
	assert_int_equal(w.dirty, writable(m->perm) || !any_writable);
	assert_int_equal(w.upper_write, any_writable);

	struct pt_leaf leaf;
	assert_int_equal(pt_lookup(arena, root, va, &leaf), ST_OK);
	assert_int_equal(12 + 9 * (int)leaf.level, __builtin_ctzll(w.page));
	assert_int_equal(leaf.entry & 0x000FFFFFFFFFF000ull & ~(w.page - 1),
			 w.address & ~(w.page - 1));
	assert_int_equal((leaf.upper_and & 2) != 0, w.write);
	assert_int_equal((leaf.upper_or >> 63) == 0, w.execute);
}

/* Tables that a list needs, counted as sets: one per prefix that holds something smaller. */
static size_t expected_tables(const struct pt_map *maps, size_t count)
{
	size_t tables = 1;
	uint64_t last[3] = { UINT64_MAX, UINT64_MAX, UINT64_MAX };
	for (size_t i = 0; i < count; i++) {
		for (uint64_t va = maps[i].va; va < maps[i].va + maps[i].size;) {
			uint64_t page = expected_page(&maps[i], va);
			const int shift[3] = { 39, 30, 21 };
			for (int l = 0; l < (page == MIB2 ? 2 : 3); l++) {
				tables += last[l] != va >> shift[l];
				last[l] = va >> shift[l];
			}
			va += page;
		}
	}
	return tables;
}

static size_t random_maps(struct pt_map *maps, size_t max)
{
	static const uint64_t gaps[] = { 0, 0, PAGE, MIB2, 1ull << 30, 1ull << 39, 1ull << 44 };
	size_t count = 1 + random_below(max);
	uint64_t va = random_below(64) * (random_below(2) != 0 ? PAGE : MIB2);
	bool no_writable = random_below(4) == 0;
	for (size_t i = 0; i < count; i++) {
		uint64_t size = (1 + random_below(5)) * PAGE;
		if (random_below(2) != 0) {
			size += random_below(3) * MIB2;
		}
		if (random_below(3) == 0) {
			va = (va + MIB2 - 1) & ~(MIB2 - 1);
		}
		uint64_t pa = random_below(1ull << 34) * PAGE;
		if (random_below(2) != 0) {
			pa = (pa & ~(MIB2 - 1)) | (va & (MIB2 - 1));
		}
		maps[i] = (struct pt_map){ va, gpa(pa), size,
					   (enum pt_perm)random_below(no_writable ? 2 : 4),
					   (enum share)random_below(2) };
		va += size + gaps[random_below(ARRAY_COUNT(gaps))] * random_below(3);
		if (va > TOP - 16 * MIB2) {
			return i + 1;
		}
	}
	return count;
}

static void check_list(const struct pt_map *maps, size_t count, unsigned gpaw)
{
	size_t needed = 0;
	assert_int_equal(pt_count(maps, count, &needed), ST_OK);
	assert_int_equal(needed, expected_tables(maps, count));
	assert_true(needed <= ARENA_MAX);

	gpa_t root = gpa(7);
	size_t used = 7;
	struct pt_arena arena = make_arena(needed - 1);
	assert_int_equal(pt_build(&arena, maps, count, gpaw, &root, &used), ST_NO_SPACE);
	assert_int_equal(root.v, 7);
	assert_int_equal(used, 7);
	assert_untouched_from(0);

	arena.page_count = needed;
	assert_int_equal(pt_build(&arena, maps, count, gpaw, &root, &used), ST_OK);
	assert_int_equal(used, needed);
	assert_untouched_from(needed);

	bool any_writable = false;
	uint64_t sum = 0;
	for (size_t i = 0; i < count; i++) {
		any_writable = any_writable || writable(maps[i].perm);
		sum += maps[i].size;
	}
	assert_int_equal(mapped_bytes(root.v, 39), sum);

	struct pt_leaf leaf;
	uint64_t cursor = 0;
	for (size_t i = 0; i < count; i++) {
		const struct pt_map *m = &maps[i];
		uint64_t end = m->va + m->size;
		for (uint64_t va = m->va; va < end; va += PAGE) {
			if (m->size > 64 * PAGE && va > m->va + 8 * PAGE && va + 8 * PAGE < end &&
			    random_below(64) != 0) {
				continue;
			}
			check_address(&arena, root, m, va + random_below(PAGE), gpaw, any_writable);
		}
		if (i + 1 == count || maps[i + 1].va != end) {
			assert_false(walk(root.v, end).present);
			assert_int_equal(pt_lookup(&arena, root, end, &leaf), ST_NOT_FOUND);
		}
		while (cursor < end) {
			uint64_t at = cursor;
			assert_int_equal(pt_next(&arena, root, &at, &leaf), ST_OK);
			assert_int_equal(at, cursor > m->va ? cursor : m->va);
			cursor = at + pg_size(leaf.level);
		}
		assert_int_equal(cursor, end);
	}
	assert_int_equal(pt_next(&arena, root, &cursor, &leaf), ST_NOT_FOUND);
}

static void random_lists(void **state)
{
	(void)state;
	struct pt_map maps[12];
	for (unsigned i = 0; i < 400; i++) {
		size_t count = random_maps(maps, ARRAY_COUNT(maps));
		check_list(maps, count, random_below(2) != 0 ? 48 : 52);
	}
}

static void border_lists(void **state)
{
	(void)state;
	/* The last page, the last 2 MiB, all of one 2 MiB but a page, a map over a 1 GiB border. */
	const struct pt_map top[] = {
		{ TOP - 2 * MIB2, gpa(TOP - MIB2), MIB2, PT_RW, SHARE_SHARED },
		{ TOP - PAGE, gpa(TOP - PAGE), PAGE, PT_R, SHARE_PRIVATE },
	};
	check_list(top, 2, 48);
	check_list(top, 2, 52);
	check_list(top + 1, 1, 48);
	const struct pt_map almost[] = {
		{ 0, gpa(0), MIB2 - PAGE, PT_RWX, SHARE_PRIVATE },
		{ MIB2 - PAGE, gpa(MIB2 - PAGE), PAGE, PT_R, SHARE_PRIVATE },
		{ MIB2, gpa(MIB2), MIB2, PT_RX, SHARE_PRIVATE },
		{ (1ull << 30) - PAGE, gpa((1ull << 30) - PAGE), 2 * MIB2, PT_RW, SHARE_PRIVATE },
	};
	check_list(almost, 4, 48);
	/* Aligned va and pa, but not to each other. */
	const struct pt_map shifted = { MIB2, gpa(MIB2 + PAGE), 2 * MIB2, PT_RX, SHARE_PRIVATE };
	check_list(&shifted, 1, 48);
}

static void malformed_lists(void **state)
{
	(void)state;
	const struct pt_map good = { MIB2, gpa(MIB2), PAGE, PT_RW, SHARE_PRIVATE };
	const struct pt_map bad[] = {
		{ MIB2, gpa(MIB2), 0, PT_RW, SHARE_PRIVATE },
		{ MIB2 + 1, gpa(MIB2), PAGE, PT_RW, SHARE_PRIVATE },
		{ MIB2 + PAGE / 2, gpa(MIB2), PAGE, PT_RW, SHARE_PRIVATE },
		{ MIB2, gpa(MIB2 + 8), PAGE, PT_RW, SHARE_PRIVATE },
		{ MIB2, gpa(MIB2), PAGE + 1, PT_RW, SHARE_PRIVATE },
		{ MIB2, gpa(MIB2), PAGE - 1, PT_RW, SHARE_PRIVATE },
		{ TOP, gpa(0), PAGE, PT_RW, SHARE_PRIVATE },
		{ TOP - PAGE, gpa(0), 2 * PAGE, PT_RW, SHARE_PRIVATE },
		{ 0, gpa(TOP), PAGE, PT_RW, SHARE_PRIVATE },
		{ 0, gpa(TOP - PAGE), 2 * PAGE, PT_RW, SHARE_PRIVATE },
		{ 0, gpa(0), TOP + PAGE, PT_RW, SHARE_PRIVATE },
		{ 0ull - PAGE, gpa(0), PAGE, PT_RW, SHARE_PRIVATE },
		{ PAGE, gpa(0), 0ull - PAGE, PT_RW, SHARE_PRIVATE },
		{ 2 * PAGE, gpa(2 * PAGE), 0ull - PAGE, PT_RW, SHARE_PRIVATE },
	};
	struct pt_arena arena = make_arena(16);
	gpa_t root = gpa(7);
	size_t pages = 7;
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		const struct pt_map lists[][2] = { { bad[i], good }, { good, bad[i] } };
		assert_int_equal(pt_count(&bad[i], 1, &pages), ST_BAD_RANGE);
		for (size_t j = 0; j < 2; j++) {
			assert_int_equal(pt_count(lists[j], 2, &pages), ST_BAD_RANGE);
			assert_int_equal(pt_build(&arena, lists[j], 2, 48, &root, &pages),
					 ST_BAD_RANGE);
		}
	}
	const struct pt_map overlaps[][2] = {
		{ good, good },
		{ { MIB2, gpa(0), 2 * PAGE, PT_R, SHARE_PRIVATE },
		  { MIB2 + PAGE, gpa(0), PAGE, PT_R, SHARE_PRIVATE } },
		{ { MIB2, gpa(0), PAGE, PT_R, SHARE_PRIVATE },
		  { 0, gpa(0), PAGE, PT_R, SHARE_PRIVATE } },
	};
	for (size_t i = 0; i < ARRAY_COUNT(overlaps); i++) {
		assert_int_equal(pt_build(&arena, overlaps[i], 2, 48, &root, &pages), ST_BAD_RANGE);
	}
	assert_int_equal(pt_build(&arena, &good, 0, 48, &root, &pages), ST_BAD_RANGE);
	assert_int_equal(root.v, 7);
	assert_int_equal(pages, 7);
	assert_untouched_from(0);
}

static void malformed_arguments(void **state)
{
	(void)state;
	const struct pt_map map = { 0, gpa(0), PAGE, PT_RW, SHARE_PRIVATE };
	gpa_t root = gpa(7);
	size_t pages = 7;
	const unsigned widths[] = { 0, 47, 49, 51, 53, 64 };
	struct pt_arena arena = make_arena(4);
	for (size_t i = 0; i < ARRAY_COUNT(widths); i++) {
		assert_int_equal(pt_build(&arena, &map, 1, widths[i], &root, &pages),
				 ST_BAD_ARGUMENT);
	}
	const uint64_t bases[] = { 8, PAGE + 0x800, TOP - 3 * PAGE, TOP, 0ull - PAGE };
	for (size_t i = 0; i < ARRAY_COUNT(bases); i++) {
		arena.base = gpa(bases[i]);
		assert_int_equal(pt_build(&arena, &map, 1, 48, &root, &pages), ST_BAD_ARGUMENT);
	}
	arena = make_arena(SIZE_MAX);
	assert_int_equal(pt_build(&arena, &map, 1, 48, &root, &pages), ST_BAD_ARGUMENT);
	arena = make_arena(0);
	assert_int_equal(pt_build(&arena, &map, 1, 48, &root, &pages), ST_NO_SPACE);
	assert_int_equal(root.v, 7);
	assert_int_equal(pages, 7);
	assert_untouched_from(0);

	arena = make_arena(4);
	arena.base = gpa(TOP - 4 * PAGE);
	assert_int_equal(pt_build(&arena, &map, 1, 48, &root, &pages), ST_OK);
	assert_int_equal(root.v, TOP - 4 * PAGE);
}

/* Entries as a hostile file may hold them: only lookups see such tables. */
static void foreign_tables(void **state)
{
	(void)state;
	struct pt_leaf leaf = { .entry = 7 };
	struct pt_arena arena = make_arena(4);
	memset(arena_pages, 0, 4 * PAGE);
	const uint64_t outside[] = { ARENA_BASE - PAGE, ARENA_BASE + 4 * PAGE, 0,
				     0x000FFFFFFFFFF000ull };
	for (size_t i = 0; i < ARRAY_COUNT(outside); i++) {
		arena_pages[0] = outside[i] | 1;
		uint64_t va = 0;
		assert_int_equal(pt_lookup(&arena, arena.base, 0, &leaf), ST_BAD_FORMAT);
		assert_int_equal(pt_next(&arena, arena.base, &va, &leaf), ST_BAD_FORMAT);
		assert_int_equal(pt_lookup(&arena, gpa(outside[i]), 0, &leaf), ST_BAD_FORMAT);
	}
	assert_int_equal(pt_lookup(&arena, gpa(ARENA_BASE + 8), 0, &leaf), ST_BAD_FORMAT);
	arena_pages[0] = 0x81;
	assert_int_equal(pt_lookup(&arena, arena.base, 0, &leaf), ST_BAD_FORMAT);
	assert_int_equal(leaf.entry, 7);

	/* A 1 GiB leaf in the last PML4 entry: the upper half. */
	arena_pages[0] = 0;
	arena_pages[511] = (ARENA_BASE + PAGE) | 3;
	arena_pages[512 + 511] = 0x40000083;
	assert_int_equal(pt_lookup(&arena, arena.base, UINT64_MAX, &leaf), ST_OK);
	assert_int_equal(leaf.level, PG_1G);
	assert_int_equal(leaf.entry, 0x40000083);
	uint64_t va = 0;
	assert_int_equal(pt_next(&arena, arena.base, &va, &leaf), ST_OK);
	assert_int_equal(va, UINT64_MAX - 0x3FFFFFFF);
	va = UINT64_MAX;
	assert_int_equal(pt_next(&arena, arena.base, &va, &leaf), ST_OK);
	/* Not canonical: the same indices, never looked up. */
	assert_int_equal(pt_lookup(&arena, arena.base, MASK64(47, 0), &leaf), ST_NOT_FOUND);
	assert_int_equal(pt_lookup(&arena, arena.base, TOP, &leaf), ST_NOT_FOUND);
	assert_int_equal(pt_lookup(&arena, arena.base, 0xFFFF7FFFFFFFFFFFull, &leaf), ST_NOT_FOUND);

	/* Every entry of three levels leads to the same empty table: 2^36 holes, refused soon. */
	for (size_t i = 0; i < 3 * 512; i++) {
		arena_pages[i] = (ARENA_BASE + (i / 512 + 1) * PAGE) | 1;
	}
	va = 0;
	assert_int_equal(pt_next(&arena, arena.base, &va, &leaf), ST_BAD_FORMAT);
	assert_int_equal(va, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_lists),    cmocka_unit_test(border_lists),
		cmocka_unit_test(malformed_lists), cmocka_unit_test(malformed_arguments),
		cmocka_unit_test(foreign_tables),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
