// IGVM's memory map: a good one, and every way it can be wrong, by name.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/host/igvm_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "arch/tdx/igvm.h"
#include "boot-tests/unit/shim/refusals.h"
#include "linker/memmap.h"

#define IMAGE_SIZE 0x18000
#define PAGES(bytes) ((bytes) / 0x1000ull)
/* What the file has added ends here. */
#define ADDED_END (TD_HOB + TD_HOB_SIZE)
#define ENTRIES (TD_HOB_SIZE / 24)

static struct igvm_memory_map_entry entries[ENTRIES];
static struct memory_map map;
static size_t map_size;

static enum status read_map(unsigned count, unsigned gpaw)
{
	size_t size = count * sizeof(entries[0]);
	uint8_t *copy = test_malloc(size + 1);
	memcpy(copy, entries, size);
	enum status status = igvm_map_read(copy, size, gpaw, IMAGE_SIZE, &map, &map_size);
	test_free(copy);
	return status;
}

/* RAM below 2 GiB and above 4 GiB, and an end. */
static void good_map(void)
{
	memset(entries, 0, sizeof(entries));
	memset(&map, 0x5A, sizeof(map));
	map_size = 0x1234;
	entries[0].number_of_pages = PAGES(0x80000000);
	entries[1].starting_gpa_page_number = PAGES(FOUR_GIB);
	entries[1].number_of_pages = PAGES(0x40000000);
}

static void range(unsigned i, uint64_t base, uint64_t end, enum memory_kind kind)
{
	assert_true(i < map.count);
	assert_int_equal(map.entries[i].range.base.v, base);
	assert_int_equal(map.entries[i].range.size, end - base);
	assert_int_equal(map.entries[i].kind, kind);
}

static void good(void **state)
{
	(void)state;
	good_map();
	assert_int_equal(read_map(ENTRIES, 48), ST_OK);
	assert_int_equal(map.count, 4);
	range(0, 0, SHIM_RAM, MEMORY_UNACCEPTED);
	range(1, SHIM_RAM, ADDED_END, MEMORY_ACCEPTED);
	range(2, ADDED_END, 0x80000000, MEMORY_UNACCEPTED);
	range(3, FOUR_GIB, FOUR_GIB + 0x40000000, MEMORY_UNACCEPTED);
	assert_int_equal(map_size, 48);
	/* The end is the last thing that there is room for. */
	assert_int_equal(read_map(3, 48), ST_OK);
	assert_int_equal(map_size, 48);
}

static void kinds(void **state)
{
	(void)state;
	static const struct {
		uint16_t type;
		enum memory_kind kind;
	} rows[] = {
		{ 0, MEMORY_UNACCEPTED }, { 1, MEMORY_RESERVED }, { 2, MEMORY_RESERVED },
		{ 3, MEMORY_UNACCEPTED }, { 4, MEMORY_RESERVED }, { 5, MEMORY_RESERVED },
	};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		good_map();
		entries[1].entry_type = rows[i].type;
		assert_int_equal(read_map(ENTRIES, 48), ST_OK);
		range(3, FOUR_GIB, FOUR_GIB + 0x40000000, rows[i].kind);
	}
}

static void refuses(enum status status, const char *text)
{
	struct memory_map before = map;
	assert_refusal(read_map(ENTRIES, 48), status, text);
	assert_memory_equal(&map, &before, sizeof(map));
	assert_int_equal(map_size, 0x1234);
}

static void fields(void **state)
{
	(void)state;
	good_map();
	entries[1].entry_type = 6;
	refuses(ST_UNSUPPORTED, "memory map: page 0x100000: type 6");
	good_map();
	entries[0].flags = 0x8000;
	refuses(ST_BAD_FORMAT, "memory map: page 0x0: flags 0x8000 reserved 0x0");
	good_map();
	entries[1].reserved_14 = 1;
	refuses(ST_BAD_FORMAT, "memory map: page 0x100000: flags 0x0 reserved 0x1");
}

static void ranges(void **state)
{
	(void)state;
	/* Not ascending: into the one before it, by a page. */
	good_map();
	entries[1].starting_gpa_page_number = PAGES(0x80000000) - 1;
	refuses(ST_BAD_RANGE, "memory map: page 0x7ffff, 0x40000 pages");
	good_map();
	entries[1].starting_gpa_page_number = PAGES(0x80000000);
	assert_int_equal(read_map(ENTRIES, 48), ST_OK);
	/* The SHARED bit, and what wraps. */
	good_map();
	entries[1].number_of_pages = PAGES(BIT64(47) - FOUR_GIB);
	assert_int_equal(read_map(ENTRIES, 48), ST_OK);
	good_map();
	entries[1].number_of_pages = PAGES(BIT64(47) - FOUR_GIB) + 1;
	refuses(ST_BAD_RANGE, "memory map: page 0x100000, 0x7fff00001 pages");
}

static void borders(void **state)
{
	(void)state;
	good_map();
	entries[1].number_of_pages = PAGES(BIT64(51) - FOUR_GIB);
	assert_int_equal(read_map(ENTRIES, 52), ST_OK);
	good_map();
	entries[1].number_of_pages = UINT64_MAX;
	refuses(ST_BAD_RANGE, "memory map: page 0x100000, 0xffffffffffffffff pages");
	good_map();
	entries[1].starting_gpa_page_number = PAGES(BIT64(47));
	entries[1].number_of_pages = 1;
	refuses(ST_BAD_RANGE, "memory map: page 0x800000000, 0x1 pages");
	good_map();
	entries[1].starting_gpa_page_number = UINT64_MAX;
	entries[1].number_of_pages = 1;
	refuses(ST_BAD_RANGE, "memory map: page 0xffffffffffffffff, 0x1 pages");
	/* The image. */
	good_map();
	entries[1].starting_gpa_page_number = PAGES(FOUR_GIB - IMAGE_SIZE) - 1;
	entries[1].number_of_pages = 1;
	assert_int_equal(read_map(ENTRIES, 48), ST_OK);
	good_map();
	entries[1].starting_gpa_page_number = PAGES(FOUR_GIB - IMAGE_SIZE) - 1;
	entries[1].number_of_pages = 2;
	refuses(ST_BAD_RANGE, "memory map: page 0xfffe7, 0x2 pages");
}

/* What the file has added is memory, whole. */
static void added(void **state)
{
	(void)state;
	good_map();
	entries[0].number_of_pages = PAGES(ADDED_END);
	assert_int_equal(read_map(ENTRIES, 48), ST_OK);
	good_map();
	entries[0].number_of_pages = PAGES(ADDED_END) - 1;
	refuses(ST_NO_MEMORY, "memory map: 0x100000, size 0x6b000: of 2 ranges");
	good_map();
	entries[0].starting_gpa_page_number = PAGES(SHIM_RAM) + 1;
	refuses(ST_NO_MEMORY, "memory map: 0x100000, size 0x6b000: of 2 ranges");
	good_map();
	entries[0].entry_type = 1;
	refuses(ST_NO_MEMORY, "memory map: 0x100000, size 0x6b000: of 2 ranges");
	good_map();
	entries[0].number_of_pages = 0;
	refuses(ST_NO_MEMORY, "memory map: 0x100000, size 0x6b000: of 0 ranges");
}

/* One entry a page, with holes: as many as a map holds, one more, no end at all. */
static void many(void **state)
{
	(void)state;
	for (unsigned extra = 0; extra < 2; extra++) {
		good_map();
		/* The first one becomes three. */
		unsigned count = MEMORY_MAP_ENTRIES - 2 + extra;
		for (unsigned i = 1; i < count; i++) {
			entries[i].starting_gpa_page_number = PAGES(FOUR_GIB) + 2 * i;
			entries[i].number_of_pages = 1;
		}
		if (extra == 0) {
			assert_int_equal(read_map(ENTRIES, 48), ST_OK);
			assert_int_equal(map.count, MEMORY_MAP_ENTRIES);
		} else {
			refuses(ST_NO_SPACE, "memory map: 0x100000, size 0x6b000: of 63 ranges");
		}
	}
	good_map();
	for (unsigned i = 1; i < ENTRIES; i++) {
		entries[i].starting_gpa_page_number = PAGES(FOUR_GIB) + 2 * i;
		entries[i].number_of_pages = 1;
	}
	refuses(ST_NO_SPACE, "memory map: page 0x100080: range 64");
	for (unsigned i = 1; i < ENTRIES; i++) {
		entries[i].starting_gpa_page_number = PAGES(FOUR_GIB) + i;
	}
	refuses(ST_TRUNCATED, "memory map: 0x1ff8 bytes without an end");
	good_map();
	assert_refusal(read_map(2, 48), ST_TRUNCATED, "memory map: 0x30 bytes without an end");
	assert_refusal(read_map(0, 48), ST_TRUNCATED, "memory map: 0x0 bytes without an end");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),   cmocka_unit_test(kinds),   cmocka_unit_test(fields),
		cmocka_unit_test(ranges), cmocka_unit_test(borders), cmocka_unit_test(added),
		cmocka_unit_test(many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
