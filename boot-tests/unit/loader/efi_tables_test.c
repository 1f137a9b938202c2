// The tables of an EFI that has left, by the numbers of UEFI and of Linux.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/payload/efi_tables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"

#define BASE UINT64_C(0x880000)
#define SUCCESS UINT64_C(0xFFFFF123)
#define UNSUPPORTED UINT64_C(0xFFFFF456)
#define UNACCEPTED UINT64_C(0x884000)
#define RSDP UINT64_C(0xA00000)
#define RUNTIME (UINT64_C(1) << 63 | 8)

static struct {
	_Alignas(4096) uint8_t bytes[EFI_TABLES_SIZE];
	uint8_t guard[64];
} memory;

static const struct memory_map map = {
	.count = 5,
	.entries = { { { { 0 }, 0xA0000 }, MEMORY_ACCEPTED },
		     { { { 0xC0000 }, 0x7FF40000 }, MEMORY_ACCEPTED },
		     { { { 0xB0000000 }, 0x10000000 }, MEMORY_RESERVED },
		     { { { 0x100000000 }, 0x1000 }, MEMORY_ACCEPTED },
		     { { { 0x100200000 }, 0x3FE00000 }, MEMORY_LEFT } },
};

static const struct e820_overlay reserved[] = {
	{ { { 0x818000 }, 0x8000 }, E820_NVS },
	{ { { BASE }, 0x5000 }, E820_ACPI },
	{ { { RSDP }, 0x21000 }, E820_ACPI },
	{ { { 0xFFFF7000 }, 0x9000 }, E820_NVS },
};

static uint64_t number(uint64_t address, unsigned size)
{
	uint64_t value = 0;
	assert_true(address >= BASE && address + size <= BASE + EFI_TABLES_SIZE);
	memcpy(&value, memory.bytes + (address - BASE), size);
	return value;
}

static struct linux_efi_info fill(uint64_t rsdp)
{
	const struct efi_tables_parts parts = { .rsdp = gpa(rsdp),
						.unaccepted = gpa(UNACCEPTED),
						.success = gpa(SUCCESS),
						.unsupported = gpa(UNSUPPORTED),
						.reserved = reserved,
						.reserved_count = ARRAY_COUNT(reserved) };
	memset(&memory, 0xA5, sizeof(memory));
	struct linux_efi_info info = efi_tables_fill(memory.bytes, gpa(BASE), &map, &parts);
	for (size_t i = 0; i < sizeof(memory.guard); i++) {
		assert_int_equal(memory.guard[i], 0xA5);
	}
	return info;
}

static void what_boot_params_says(void **state)
{
	(void)state;
	struct linux_efi_info info = fill(RSDP);
	const uint32_t expected[] = { 0x34364c45, BASE, 40, 1, BASE + 0x1000, 13 * 40, 0, 0 };
	assert_memory_equal(&info, expected, sizeof(expected));
}

static void system_table(void **state)
{
	(void)state;
	fill(RSDP);
	assert_memory_equal(memory.bytes, "IBI SYST", 8);
	assert_int_equal(number(BASE + 8, 4), 0x20064);
	assert_int_equal(number(BASE + 12, 4), 120);
	assert_int_equal(number(number(BASE + 0x18, 8), 2), 'L');
	assert_int_equal(number(number(BASE + 0x18, 8) + 12, 2), 0);
	assert_int_equal(number(BASE + 0x60, 8), 0);
	for (unsigned i = 0x24; i < 0x58; i++) {
		assert_int_equal(number(BASE + i, 1), 0);
	}
}

/* SetVirtualAddressMap is the fifth. */
static void runtime_services(void **state)
{
	(void)state;
	fill(RSDP);
	uint64_t runtime = number(BASE + 0x58, 8);
	assert_memory_equal(memory.bytes + (runtime - BASE), "RUNTSERV", 8);
	assert_int_equal(number(runtime + 12, 4), 136);
	for (unsigned i = 0; i < 14; i++) {
		assert_int_equal(number(runtime + 24 + 8 * i, 8), i == 4 ? SUCCESS : UNSUPPORTED);
	}
	assert_true(runtime + 136 <= BASE + 0x1000);
}

static void configuration_tables(void **state)
{
	static const uint8_t acpi[] = { 0x71, 0xe8, 0x68, 0x88, 0xf1, 0xe4, 0xd3, 0x11,
					0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81 };
	static const uint8_t properties[] = { 0x8a, 0x91, 0x66, 0xeb, 0xef, 0x7e, 0x2a, 0x40,
					      0x84, 0x2e, 0x93, 0x1d, 0x21, 0xc3, 0x8a, 0xe9 };
	static const uint8_t unaccepted[] = { 0x3c, 0xde, 0xd1, 0xd5, 0x5c, 0x10, 0xf9, 0x44,
					      0x9e, 0xa9, 0xbc, 0xef, 0x98, 0x12, 0x00, 0x31 };
	(void)state;
	fill(RSDP);
	assert_int_equal(number(BASE + 0x68, 8), 3);
	uint64_t tables = number(BASE + 0x70, 8);
	assert_memory_equal(memory.bytes + (tables - BASE), acpi, 16);
	assert_int_equal(number(tables + 16, 8), RSDP);
	assert_memory_equal(memory.bytes + (tables - BASE) + 24, properties, 16);
	/* Version 1 of 8 bytes; SetVirtualAddressMap is bit 7. */
	assert_int_equal(number(number(tables + 40, 8), 8), UINT64_C(0x8000080001));
	assert_memory_equal(memory.bytes + (tables - BASE) + 48, unaccepted, 16);
	assert_int_equal(number(tables + 64, 8), UNACCEPTED);
	fill(0);
	assert_int_equal(number(BASE + 0x68, 8), 2);
	assert_memory_equal(memory.bytes + (number(BASE + 0x70, 8) - BASE), properties, 16);
}

static void memory_map_of_efi(void **state)
{
	static const struct {
		uint32_t type;
		uint64_t base, end, attributes;
	} rows[] = {
		{ 7, 0, 0xA0000, 8 },
		{ 7, 0xC0000, 0x818000, 8 },
		{ 10, 0x818000, 0x820000, 8 },
		{ 7, 0x820000, 0x880000, 8 },
		{ 6, 0x880000, 0x881000, RUNTIME },
		{ 9, 0x881000, 0x885000, 8 },
		{ 7, 0x885000, 0xA00000, 8 },
		{ 9, 0xA00000, 0xA21000, 8 },
		{ 7, 0xA21000, 0x80000000, 8 },
		{ 10, 0xFFFF7000, 0xFFFFF000, 8 },
		{ 5, 0xFFFFF000, 0x100000000, RUNTIME },
		{ 7, 0x100000000, 0x100001000, 8 },
		{ 15, 0x100200000, 0x140000000, 8 },
	};
	(void)state;
	struct linux_efi_info info = fill(RSDP);
	assert_int_equal(info.map_size, ARRAY_COUNT(rows) * 40);
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		uint64_t at = info.map + 40 * i;
		assert_int_equal(number(at, 8), rows[i].type);
		assert_int_equal(number(at + 8, 8), rows[i].base);
		assert_int_equal(number(at + 16, 8), 0);
		assert_int_equal(number(at + 24, 8), (rows[i].end - rows[i].base) / 4096);
		assert_int_equal(number(at + 32, 8), rows[i].attributes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_boot_params_says), cmocka_unit_test(system_table),
		cmocka_unit_test(runtime_services),      cmocka_unit_test(configuration_tables),
		cmocka_unit_test(memory_map_of_efi),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
