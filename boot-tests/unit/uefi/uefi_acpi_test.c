// The firmware's ACPI tables: copies with our mailbox, and every refusal.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/uefi/uefi_acpi.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BASE 0x12345000

/* Tables of a firmware; the MADT's structures are bytes of the test's own, not our structs. */
static struct acpi_rsdp rsdp;
static struct {
	struct acpi_header header;
	uint64_t entries[3];
} PACKED xsdt;
static struct {
	struct acpi_header header;
	uint8_t bytes[0x9000];
} other, madt;
static struct uefi_acpi acpi;
static struct uefi_acpi_fault fault;
static uint8_t out[0x20000];

static uint8_t sum(const void *bytes, size_t size)
{
	uint8_t total = 0;
	for (size_t i = 0; i < size; i++) {
		total = (uint8_t)(total + ((const uint8_t *)bytes)[i]);
	}
	return total;
}

static void seal(struct acpi_header *table)
{
	table->checksum = (uint8_t)(table->checksum - sum(table, table->length));
}

static void add(const void *structure, size_t size)
{
	memcpy((uint8_t *)&madt + madt.header.length, structure, size);
	madt.header.length += (uint32_t)size;
	seal(&madt.header);
}

/* A local APIC with id 0, an x2APIC with id 0x123, one that is not enabled, an I/O APIC, and the
 * wake-up structure of version 0. */
static const uint8_t structures[] = {
	0, 8, 0, 0, 1,    0,  0, 0, 9, 16, 0, 0, 0x23, 1,    0,    0,    1, 0, 0,    0,
	7, 0, 0, 0, 0,    8,  2, 5, 2, 0,  0, 0, 1,    12,   0,    0,    0, 0, 0xC0, 0xFE,
	0, 0, 0, 0, 0x10, 16, 0, 0, 0, 0,  0, 0, 0,    0x50, 0x34, 0x12, 0, 0, 0,    0,
};

static int setup(void **state)
{
	(void)state;
	memset(&madt, 0, sizeof(madt));
	madt.header = (struct acpi_header){ .signature = ACPI_MADT, .length = 44, .revision = 3 };
	add(structures, sizeof(structures));
	other.header = (struct acpi_header){ .signature = ACPI_TPM2, .length = 100 };
	seal(&other.header);
	xsdt.header = (struct acpi_header){ .signature = ACPI_XSDT,
					    .length = sizeof(xsdt),
					    .oem_id = "BOCHS " };
	xsdt.entries[0] = (uintptr_t)&other;
	xsdt.entries[1] = (uintptr_t)&madt;
	xsdt.entries[2] = (uintptr_t)&other;
	seal(&xsdt.header);
	rsdp = (struct acpi_rsdp){ .signature = ACPI_RSDP_SIGNATURE,
				   .revision = 2,
				   .xsdt = (uintptr_t)&xsdt };
	memset(out, 0xA5, sizeof(out));
	return 0;
}

static enum status read_tables(void)
{
	return uefi_acpi_read(gpa((uintptr_t)&rsdp), &acpi, &fault);
}

static void refuses(enum status status, const void *table, const char *field, uint64_t value)
{
	assert_int_equal(read_tables(), status);
	assert_ptr_equal((const void *)(uintptr_t)fault.address, table);
	assert_string_equal(fault.field, field);
	assert_int_equal(fault.value, value);
}

static void what_is_read(void **state)
{
	(void)state;
	assert_int_equal(read_tables(), ST_OK);
	assert_int_equal(acpi.cpu_count, 2);
	assert_int_equal(acpi.ids[0], 0);
	assert_int_equal(acpi.ids[1], 0x123);
	assert_int_equal(acpi.mailbox, 0x12345000);
	/* No mailbox; structures that end before what we look at are skipped. */
	setup(state);
	madt.header.length = 44;
	add("\x10\x0F\0\0\0\0\0\0\0\0\0\0\0\0\0", 15);
	add("\0\7\0\0\1\0\0", 7);
	add("\x09\x0F\0\0\0\0\0\0\1\0\0\0\0\0\0", 15);
	assert_int_equal(read_tables(), ST_OK);
	assert_int_equal(acpi.mailbox, 0);
	assert_int_equal(acpi.cpu_count, 0);
}

static const struct acpi_header *copied(uint64_t address, uint32_t signature)
{
	const struct acpi_header *table = (const void *)(out + (address - BASE));
	assert_true(address >= BASE && address - BASE + table->length <= sizeof(out));
	assert_int_equal(table->signature, signature);
	assert_int_equal(sum(table, table->length), 0);
	return table;
}

static void copies_are(uint32_t entry_count)
{
	static const uint8_t wakeup[] = { 0x10, 24, 1, 0, 0, 0,    0,    0,    0, 0x60, 0x77, 0,
					  0,    0,  0, 0, 8, 0x11, 0x22, 0x33, 0, 0,    0,    0 };
	uint64_t size = uefi_acpi_size(&acpi);
	assert_true(size <= sizeof(out));
	uefi_acpi_copy(&acpi, gpa(0x776000), gpa(0x33221108), out, gpa(BASE));
	/* Nothing after it. */
	assert_int_equal(out[size], 0xA5);
	struct acpi_rsdp copy;
	memcpy(&copy, out, sizeof(copy));
	assert_int_equal(copy.signature, ACPI_RSDP_SIGNATURE);
	assert_int_equal(copy.revision, 2);
	assert_int_equal(copy.length, 36);
	assert_int_equal(copy.rsdt, 0);
	assert_memory_equal(copy.oem_id, "BOCHS ", 6);
	assert_int_equal(sum(&copy, 20), 0);
	assert_int_equal(sum(&copy, 36), 0);
	const struct acpi_header *root = copied(copy.xsdt, ACPI_XSDT);
	assert_int_equal(root->length, 36 + 8 * entry_count);
	uint64_t entries[3];
	memcpy(entries, root + 1, sizeof(entries));
	assert_int_equal(entries[0], (uintptr_t)&other);
	assert_int_equal(entries[2], (uintptr_t)&other);
	const struct acpi_header *table = copied(entries[1], ACPI_MADT);
	/* All as it was but for the wake-up structure. */
	assert_int_equal(table->length, 44 + 44 + 24);
	assert_memory_equal((const uint8_t *)table + 44, structures, 44);
	assert_memory_equal((const uint8_t *)table + 44 + 44, wakeup, 24);
}

static void what_is_copied(void **state)
{
	(void)state;
	assert_int_equal(read_tables(), ST_OK);
	copies_are(3);
	/* The firmware's own are as they were. */
	assert_int_equal(sum(&madt, madt.header.length), 0);
	assert_int_equal(madt.header.length, 44 + sizeof(structures));
	assert_int_equal(sum(&xsdt, sizeof(xsdt)), 0);
	assert_int_equal(xsdt.entries[1], (uintptr_t)&madt);
}

/* Entries of 32 bits: no pointer of this process, so the table is told by hand. */
static void from_an_rsdt(void **state)
{
	static struct {
		struct acpi_header header;
		uint32_t entries[2];
	} PACKED rsdt;
	uint64_t entries[2];
	struct acpi_rsdp copy;
	(void)state;
	assert_int_equal(read_tables(), ST_OK);
	rsdt.header = xsdt.header;
	rsdt.header.signature = ACPI_RSDT;
	rsdt.header.length = sizeof(rsdt);
	rsdt.entries[0] = 0x11112222;
	rsdt.entries[1] = 0xF3334444;
	acpi.root = &rsdt.header;
	uefi_acpi_copy(&acpi, gpa(0), gpa(0), out, gpa(BASE));
	memcpy(&copy, out, sizeof(copy));
	const struct acpi_header *root = copied(copy.xsdt, ACPI_XSDT);
	assert_int_equal(root->length, 36 + 16);
	memcpy(entries, root + 1, sizeof(entries));
	assert_int_equal(entries[0], 0x11112222);
	assert_int_equal(entries[1], 0xF3334444);
}

static void bad_roots(void **state)
{
	(void)state;
	assert_int_equal(uefi_acpi_read(gpa(0), &acpi, &fault), ST_NOT_FOUND);
	assert_string_equal(fault.field, "RSDP");
	rsdp.signature++;
	refuses(ST_BAD_FORMAT, &rsdp, "RSDP signature", ACPI_RSDP_SIGNATURE + 1);
	setup(state);
	xsdt.header.checksum++;
	refuses(ST_BAD_FORMAT, &xsdt, "table checksum", 1);
	setup(state);
	xsdt.header.length = 35;
	refuses(ST_BAD_FORMAT, &xsdt, "table length", 35);
	xsdt.header.length = 0x100001;
	refuses(ST_BAD_FORMAT, &xsdt, "table length", 0x100001);
	setup(state);
	xsdt.header.signature = ACPI_RSDT;
	seal(&xsdt.header);
	refuses(ST_BAD_FORMAT, &xsdt, "root table signature", ACPI_RSDT);
}

static void bad_madts(void **state)
{
	(void)state;
	madt.header.checksum++;
	refuses(ST_BAD_FORMAT, &madt, "table checksum", 1);
	setup(state);
	madt.header.length = 43;
	seal(&madt.header);
	refuses(ST_BAD_FORMAT, &madt, "MADT length", 43);
	setup(state);
	xsdt.entries[2] = (uintptr_t)&madt;
	seal(&xsdt.header);
	refuses(ST_BAD_FORMAT, &madt, "MADT", (uintptr_t)&madt);
	setup(state);
	xsdt.entries[1] = 0;
	seal(&xsdt.header);
	refuses(ST_NOT_FOUND, &xsdt, "MADT", 0);
}

static void bad_structures(void **state)
{
	static const char *const bad[] = { "\x7", "\x7\0", "\x7\1", "\x7\3" };
	for (unsigned i = 0; i < 4; i++) {
		setup(state);
		add(bad[i], i == 0 ? 1 : 2);
		refuses(ST_BAD_FORMAT, &madt, "MADT structure at", 44 + sizeof(structures));
	}
	setup(state);
	add("\x7\2", 2);
	assert_int_equal(read_tables(), ST_OK);
}

static void two_mailboxes(void **state)
{
	(void)state;
	add("\x10\x10\0\0\0\0\0\0\0\x60\x34\x12\0\0\0\0", 16);
	refuses(ST_BAD_FORMAT, &madt, "MADT mailbox", 0x12346000);
}

static void many_processors(void **state)
{
	const uint8_t cpu[] = { 9, 16, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0 };
	(void)state;
	for (unsigned i = 2; i < MAILBOX_MAX_VCPUS; i++) {
		add(cpu, sizeof(cpu));
	}
	assert_int_equal(read_tables(), ST_OK);
	assert_int_equal(acpi.cpu_count, MAILBOX_MAX_VCPUS);
	add(cpu, sizeof(cpu));
	refuses(ST_NO_SPACE, &madt, "MADT processors", MAILBOX_MAX_VCPUS + 1);
}

#define CASE(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_is_read),    CASE(what_is_copied), CASE(from_an_rsdt),
		CASE(bad_roots),       CASE(bad_madts),      CASE(bad_structures),
		CASE(many_processors), CASE(two_mailboxes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
