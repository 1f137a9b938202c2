// Fuzzes the table-loader interpreter: QEMU's tables with any bytes changed.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Input: one byte of flags, then changes of 7 bytes each: which file, offset (16 bits), 32 bits. A
// change is one byte, or all four (bit 6 of the first), or the file's end at the offset (bit 7).
// What is installed must lead from the RSDP to one wake-up structure and one CCEL, and both must be
// ours; a DSDT is in the arena.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/base/check.h"
#include "boot-tests/unit/shim/acpi_fixture.h"
#include "boot-tests/unit/shim/fake_files.h"
#include "linker/memmap.h"
#include "shim/host/acpi.h"
#include "shim/log.h"

#define FLAG_XSDT 1
#define FLAG_TD 2
#define FLAG_REFUSE_AML 4
#define FLAG_PIN 8
#define FLAG_SPARE 16
#define CHANGE 7
#define ARENA_SIZE 0x3000

static const struct mailbox_info mailbox = { { MAILBOX }, { RESET_CODE } };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum status fw_cfg_file_find(const char *name, struct fw_cfg_item *out)
{
	return fake_files_find(name, out);
}

enum status fw_cfg_read(uint16_t selector, uint32_t offset, void *to, uint32_t size)
{
	fake_files_read(selector, offset, to, size);
	return ST_OK;
}

void log_line(const char *format, ...)
{
	(void)format;
}

static void change(struct acpi_fixture *fixture, const uint8_t *record)
{
	const struct {
		uint8_t *bytes;
		size_t size;
	} files[] = {
		{ fixture->rsdp, sizeof(fixture->rsdp) },
		{ fixture->tables, sizeof(fixture->tables) },
		{ (uint8_t *)fixture->commands, sizeof(fixture->commands) },
	};
	unsigned file = record[0] % 0x40u % ARRAY_COUNT(files);
	uint32_t offset = (uint32_t)record[1] | (uint32_t)record[2] << 8;
	if ((record[0] & 0x80) != 0) {
		fixture->rsdp_size =
			file == 0 ? offset % sizeof(fixture->rsdp) : fixture->rsdp_size;
		return;
	}
	for (size_t i = 0; i < ((record[0] & 0x40) != 0 ? 4 : 1); i++) {
		files[file].bytes[(offset + i) % files[file].size] = record[3 + i];
	}
}

/* As ACPICA reads it: the 64-bit field wins, and what is after the length is 0. */
static void check_fadt(const struct acpi_arena *arena, const uint8_t *table, uint32_t length)
{
	uint8_t fadt[276] = { 0 };
	uint32_t low;
	uint64_t high;
	memcpy(fadt, table, length < sizeof(fadt) ? length : sizeof(fadt));
	memcpy(&low, fadt + 0x28, sizeof(low));
	memcpy(&high, fadt + 0x8C, sizeof(high));
	uint64_t dsdt = high != 0 ? high : low;
	if (dsdt == 0) {
		return;
	}
	uint64_t offset = dsdt - ACPI_ARENA;
	CHECK(offset < arena->used && arena->used - offset >= sizeof(struct acpi_header));
	const struct acpi_header *header = (const struct acpi_header *)(arena->memory + offset);
	CHECK(header->signature == ACPI_DSDT && header->length <= arena->used - offset);
}

/* As an operating system reads it: lengths are trusted, so ASan watches them. */
static void check_root(const struct acpi_arena *arena, uint64_t root_address, unsigned entry_size)
{
	unsigned wakeups = 0;
	unsigned logs = 0;
	const struct acpi_header *root =
		(const struct acpi_header *)(arena->memory + (root_address - ACPI_ARENA));
	const uint8_t *entries = (const uint8_t *)(root + 1);
	for (uint32_t at = 0; at + sizeof(*root) < root->length; at += entry_size) {
		uint64_t address = 0;
		memcpy(&address, entries + at, entry_size);
		const uint8_t *table = arena->memory + (address - ACPI_ARENA);
		uint32_t length = ((const struct acpi_header *)table)->length;
		CHECK(acpi_verdict_on(((const struct acpi_header *)table)->signature) !=
		      ACPI_DROPPED);
		if (memcmp(table, "FACP", 4) == 0) {
			check_fadt(arena, table, length);
		}
		if (memcmp(table, "CCEL", 4) == 0) {
			uint64_t log;
			CHECK(length == 56);
			memcpy(&log, table + 48, sizeof(log));
			CHECK(log == EVENT_LOG);
			logs++;
		}
		if (memcmp(table, "APIC", 4) != 0) {
			continue;
		}
		for (uint32_t i = sizeof(struct acpi_madt); i < length; i += table[i + 1]) {
			if (table[i] == ACPI_MADT_WAKEUP) {
				struct acpi_madt_wakeup wakeup;
				memcpy(&wakeup, table + i, sizeof(wakeup));
				CHECK(wakeup.mailbox == mailbox.mailbox.v);
				wakeups++;
			}
		}
	}
	CHECK(wakeups == 1 && logs == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct acpi_fixture fixture;
	struct acpi_rsdp rsdp = { 0 };
	gpa_t address = gpa(0);
	if (size == 0) {
		return 0;
	}
	acpi_fixture_build(&fixture, (data[0] & FLAG_XSDT) != 0);
	if ((data[0] & FLAG_SPARE) != 0) {
		acpi_fixture_add(&fixture, "TPM2", 0x80);
	}
	for (size_t at = 1; at + CHANGE <= size; at += CHANGE) {
		change(&fixture, data + at);
	}
	fake_files_reset();
	acpi_fixture_serve(&fixture);
	struct acpi_arena arena = { malloc(ARENA_SIZE), gpa(ACPI_ARENA), ARENA_SIZE, 0 };
	CHECK(arena.memory != NULL);
	memset(arena.memory, 0, ARENA_SIZE);
	bool td = (data[0] & FLAG_TD) != 0;
	const struct image_config config = {
		.flags = ((data[0] & FLAG_REFUSE_AML) != 0 ? IMAGE_CONFIG_REFUSE_AML : 0u) |
			 ((data[0] & FLAG_PIN) != 0 ? IMAGE_CONFIG_PIN_ACPI : 0u),
	};
	if (acpi_install(&arena, &config, td ? &mailbox : NULL, &address) == ST_OK) {
		uint32_t offset = (uint32_t)(address.v - ACPI_ARENA);
		CHECK(offset < arena.used && arena.used <= ARENA_SIZE);
		memcpy(&rsdp, arena.memory + offset,
		       arena.memory[offset + 15] >= 2 ? sizeof(rsdp) : ACPI_RSDP_V1_SIZE);
		if (td && rsdp.rsdt != 0) {
			check_root(&arena, rsdp.rsdt, 4);
		}
		if (td && rsdp.revision >= 2 && rsdp.xsdt != 0) {
			check_root(&arena, rsdp.xsdt, 8);
		}
	}
	free(arena.memory);
	return 0;
}
