// ACPI tables and table-loader commands in the shape that QEMU gives them.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/unit/shim/acpi_fixture.h"

#include <stddef.h>
#include <string.h>

#include "arch/base/check.h"
#include "boot-tests/unit/shim/fake_files.h"

#define TABLES "etc/acpi/tables"
#define RSDP "etc/acpi/rsdp"

static struct table_loader_command *next_command(struct acpi_fixture *fixture, uint32_t command)
{
	CHECK(fixture->command_count < FIXTURE_COMMANDS);
	struct table_loader_command *next = &fixture->commands[fixture->command_count++];
	memset(next, 0, sizeof(*next));
	next->command = command;
	return next;
}

void acpi_fixture_allocate(struct acpi_fixture *fixture, const char *file, uint32_t align)
{
	struct table_loader_command *next = next_command(fixture, TABLE_LOADER_ALLOCATE);
	memcpy(next->allocate.file, file, strlen(file) + 1);
	next->allocate.align = align;
	next->allocate.zone = 1;
}

void acpi_fixture_pointer(struct acpi_fixture *fixture, const char *holder, const char *pointee,
			  uint32_t offset, uint8_t size)
{
	struct table_loader_command *next = next_command(fixture, TABLE_LOADER_ADD_POINTER);
	memcpy(next->pointer.pointer_file, holder, strlen(holder) + 1);
	memcpy(next->pointer.pointee_file, pointee, strlen(pointee) + 1);
	next->pointer.offset = offset;
	next->pointer.size = size;
}

void acpi_fixture_checksum(struct acpi_fixture *fixture, const char *file, uint32_t offset,
			   uint32_t start, uint32_t length)
{
	struct table_loader_command *next = next_command(fixture, TABLE_LOADER_ADD_CHECKSUM);
	memcpy(next->checksum.file, file, strlen(file) + 1);
	next->checksum.offset = offset;
	next->checksum.start = start;
	next->checksum.length = length;
}

static void put(struct acpi_fixture *fixture, uint32_t offset, uint64_t value, unsigned size)
{
	memcpy(fixture->tables + offset, &value, size);
}

static void put_table(struct acpi_fixture *fixture, uint32_t offset, const char *signature,
		      uint32_t length)
{
	memcpy(fixture->tables + offset, signature, 4);
	put(fixture, offset + offsetof(struct acpi_header, length), length, 4);
	put(fixture, offset + offsetof(struct acpi_header, revision), 1, 1);
	memcpy(fixture->tables + offset + offsetof(struct acpi_header, oem_id), "LINTEL", 6);
}

static void sum_table(struct acpi_fixture *fixture, uint32_t offset, uint32_t length)
{
	acpi_fixture_checksum(fixture, TABLES,
			      offset + (uint32_t)offsetof(struct acpi_header, checksum), offset,
			      length);
}

static void put_entry(struct acpi_fixture *fixture, uint32_t root, unsigned index, uint32_t table,
		      uint8_t size)
{
	uint32_t entry = root + (uint32_t)sizeof(struct acpi_header) + index * size;
	put(fixture, entry, table, size);
	acpi_fixture_pointer(fixture, TABLES, TABLES, entry, size);
}

/* A table of pointers to FADT and MADT. */
static void put_root(struct acpi_fixture *fixture, uint32_t offset, const char *signature,
		     uint8_t size)
{
	uint32_t length = (uint32_t)sizeof(struct acpi_header) + 2u * size;
	put_table(fixture, offset, signature, length);
	put_entry(fixture, offset, 0, FIXTURE_FADT, size);
	put_entry(fixture, offset, 1, FIXTURE_MADT, size);
	sum_table(fixture, offset, length);
}

static void put_fadt(struct acpi_fixture *fixture, bool xsdt)
{
	memcpy(fixture->tables + FIXTURE_FACS, "FACS", 4);
	put(fixture, FIXTURE_FACS + 4, 64, 4);
	put_table(fixture, FIXTURE_FADT, "FACP", FIXTURE_FADT_SIZE(xsdt));
	put(fixture, FIXTURE_FADT_FACS, FIXTURE_FACS, 4);
	acpi_fixture_pointer(fixture, TABLES, TABLES, FIXTURE_FADT_FACS, 4);
	put(fixture, FIXTURE_FADT_DSDT, FIXTURE_DSDT, 4);
	acpi_fixture_pointer(fixture, TABLES, TABLES, FIXTURE_FADT_DSDT, 4);
	if (xsdt) {
		put(fixture, FIXTURE_FADT_X_DSDT, FIXTURE_DSDT, 8);
		acpi_fixture_pointer(fixture, TABLES, TABLES, FIXTURE_FADT_X_DSDT, 8);
	}
	sum_table(fixture, FIXTURE_FADT, FIXTURE_FADT_SIZE(xsdt));
}

static void lengthen_root(struct acpi_fixture *fixture, uint32_t root, uint8_t size)
{
	uint32_t length;
	memcpy(&length, fixture->tables + root + 4, sizeof(length));
	put(fixture, root + 4, length + size, 4);
	put_entry(fixture, root, 2, FIXTURE_SPARE, size);
	/* After the sum of the shorter table: makes up for what it left out. */
	sum_table(fixture, root, length + size);
}

void acpi_fixture_add(struct acpi_fixture *fixture, const char *signature, uint32_t length)
{
	put_table(fixture, FIXTURE_SPARE, signature, length);
	sum_table(fixture, FIXTURE_SPARE, length);
	lengthen_root(fixture, FIXTURE_RSDT, 4);
	if (fixture->rsdp_size == sizeof(struct acpi_rsdp)) {
		lengthen_root(fixture, FIXTURE_XSDT, 8);
	}
}

void acpi_fixture_build(struct acpi_fixture *fixture, bool xsdt)
{
	/* Two processors and an I/O APIC. */
	static const uint8_t interrupts[] = { 0, 8, 0, 0,  1, 0, 0, 0, 0,    8,    1, 1, 1, 0,
					      0, 0, 1, 12, 0, 0, 0, 0, 0xC0, 0xFE, 0, 0, 0, 0 };
	struct acpi_rsdp rsdp = {
		.signature = ACPI_RSDP_SIGNATURE,
		.revision = xsdt ? 2 : 0,
		.rsdt = FIXTURE_RSDT,
		.length = xsdt ? sizeof(rsdp) : 0,
		.xsdt = xsdt ? FIXTURE_XSDT : 0,
	};
	memset(fixture, 0, sizeof(*fixture));
	acpi_fixture_allocate(fixture, RSDP, 16);
	acpi_fixture_allocate(fixture, TABLES, 64);
	put_table(fixture, FIXTURE_DSDT, "DSDT", sizeof(struct acpi_header));
	sum_table(fixture, FIXTURE_DSDT, sizeof(struct acpi_header));
	put_fadt(fixture, xsdt);
	put_table(fixture, FIXTURE_MADT, "APIC", FIXTURE_MADT_SIZE);
	put(fixture, FIXTURE_MADT + (uint32_t)offsetof(struct acpi_madt, local_apic), 0xFEE00000,
	    4);
	memcpy(fixture->tables + FIXTURE_MADT + sizeof(struct acpi_madt), interrupts,
	       sizeof(interrupts));
	sum_table(fixture, FIXTURE_MADT, FIXTURE_MADT_SIZE);
	put_root(fixture, FIXTURE_RSDT, "RSDT", 4);
	if (xsdt) {
		put_root(fixture, FIXTURE_XSDT, "XSDT", 8);
	}
	memcpy(fixture->rsdp, &rsdp, sizeof(rsdp));
	fixture->rsdp_size = xsdt ? sizeof(rsdp) : ACPI_RSDP_V1_SIZE;
	acpi_fixture_pointer(fixture, RSDP, TABLES, offsetof(struct acpi_rsdp, rsdt), 4);
	if (xsdt) {
		acpi_fixture_pointer(fixture, RSDP, TABLES, offsetof(struct acpi_rsdp, xsdt), 8);
	}
	acpi_fixture_checksum(fixture, RSDP, offsetof(struct acpi_rsdp, checksum), 0,
			      ACPI_RSDP_V1_SIZE);
	if (xsdt) {
		acpi_fixture_checksum(fixture, RSDP, offsetof(struct acpi_rsdp, extended_checksum),
				      0, sizeof(rsdp));
	}
}

void acpi_fixture_serve(const struct acpi_fixture *fixture)
{
	fake_files_add("etc/table-loader", 0x20, fixture->commands,
		       fixture->command_count * (uint32_t)sizeof(fixture->commands[0]));
	fake_files_add(RSDP, 0x21, fixture->rsdp, fixture->rsdp_size);
	fake_files_add(TABLES, 0x22, fixture->tables, sizeof(fixture->tables));
}
