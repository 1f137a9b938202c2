// The firmware's memory map: each type, each refusal.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/uefi/uefi_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "arch/linux/efi.h"

/* Larger than the descriptor, as firmware has it. */
#define STRIDE 48
#define MAX 128

static uint8_t bytes[MAX * STRIDE];
static size_t count;
static struct uefi_memory memory;
static size_t at;

static int setup(void **state)
{
	(void)state;
	memset(bytes, 0xA5, sizeof(bytes));
	count = 0;
	return 0;
}

static void add(uint32_t type, uint64_t base, uint64_t pages)
{
	const struct efi_memory_descriptor entry = { .type = type, .base = base, .pages = pages };
	memcpy(bytes + count++ * STRIDE, &entry, sizeof(entry));
}

static enum status read_map(size_t size, size_t stride, enum uefi_memory_when when)
{
	struct uefi_map map = { bytes, size, stride };
	return uefi_memory_read(&map, when, &memory, &at);
}

static enum status read_all(void)
{
	return read_map(count * STRIDE, STRIDE, UEFI_MEMORY_LEFT);
}

static enum status read_free(void)
{
	return read_map(count * STRIDE, STRIDE, UEFI_MEMORY_FREE);
}

/* Each type by the numbers of UEFI 2.10 table 7.6, in an order that is not that of addresses. */
static void types(void **state)
{
	static const enum memory_kind kinds[] = {
		MEMORY_RESERVED, MEMORY_ACCEPTED, MEMORY_ACCEPTED, MEMORY_ACCEPTED,
		MEMORY_ACCEPTED, MEMORY_RESERVED, MEMORY_RESERVED, MEMORY_ACCEPTED,
		MEMORY_RESERVED, MEMORY_ACCEPTED, MEMORY_ACCEPTED, MEMORY_MMIO,
		MEMORY_MMIO,     MEMORY_RESERVED, MEMORY_RESERVED, MEMORY_UNACCEPTED,
		MEMORY_RESERVED, /* of no name */
	};
	(void)state;
	for (uint32_t type = ARRAY_COUNT(kinds); type-- > 0;) {
		add(type, 0x100000 * (type + 1), 1);
	}
	assert_int_equal(read_all(), ST_OK);
	assert_int_equal(memory.map.count, ARRAY_COUNT(kinds));
	for (uint32_t type = 0; type < ARRAY_COUNT(kinds); type++) {
		assert_int_equal(memory.map.entries[type].kind, kinds[type]);
		assert_int_equal(memory.map.entries[type].range.base.v, 0x100000 * (type + 1));
		assert_int_equal(memory.map.entries[type].range.size, 0x1000);
	}
	assert_int_equal(memory.reserved_count, 2);
	assert_int_equal(memory.reserved[0].type, E820_NVS);
	assert_int_equal(memory.reserved[0].range.base.v, 0x100000 * 11);
	assert_int_equal(memory.reserved[1].type, E820_ACPI);
	assert_int_equal(memory.reserved[1].range.base.v, 0x100000 * 10);
	assert_int_equal(memory.reserved[1].range.size, 0x1000);
}

/* While the firmware is there, its own memory is not free. */
static void what_is_free(void **state)
{
	(void)state;
	for (uint32_t type = 0; type < 17; type++) {
		add(type, 0x100000 * (type + 1), 2);
	}
	assert_int_equal(read_free(), ST_OK);
	assert_int_equal(memory.map.count, 1);
	assert_int_equal(memory.map.entries[0].kind, MEMORY_ACCEPTED);
	assert_int_equal(memory.map.entries[0].range.base.v, 0x800000);
	assert_int_equal(memory.map.entries[0].range.size, 0x2000);
	assert_int_equal(memory.reserved_count, 0);
	count = 0;
	add(EFI_CONVENTIONAL, 0, 2);
	add(EFI_CONVENTIONAL, 0x1000, 2);
	assert_int_equal(read_free(), ST_BAD_RANGE);
	assert_int_equal(at, 1);
}

/* Loader, boot services and free memory become one range. */
static void neighbours(void **state)
{
	(void)state;
	add(EFI_BOOT_DATA, 0x2000, 1);
	add(EFI_CONVENTIONAL, 0, 2);
	add(EFI_LOADER_CODE, 0x3000, 1);
	assert_int_equal(read_all(), ST_OK);
	assert_int_equal(memory.map.count, 1);
	assert_int_equal(memory.map.entries[0].range.size, 0x4000);
}

static void bad_ranges(void **state)
{
	static const struct {
		uint64_t base, pages;
	} bad[] = { { 0x10800, 1 },
		    { 0x10000, 0 },
		    { 0x10000, UINT64_MAX },
		    { 0x10000, UINT64_MAX / 4096 },
		    { 0xFFFFFFFFFFFFF000, 1 },
		    { 0x1000, 1 } };
	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(bad); i++) {
		count = 0;
		add(EFI_CONVENTIONAL, 0, 2);
		add(EFI_CONVENTIONAL, bad[i].base, bad[i].pages);
		assert_int_equal(read_all(), ST_BAD_RANGE);
		assert_int_equal(at, 1);
	}
}

static void bad_maps(void **state)
{
	(void)state;
	add(EFI_CONVENTIONAL, 0, 2);
	assert_int_equal(read_map(39, 39, UEFI_MEMORY_LEFT), ST_BAD_FORMAT);
	assert_int_equal(read_map(39, 39, UEFI_MEMORY_FREE), ST_BAD_FORMAT);
	assert_int_equal(read_map(40, 40, UEFI_MEMORY_LEFT), ST_OK);
	assert_int_equal(read_map(STRIDE + 1, STRIDE, UEFI_MEMORY_LEFT), ST_BAD_FORMAT);
	assert_int_equal(read_map(0, STRIDE, UEFI_MEMORY_LEFT), ST_OK);
	assert_int_equal(memory.map.count, 0);
}

static void too_many(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MEMORY_MAP_ENTRIES; i++) {
		add(EFI_CONVENTIONAL, i * 0x2000ull, 1);
	}
	assert_int_equal(read_all(), ST_OK);
	add(EFI_CONVENTIONAL, MEMORY_MAP_ENTRIES * 0x2000ull, 1);
	assert_int_equal(read_all(), ST_NO_SPACE);
	assert_int_equal(at, MEMORY_MAP_ENTRIES);
	count = 0;
	for (unsigned i = 0; i < UEFI_RESERVED_MAX; i++) {
		add(EFI_ACPI_NVS, i * 0x2000ull, 1);
	}
	assert_int_equal(read_all(), ST_OK);
	add(EFI_ACPI_NVS, UEFI_RESERVED_MAX * 0x2000ull, 1);
	assert_int_equal(read_all(), ST_NO_SPACE);
	assert_int_equal(at, UEFI_RESERVED_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(types, setup),
		cmocka_unit_test_setup(what_is_free, setup),
		cmocka_unit_test_setup(neighbours, setup),
		cmocka_unit_test_setup(bad_ranges, setup),
		cmocka_unit_test_setup(bad_maps, setup),
		cmocka_unit_test_setup(too_many, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
