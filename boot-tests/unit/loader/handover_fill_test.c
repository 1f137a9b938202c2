// The hand-over structure: by its offsets, as a payload in another language reads it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/payload/handover_fill.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "boot-tests/unit/assert_within.h"
#include "linker/memmap.h"

#define AT UINT64_C(0x910000)
#define PAYLOAD_AT 0x1000000
#define LOW_END 0x8000000

static struct handover_space space;
static struct mailbox mailbox;
static struct e820_overlay reserved[REGIONS_RESERVED_MAX];
static struct memory_map map;
static unsigned reserved_count;
static const struct mailbox *arrived;

static int setup(void **state)
{
	(void)state;
	memset(&space, 0, sizeof(space));
	memset(&mailbox, 0, sizeof(mailbox));
	mailbox.arrived[0] = 1;
	mailbox.arrived[1] = 0x101;
	mailbox.arrived[2] = 5;
	map = (struct memory_map){
		.count = 4,
		.entries = { { { { 0 }, LOW_END }, MEMORY_ACCEPTED },
			     { { { 0xE0000000 }, 0x1000000 }, MEMORY_MMIO },
			     { { { 0xE8000000 }, 0x1000000 }, MEMORY_RESERVED },
			     { { { FOUR_GIB }, 0x4000000 }, MEMORY_LEFT } },
	};
	space.head = (struct lintel_handover){
		.flags = LINTEL_TD,
		.gpa_width = 52,
		.vcpu_count = 2,
		.reset_vector = 0xFFFFF123,
		.payload = PAYLOAD_AT,
		.payload_size = 0x300000,
		.initrd = 0x7FFE000,
		.initrd_size = 0x1001,
		.cmdline = 0x901000,
		.rsdp = ACPI_ARENA,
		.unaccepted = UNACCEPTED_TABLE,
	};
	reserved_count = regions_reserved(true, 0x1234, 0x5000, reserved);
	arrived = &mailbox;
	return 0;
}

static uint64_t number(const void *at, size_t offset, size_t size)
{
	uint64_t value = 0;
	memcpy(&value, (const uint8_t *)at + offset, size);
	return value;
}

static void fill(void)
{
	handover_fill(&space, gpa(AT), &map, reserved, reserved_count, arrived);
}

static void fields(void **state)
{
	(void)state;
	fill();
	assert_memory_equal(&space, "LINTHNDO", 8);
	assert_int_equal(number(&space, 0x08, 4), 1);
	assert_int_equal(number(&space, 0x0C, 4), 0x98);
	assert_int_equal(number(&space, 0x10, 4), 1);
	assert_int_equal(number(&space, 0x14, 4), 52);
	assert_int_equal(number(&space, 0x18, 4), 2);
	assert_int_equal(number(&space, 0x30, 8), PAYLOAD_AT);
	assert_int_equal(number(&space, 0x38, 8), 0x300000);
	assert_int_equal(number(&space, 0x40, 8), 0x7FFE000);
	assert_int_equal(number(&space, 0x48, 8), 0x1001);
	assert_int_equal(number(&space, 0x50, 8), 0x901000);
	assert_int_equal(number(&space, 0x58, 8), ACPI_ARENA);
	assert_int_equal(number(&space, 0x60, 8), EVENT_LOG);
	assert_int_equal(number(&space, 0x68, 8), EVENT_LOG_SIZE);
	assert_int_equal(number(&space, 0x70, 8), MAILBOX);
	assert_int_equal(number(&space, 0x78, 8), 0xFFFFF123);
	assert_int_equal(number(&space, 0x80, 8), AP_TABLE);
	assert_int_equal(number(&space, 0x88, 8), HANDOVER_TABLES);
	assert_int_equal(number(&space, 0x90, 8), UNACCEPTED_TABLE);
	/* What the addresses in it lead to. */
	const uint8_t *ids = (const uint8_t *)&space + (number(&space, 0x28, 8) - AT);
	assert_int_equal(number(ids, 0, 4), 0);
	assert_int_equal(number(ids, 4, 4), 0x100);
	/* No more than the TD has. */
	assert_int_equal(number(ids, 8, 4), 0);
}

static void on_a_plain_vm(void **state)
{
	(void)state;
	arrived = NULL;
	space.head.flags = 0;
	space.head.reset_vector = 0;
	space.head.unaccepted = 0;
	space.head.initrd = space.head.initrd_size = 0;
	fill();
	assert_int_equal(number(&space, 0x10, 4), 0);
	assert_int_equal(number(&space, 0x28, 8), 0);
	for (size_t offset = 0x60; offset <= 0x80; offset += 8) {
		assert_int_equal(number(&space, offset, 8), 0);
	}
	assert_int_equal(number(&space, 0x90, 8), 0);
	for (unsigned i = 0; i < space.head.range_count; i++) {
		assert_int_not_equal(space.ranges[i].type, LINTEL_MEMORY_INITRD);
	}
}

static void ranges(void **state)
{
	static const struct lintel_range want[] = {
		{ 0, SHIM_RAM, 1, 0 },
		{ SHIM_RAM, EVENT_LOG - SHIM_RAM, 3, 0 },
		{ EVENT_LOG, EVENT_LOG_SIZE, 8, 0 },
		{ BSP_GUARD, EFI_ARENA - BSP_GUARD, 3, 0 },
		{ EFI_ARENA, 0x5000, 7, 0 },
		{ EFI_ARENA + 0x5000, ACPI_ARENA - EFI_ARENA - 0x5000, 3, 0 },
		{ ACPI_ARENA, 0x2000, 6, 0 },
		{ ACPI_ARENA + 0x2000, SHIM_RAM_END - ACPI_ARENA - 0x2000, 3, 0 },
		{ PAYLOAD_AT, 0x300000, 4, 0 },
		{ 0x1300000, 0x7FFE000 - 0x1300000, 1, 0 },
		{ 0x7FFE000, 0x2000, 5, 0 },
		{ 0xE8000000, 0x1000000, 10, 0 },
		{ AP_TABLE, FOUR_GIB - AP_TABLE, 9, 0 },
		{ FOUR_GIB, 0x4000000, 2, 0 },
	};
	(void)state;
	fill();
	assert_int_equal(space.head.range_count, ARRAY_COUNT(want));
	const uint8_t *at = (const uint8_t *)&space + (number(&space, 0x20, 8) - AT);
	for (size_t i = 0; i < ARRAY_COUNT(want); i++) {
		assert_int_equal(number(at, 24 * i, 8), want[i].base);
		assert_int_equal(number(at, 24 * i + 8, 8), want[i].size);
		assert_int_equal(number(at, 24 * i + 0x10, 8), want[i].type);
	}
}

/* As many ranges as there can be: no neighbours alike, and what cuts them. */
static void the_largest_map(void **state)
{
	(void)state;
	map.count = MEMORY_MAP_ENTRIES;
	for (unsigned i = 0; i < MEMORY_MAP_ENTRIES; i++) {
		map.entries[i].range = (struct gpa_range){ gpa(i * 0x4000000ull), 0x4000000 };
		map.entries[i].kind = i % 2 == 0 ? MEMORY_ACCEPTED : MEMORY_RESERVED;
	}
	fill();
	assert_within(space.head.range_count, MEMORY_MAP_ENTRIES, HANDOVER_RANGES_MAX);
}

#define CASE(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(fields),
		CASE(on_a_plain_vm),
		CASE(ranges),
		CASE(the_largest_map),
	};
	return cmocka_run_group_tests_name("handover_fill", tests, NULL, NULL);
}
