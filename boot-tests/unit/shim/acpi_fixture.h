// ACPI tables and table-loader commands in the shape that QEMU gives them, for tests and fuzzers.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/acpi/sdt.h"
#include "arch/qemu/fw_cfg.h"

/* Offsets in the file of tables. */
#define FIXTURE_DSDT 0x00
#define FIXTURE_FACS 0x40
#define FIXTURE_FADT 0x200
/* Revision 1 without, revision 3 and later with what its length covers. */
#define FIXTURE_FADT_SIZE(xsdt) ((xsdt) ? 276u : 116u)
#define FIXTURE_FADT_FACS (FIXTURE_FADT + 0x24)
#define FIXTURE_FADT_DSDT (FIXTURE_FADT + 0x28)
#define FIXTURE_FADT_X_FACS (FIXTURE_FADT + 0x84)
#define FIXTURE_FADT_X_DSDT (FIXTURE_FADT + 0x8C)
#define FIXTURE_MADT 0xC0
#define FIXTURE_MADT_SIZE (44 + 8 + 8 + 12)
#define FIXTURE_RSDT 0x140
#define FIXTURE_XSDT 0x180

/* Nothing is here: room for one more table, of at most 0x80 bytes. */
#define FIXTURE_SPARE 0x320

#define FIXTURE_COMMANDS 32
struct acpi_fixture {
	uint8_t rsdp[sizeof(struct acpi_rsdp)];
	uint32_t rsdp_size;
	uint8_t tables[0x3A0];
	struct table_loader_command commands[FIXTURE_COMMANDS];
	uint32_t command_count;
};

/* xsdt: revision 2 with RSDT and XSDT; else revision 0 with RSDT, as QEMU 7.2 has it. */
void acpi_fixture_build(struct acpi_fixture *fixture, bool xsdt);
/* Makes it what fake_files_*() serve. */
void acpi_fixture_serve(const struct acpi_fixture *fixture);

/* Puts a table of that signature and length at FIXTURE_SPARE, listed by RSDT and XSDT. */
void acpi_fixture_add(struct acpi_fixture *fixture, const char *signature, uint32_t length);

void acpi_fixture_allocate(struct acpi_fixture *fixture, const char *file, uint32_t align);
void acpi_fixture_pointer(struct acpi_fixture *fixture, const char *holder, const char *pointee,
			  uint32_t offset, uint8_t size);
void acpi_fixture_checksum(struct acpi_fixture *fixture, const char *file, uint32_t offset,
			   uint32_t start, uint32_t length);
