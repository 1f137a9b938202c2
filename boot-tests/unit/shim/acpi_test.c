// The table loader, MADT and CCEL: QEMU's shape goes through, every lie of the host is refused.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "boot-tests/unit/assert_within.h"
#include "boot-tests/unit/shim/acpi_fixture.h"
#include "boot-tests/unit/shim/fake_files.h"
#include "boot-tests/unit/shim/refusals.h"
#include "linker/memmap.h"
#include "shim/host/acpi.h"
#include "shim/log.h"

#define ARENA_SIZE 0x8000

static uint8_t memory[ARENA_SIZE];
static struct acpi_arena arena;
static struct acpi_fixture fixture;
static struct image_config config;
static const struct mailbox_info mailbox = { { MAILBOX }, { RESET_CODE } };
static const char *twice = ""; /* the name of a file that the directory has twice */

enum status fw_cfg_file_find(const char *name, struct fw_cfg_item *out)
{
	return strcmp(name, twice) == 0 ? refuse(ST_HOST_LIED, "twice") :
					  fake_files_find(name, out);
}

enum status fw_cfg_read(uint16_t selector, uint32_t offset, void *to, uint32_t size)
{
	fake_files_read(selector, offset, to, size);
	return ST_OK;
}

static char logged[128]; /* the last line */

void log_line(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(logged, sizeof(logged), format, args);
	va_end(args);
}

static enum status install(const struct mailbox_info *mp, gpa_t *rsdp)
{
	memset(memory, 0xEE, sizeof(memory));
	arena = (struct acpi_arena){ memory, gpa(ACPI_ARENA), ARENA_SIZE, 0 };
	fake_files_reset();
	acpi_fixture_serve(&fixture);
	return acpi_install(&arena, &config, mp, rsdp);
}

static void assert_refused(enum status expected, const char *text)
{
	gpa_t rsdp = gpa(0x1234);
	assert_refusal(install(&mailbox, &rsdp), expected, text);
	assert_int_equal(rsdp.v, 0x1234);
}

static int setup(void **state)
{
	(void)state;
	memset(&config, 0, sizeof(config));
	acpi_fixture_build(&fixture, false);
	return 0;
}

static int setup_xsdt(void **state)
{
	(void)state;
	memset(&config, 0, sizeof(config));
	acpi_fixture_build(&fixture, true);
	return 0;
}

/* The last command of a kind. */
static struct table_loader_command *last_command(uint32_t kind)
{
	for (uint32_t i = fixture.command_count; i > 0; i--) {
		if (fixture.commands[i - 1].command == kind) {
			return &fixture.commands[i - 1];
		}
	}
	fail_msg("no such command");
	return NULL;
}

/* The last sum over a table. */
static struct table_loader_command *last_sum_of(uint32_t table)
{
	for (uint32_t i = fixture.command_count; i > 0; i--) {
		if (fixture.commands[i - 1].command == TABLE_LOADER_ADD_CHECKSUM &&
		    strcmp(fixture.commands[i - 1].checksum.file, "etc/acpi/tables") == 0 &&
		    fixture.commands[i - 1].checksum.start == table) {
			return &fixture.commands[i - 1];
		}
	}
	fail_msg("no such sum");
	return NULL;
}

static const uint8_t *at(uint64_t address)
{
	assert_within(address, ACPI_ARENA, ACPI_ARENA + arena.used - 1);
	return memory + (address - ACPI_ARENA);
}

static uint64_t number_at(uint64_t address, unsigned size)
{
	uint64_t value = 0;
	memcpy(&value, at(address), size);
	return value;
}

static void assert_sums_to_zero(uint64_t address, uint32_t size)
{
	unsigned sum = 0;
	for (uint32_t i = 0; i < size; i++) {
		sum += at(address)[i];
	}
	assert_int_equal(sum & 0xFF, 0);
}

/* Follows a root table with that many entries to the MADT. */
static uint64_t madt_of(uint64_t root, const char *signature, unsigned entry_size, unsigned entries)
{
	assert_memory_equal(at(root), signature, 4);
	assert_int_equal(number_at(root + 4, 4), 36 + entries * entry_size);
	assert_sums_to_zero(root, 36 + entries * entry_size);
	return number_at(root + 36 + entry_size, entry_size);
}

/* [ACPI 6.5 5.2.34] */
static void assert_ccel(uint64_t ccel)
{
	assert_memory_equal(at(ccel), "CCEL", 4);
	assert_int_equal(number_at(ccel + 4, 4), 56);
	assert_sums_to_zero(ccel, 56);
	assert_int_equal(number_at(ccel + 8, 1), 1);
	assert_int_equal(number_at(ccel + 36, 2), 2);
	assert_int_equal(number_at(ccel + 38, 2), 0);
	assert_int_equal(number_at(ccel + 40, 8), EVENT_LOG_SIZE);
	assert_int_equal(number_at(ccel + 48, 8), EVENT_LOG);
}

static void assert_extended(uint64_t madt)
{
	uint32_t size = FIXTURE_MADT_SIZE + sizeof(struct acpi_madt_wakeup);
	struct acpi_madt_wakeup wakeup;
	assert_memory_equal(at(madt), "APIC", 4);
	assert_int_equal(number_at(madt + 4, 4), size);
	assert_sums_to_zero(madt, size);
	assert_memory_equal(at(madt + 44), fixture.tables + FIXTURE_MADT + 44,
			    FIXTURE_MADT_SIZE - 44);
	memcpy(&wakeup, at(madt + FIXTURE_MADT_SIZE), sizeof(wakeup));
	assert_int_equal(wakeup.entry.type, 0x10);
	assert_int_equal(wakeup.entry.length, 24);
	assert_int_equal(wakeup.version, 1);
	assert_int_equal(wakeup.reserved_04, 0);
	assert_int_equal(wakeup.mailbox, mailbox.mailbox.v);
	assert_int_equal(wakeup.reset_vector, mailbox.reset_vector.v);
}

static void plain_tables_are_left_alone(void **state)
{
	gpa_t rsdp;
	(void)state;
	assert_int_equal(install(NULL, &rsdp), ST_OK);
	assert_sums_to_zero(rsdp.v, 20);
	uint64_t madt = madt_of(number_at(rsdp.v + 16, 4), "RSDT", 4, 2);
	assert_int_equal(number_at(madt + 4, 4), FIXTURE_MADT_SIZE);
	assert_int_equal(arena.used, 0x40 + sizeof(fixture.tables));
	assert_int_equal(memory[arena.used], 0xEE);
}

static void rsdt_gets_wakeup_structure_and_ccel(void **state)
{
	gpa_t rsdp;
	(void)state;
	assert_int_equal(install(&mailbox, &rsdp), ST_OK);
	assert_sums_to_zero(rsdp.v, 20);
	uint64_t rsdt = number_at(rsdp.v + 16, 4);
	assert_extended(madt_of(rsdt, "RSDT", 4, 3));
	assert_ccel(number_at(rsdt + 36 + 2 * 4, 4));
	/* The FADT's pointer to the DSDT was loaded, too. */
	uint64_t tables = ACPI_ARENA + 0x40;
	assert_int_equal(number_at(tables + FIXTURE_FADT_DSDT, 4), tables);
	assert_sums_to_zero(tables + FIXTURE_FADT, FIXTURE_FADT_SIZE(false));
}

static void xsdt_and_rsdt_agree(void **state)
{
	gpa_t rsdp;
	(void)state;
	assert_int_equal(install(&mailbox, &rsdp), ST_OK);
	assert_sums_to_zero(rsdp.v, 36);
	assert_sums_to_zero(rsdp.v, 20);
	uint64_t rsdt = number_at(rsdp.v + 16, 4);
	uint64_t xsdt = number_at(rsdp.v + 24, 8);
	uint64_t madt = madt_of(xsdt, "XSDT", 8, 3);
	assert_extended(madt);
	assert_int_equal(madt_of(rsdt, "RSDT", 4, 3), madt);
	assert_ccel(number_at(xsdt + 36 + 2 * 8, 8));
	assert_int_equal(number_at(rsdt + 36 + 2 * 4, 4), number_at(xsdt + 36 + 2 * 8, 8));
}

static void no_loader_is_not_found(void **state)
{
	gpa_t rsdp;
	(void)state;
	fake_files_reset();
	arena = (struct acpi_arena){ memory, gpa(ACPI_ARENA), ARENA_SIZE, 0 };
	assert_int_equal(acpi_install(&arena, &config, &mailbox, &rsdp), ST_NOT_FOUND);
}

static void unknown_and_refused_commands_are_skipped(void **state)
{
	gpa_t rsdp;
	(void)state;
	acpi_fixture_pointer(&fixture, "etc/acpi/tables", "etc/acpi/tables", 0, 8);
	last_command(TABLE_LOADER_ADD_POINTER)->command = TABLE_LOADER_WRITE_POINTER;
	acpi_fixture_allocate(&fixture, "", 0);
	last_command(TABLE_LOADER_ALLOCATE)->command = 0;
	assert_int_equal(install(&mailbox, &rsdp), ST_OK);
}

static void bad_allocations(void **state)
{
	(void)state;
	struct table_loader_command *command = last_command(TABLE_LOADER_ALLOCATE);
	struct table_loader_command good = *command;
	command->allocate.align = 0;
	assert_refused(ST_BAD_FORMAT, "etc/table-loader: ALLOCATE align 0x0 of etc/acpi/tables");
	command->allocate.align = 48;
	assert_refused(ST_BAD_FORMAT, "etc/table-loader: ALLOCATE align 0x30 of etc/acpi/tables");
	command->allocate.align = 8192;
	assert_refused(ST_BAD_FORMAT, "etc/table-loader: ALLOCATE align 0x2000 of etc/acpi/tables");
	*command = good;
	memset(command->allocate.file, 'x', FW_CFG_NAME_SIZE);
	assert_refused(ST_BAD_FORMAT,
		       "etc/table-loader: file name 7878787878787878... without NUL");
	*command = good;
	memcpy(command->allocate.file, "etc/absent", 11);
	assert_refused(ST_BAD_FORMAT, "etc/table-loader: no file etc/absent");
	/* What the directory is refused for is said as it was found. */
	*command = good;
	twice = "etc/acpi/tables";
	assert_refused(ST_HOST_LIED, "twice");
	twice = "";
	/* Twice the same. */
	*command = good;
	acpi_fixture_allocate(&fixture, "etc/acpi/rsdp", 16);
	assert_refused(ST_BAD_FORMAT, "etc/table-loader: ALLOCATE of etc/acpi/rsdp, twice");
}

static enum status allocate_files(unsigned count)
{
	static const char names[17][3] = { "a", "b", "c", "d", "e", "f", "g", "h", "i",
					   "j", "k", "l", "m", "n", "o", "p", "q" };
	gpa_t rsdp;
	arena = (struct acpi_arena){ memory, gpa(ACPI_ARENA), ARENA_SIZE, 0 };
	fixture.command_count = 0;
	fake_files_reset();
	for (unsigned i = 0; i < count; i++) {
		acpi_fixture_allocate(&fixture, names[i], 1);
		fake_files_add(names[i], (uint16_t)(0x100 + i), names[i], 1);
	}
	acpi_fixture_serve(&fixture);
	return acpi_install(&arena, &config, &mailbox, &rsdp);
}

static void too_many_files(void **state)
{
	(void)state;
	assert_refusal(allocate_files(17), ST_NO_SPACE,
		       "etc/table-loader: ALLOCATE of more than 16 files");
	/* As many as there may be, but none is the RSDP's. */
	assert_refusal(allocate_files(16), ST_BAD_FORMAT,
		       "etc/table-loader: no ALLOCATE of etc/acpi/rsdp");
}

static void arena_too_small(void **state)
{
	gpa_t rsdp;
	(void)state;
	uint32_t tables_end = 0x40 + sizeof(fixture.tables);
	/* MADT, CCEL and RSDT, aligned to 8. */
	uint32_t added = 96 + 56 + 48;
	uint32_t commands = fixture.command_count * (uint32_t)sizeof(fixture.commands[0]);
	fake_files_reset();
	acpi_fixture_serve(&fixture);
	arena = (struct acpi_arena){ memory, gpa(ACPI_ARENA), commands - 1, 0 };
	assert_refusal(acpi_install(&arena, &config, &mailbox, &rsdp), ST_NO_MEMORY,
		       "etc/table-loader: 1536 bytes, arena of 0x5ff");
	arena = (struct acpi_arena){ memory, gpa(ACPI_ARENA), commands + tables_end - 1, 0 };
	assert_refusal(acpi_install(&arena, &config, &mailbox, &rsdp), ST_NO_MEMORY,
		       "ACPI arena: 0x3a0 bytes at 0x40 of 0x3df");
	/* Enough for the host's tables, not for each of ours. */
	static const struct {
		uint32_t missing;
		const char *text;
	} cases[] = {
		{ 96 + 56 + 48, "ACPI arena: 0x60 bytes at 0x3e0 of 0x3e0" },
		{ 56 + 48, "ACPI arena: 0x38 bytes at 0x440 of 0x440" },
		{ 48, "ACPI arena: 0x30 bytes at 0x478 of 0x478" },
		{ 1, "ACPI arena: 0x30 bytes at 0x478 of 0x4a7" },
	};
	for (unsigned i = 0; i < ARRAY_COUNT(cases); i++) {
		uint32_t size = commands + tables_end + added - cases[i].missing;
		arena = (struct acpi_arena){ memory, gpa(ACPI_ARENA), size, 0 };
		assert_refusal(acpi_install(&arena, &config, &mailbox, &rsdp), ST_NO_MEMORY,
			       cases[i].text);
	}
	uint32_t size = commands + tables_end + added;
	arena = (struct acpi_arena){ memory, gpa(ACPI_ARENA), size, 0 };
	assert_int_equal(acpi_install(&arena, &config, &mailbox, &rsdp), ST_OK);
	assert_int_equal(arena.used, tables_end + added);
}

static void bad_pointers(void **state)
{
	(void)state;
	struct table_loader_command *command = last_command(TABLE_LOADER_ADD_POINTER);
	struct table_loader_command good = *command;
	command->pointer.size = 2;
	assert_refused(ST_UNSUPPORTED, "etc/table-loader: pointer size 2");
	char line[128];
	snprintf(line, sizeof(line), "etc/table-loader: refused is the command at 0x%zx",
		 (size_t)(command - fixture.commands) * sizeof(*command));
	assert_non_null(strstr(logged, line));
	command->pointer.size = 3;
	assert_refused(ST_UNSUPPORTED, "etc/table-loader: pointer size 3");
	*command = good;
	command->pointer.offset = 17; /* of a file of 20 bytes */
	assert_refused(ST_BAD_RANGE,
		       "etc/table-loader: pointer at 0x11 of etc/acpi/rsdp, 0x14 bytes");
	command->pointer.offset = UINT32_MAX;
	assert_refused(ST_BAD_RANGE,
		       "etc/table-loader: pointer at 0xffffffff of etc/acpi/rsdp, 0x14 bytes");
	*command = good;
	command->pointer.pointee_file[0] = 'x';
	assert_refused(ST_BAD_FORMAT, "etc/table-loader: no ALLOCATE of xtc/acpi/tables");
	*command = good;
	memset(command->pointer.pointer_file, 'x', FW_CFG_NAME_SIZE);
	assert_refused(ST_BAD_FORMAT,
		       "etc/table-loader: file name 7878787878787878... without NUL");
	*command = good;
	/* The value is no offset in the pointee: one past its end. */
	uint32_t past = sizeof(fixture.tables);
	memcpy(fixture.tables + FIXTURE_FADT_DSDT, &past, 4);
	assert_refused(ST_BAD_RANGE,
		       "etc/table-loader: pointer to 0x3a0 of etc/acpi/tables, 0x3a0 bytes");
}

static void bad_checksums(void **state)
{
	(void)state;
	struct table_loader_command *command = last_command(TABLE_LOADER_ADD_CHECKSUM);
	struct table_loader_command good = *command;
	command->checksum.offset = 20;
	assert_refused(ST_BAD_RANGE,
		       "etc/table-loader: checksum at 0x14 of 0x0+0x14 in etc/acpi/rsdp");
	*command = good;
	command->checksum.length = 21;
	assert_refused(ST_BAD_RANGE,
		       "etc/table-loader: checksum at 0x8 of 0x0+0x15 in etc/acpi/rsdp");
	*command = good;
	command->checksum.start = UINT32_MAX;
	assert_refused(ST_BAD_RANGE,
		       "etc/table-loader: checksum at 0x8 of 0xffffffff+0x14 in etc/acpi/rsdp");
	command->checksum.length = 1;
	assert_refused(ST_BAD_RANGE,
		       "etc/table-loader: checksum at 0x8 of 0xffffffff+0x1 in etc/acpi/rsdp");
	*command = good;
	command->checksum.file[0] = 'x';
	assert_refused(ST_BAD_FORMAT, "etc/table-loader: no ALLOCATE of xtc/acpi/rsdp");
}

static void bad_command_list(void **state)
{
	static uint8_t zeros[513 * sizeof(struct table_loader_command)];
	gpa_t rsdp;
	(void)state;
	arena = (struct acpi_arena){ memory, gpa(ACPI_ARENA), ARENA_SIZE, 0 };
	fake_files_reset();
	fake_files_add("etc/table-loader", 0x20, zeros, sizeof(zeros));
	assert_refusal(acpi_install(&arena, &config, &mailbox, &rsdp), ST_NO_SPACE,
		       "etc/table-loader: 65664 bytes, at most 512 commands");
	/* As many as there may be, for a larger arena. */
	fake_files_reset();
	fake_files_add("etc/table-loader", 0x20, zeros, 512 * sizeof(struct table_loader_command));
	assert_refusal(acpi_install(&arena, &config, &mailbox, &rsdp), ST_NO_MEMORY,
		       "etc/table-loader: 65536 bytes, arena of 0x8000");
	fake_files_reset();
	fake_files_add("etc/table-loader", 0x20, zeros, 127);
	assert_refusal(acpi_install(&arena, &config, &mailbox, &rsdp), ST_BAD_FORMAT,
		       "etc/table-loader: 127 bytes");
	/* Well formed, but it makes no RSDP. */
	fake_files_reset();
	fake_files_add("etc/table-loader", 0x20, zeros, 128);
	assert_refusal(acpi_install(&arena, &config, &mailbox, &rsdp), ST_BAD_FORMAT,
		       "etc/table-loader: no ALLOCATE of etc/acpi/rsdp");
}

static void bad_rsdp(void **state)
{
	(void)state;
	fixture.rsdp[0] ^= 1;
	assert_refused(ST_BAD_FORMAT,
		       "ACPI RSDP: signature 0x2052545020445353, checksum off by 0x0");
	fixture.rsdp[0] ^= 1;
	/* Neither RSDT nor XSDT. */
	last_command(TABLE_LOADER_ADD_POINTER)->command = 0;
	memset(fixture.rsdp + 16, 0, 4);
	assert_refused(ST_BAD_FORMAT, "ACPI RSDP: revision 0, RSDT 0, XSDT 0");
	/* An RSDT that the loader did not place. */
	fixture.rsdp[19] = 0x70;
	assert_refused(ST_BAD_RANGE, "ACPI table at 0x70000000: not in the arena");
	/* No checksum. */
	acpi_fixture_build(&fixture, false);
	last_command(TABLE_LOADER_ADD_CHECKSUM)->command = 0;
	assert_refused(ST_BAD_FORMAT,
		       "ACPI RSDP: signature 0x2052545020445352, checksum off by 0x40");
	/* Too short. */
	acpi_fixture_build(&fixture, false);
	fixture.rsdp_size = 19;
	last_command(TABLE_LOADER_ADD_POINTER)->command = 0;
	last_command(TABLE_LOADER_ADD_CHECKSUM)->checksum.length = 19;
	assert_refused(ST_TRUNCATED, "etc/acpi/rsdp: 19 bytes");
}

static void bad_rsdp_of_revision_2(void **state)
{
	(void)state;
	fixture.rsdp[20] = 35;
	assert_refused(ST_TRUNCATED, "ACPI RSDP: length 35 of 36 bytes");
	fixture.rsdp[20] = 36;
	last_command(TABLE_LOADER_ADD_CHECKSUM)->command = 0;
	assert_refused(ST_BAD_FORMAT, "ACPI RSDP: extended checksum off by 0x85");
}

static void bad_root_tables(void **state)
{
	(void)state;
	uint8_t *length = fixture.tables + FIXTURE_RSDT + 4;
	/* Its length is not a whole number of entries; then too short for the header, then beyond
	 * the arena's used part. */
	*length = 43;
	struct table_loader_command *sum = NULL;
	for (uint32_t i = 0; i < fixture.command_count; i++) {
		if (fixture.commands[i].command == TABLE_LOADER_ADD_CHECKSUM &&
		    fixture.commands[i].checksum.start == FIXTURE_RSDT) {
			sum = &fixture.commands[i];
		}
	}
	assert_non_null(sum);
	sum->checksum.length = 43;
	assert_refused(ST_BAD_FORMAT, "ACPI root table: RSDT length 43 entries of 4");
	*length = 35;
	assert_refused(ST_BAD_RANGE, "ACPI RSDT at 0xa00180: length 0x23");
	length[1] = 3;
	assert_refused(ST_BAD_RANGE, "ACPI RSDT at 0xa00180: length 0x323");
	acpi_fixture_build(&fixture, false);
	fixture.tables[FIXTURE_RSDT] = 'X';
	assert_refused(ST_BAD_FORMAT, "ACPI root table: XSDT length 44 entries of 4");
	acpi_fixture_build(&fixture, false);
	sum->command = 0;
	assert_refused(ST_BAD_FORMAT, "ACPI RSDT at 0xa00180: checksum off by 0xb5");
}

/* An RSDT with so many entries, all 0, in a file of its own. */
static enum status install_root(uint32_t entries)
{
	static uint8_t big[0x400];
	gpa_t rsdp;
	struct acpi_header header = { .signature = ACPI_RSDT, .length = 36 + entries * 4 };
	memcpy(big, &header, sizeof(header));
	fixture.command_count = 0;
	acpi_fixture_allocate(&fixture, "etc/acpi/rsdp", 16);
	acpi_fixture_allocate(&fixture, "etc/big", 16);
	acpi_fixture_checksum(&fixture, "etc/big", 9, 0, header.length);
	acpi_fixture_pointer(&fixture, "etc/acpi/rsdp", "etc/big", 16, 4);
	memset(fixture.rsdp + 16, 0, 4);
	acpi_fixture_checksum(&fixture, "etc/acpi/rsdp", 8, 0, 20);
	arena = (struct acpi_arena){ memory, gpa(ACPI_ARENA), ARENA_SIZE, 0 };
	fake_files_reset();
	fake_files_add("etc/big", 0x30, big, sizeof(big));
	acpi_fixture_serve(&fixture);
	return acpi_install(&arena, &config, &mailbox, &rsdp);
}

static void too_many_tables(void **state)
{
	(void)state;
	assert_refusal(install_root(65), ST_NO_SPACE, "ACPI root table: 65 tables, at most 64");
	/* As many as there may be: each is looked at. */
	assert_refusal(install_root(64), ST_BAD_RANGE, "ACPI table at 0x0: not in the arena");
}

static void bad_madt(void **state)
{
	uint8_t *interrupts = fixture.tables + FIXTURE_MADT + 44;
	(void)state;
	/* A mailbox of the host's. */
	interrupts[16] = 0x10;
	assert_refused(ST_HOST_LIED, "ACPI MADT: wake-up structure of the host at 60");
	interrupts[16] = 1;
	/* No progress; one byte too long; a last byte that is no structure. */
	interrupts[1] = 0;
	assert_refused(ST_BAD_FORMAT, "ACPI MADT: structure at 44 of 72");
	interrupts[1] = 1;
	assert_refused(ST_BAD_FORMAT, "ACPI MADT: structure at 44 of 72");
	interrupts[1] = 8;
	interrupts[17] = 13;
	assert_refused(ST_BAD_FORMAT, "ACPI MADT: structure at 60 of 72");
	interrupts[17] = 11;
	assert_refused(ST_BAD_FORMAT, "ACPI MADT: structure at 71 of 72");
	interrupts[17] = 12;
	/* None at all. */
	fixture.tables[FIXTURE_MADT] = 'X';
	assert_refused(ST_BAD_FORMAT, "ACPI MADT: none");
	/* Two of them. */
	fixture.tables[FIXTURE_MADT] = 'A';
	memcpy(fixture.tables + FIXTURE_FADT, "APIC", 4);
	assert_refused(ST_BAD_FORMAT, "ACPI APIC: twice, at 0xa00240 and 0xa00100");
}

static void madt_too_short(void **state)
{
	(void)state;
	fixture.tables[FIXTURE_MADT + 4] = 43;
	for (uint32_t i = 0; i < fixture.command_count; i++) {
		if (fixture.commands[i].command == TABLE_LOADER_ADD_CHECKSUM &&
		    fixture.commands[i].checksum.start == FIXTURE_MADT) {
			fixture.commands[i].checksum.length = 43;
		}
	}
	assert_refused(ST_TRUNCATED, "ACPI MADT: length 43");
}

static void roots_that_disagree(void **state)
{
	(void)state;
	/* The RSDT lists the FADT twice; then no MADT; then no FADT. */
	uint32_t fadt = FIXTURE_FADT;
	uint32_t madt = FIXTURE_MADT;
	uint32_t dsdt = FIXTURE_DSDT;
	memcpy(fixture.tables + FIXTURE_RSDT + 40, &fadt, 4);
	assert_refused(ST_BAD_FORMAT, "ACPI FACP: twice, at 0xa00240 and 0xa00240");
	memcpy(fixture.tables + FIXTURE_RSDT + 40, &dsdt, 4);
	assert_refused(ST_BAD_FORMAT, "ACPI RSDT and XSDT: MADT 0x0 and 0xa00100, "
				      "FADT 0xa00240 and 0xa00240");
	memcpy(fixture.tables + FIXTURE_RSDT + 36, &dsdt, 4);
	memcpy(fixture.tables + FIXTURE_RSDT + 40, &madt, 4);
	assert_refused(ST_BAD_FORMAT, "ACPI RSDT and XSDT: MADT 0xa00100 and 0xa00100, "
				      "FADT 0x0 and 0xa00240");
}

/* A log of the host's would be believed instead of ours. */
static void ccel_of_the_host(void **state)
{
	gpa_t rsdp;
	(void)state;
	memcpy(fixture.tables + FIXTURE_FADT, "CCEL", 4);
	assert_refused(ST_HOST_LIED, "ACPI CCEL: one of the host's, at 0xa00240");
	/* On a plain VM it is the host's affair. */
	assert_int_equal(install(NULL, &rsdp), ST_OK);
}

/* ---- what tables lead to --------------------------------------------------------------------- */

/* TempMem that nobody measures, and that a host can fill. */
#define UNMEASURED 0x868000

/* The host leaves out ADD_POINTER for a field of the FADT. */
static void set_fadt(uint32_t field, unsigned size, uint64_t value)
{
	for (uint32_t i = 0; i < fixture.command_count; i++) {
		struct table_loader_command *command = &fixture.commands[i];
		if (command->command == TABLE_LOADER_ADD_POINTER &&
		    strcmp(command->pointer.pointer_file, "etc/acpi/tables") == 0 &&
		    command->pointer.offset == field) {
			command->command = 0;
		}
	}
	memcpy(fixture.tables + field, &value, size);
}

static void assert_installed(void)
{
	gpa_t rsdp;
	assert_int_equal(install(&mailbox, &rsdp), ST_OK);
}

static void dsdt_outside_of_the_arena(void **state)
{
	static const char text[] = "ACPI FADT: DSDT 0x868000: not in the arena";
	(void)state;
	set_fadt(FIXTURE_FADT_DSDT, 4, UNMEASURED);
	assert_refused(ST_BAD_RANGE, text);
	/* A plain VM's host does as it likes. */
	gpa_t rsdp;
	assert_int_equal(install(NULL, &rsdp), ST_OK);
	setup_xsdt(NULL);
	set_fadt(FIXTURE_FADT_DSDT, 4, UNMEASURED);
	set_fadt(FIXTURE_FADT_X_DSDT, 8, UNMEASURED);
	assert_refused(ST_BAD_RANGE, text);
	set_fadt(FIXTURE_FADT_X_DSDT, 8, 0);
	assert_refused(ST_BAD_RANGE, text);
	set_fadt(FIXTURE_FADT_DSDT, 4, 0);
	assert_installed();
	set_fadt(FIXTURE_FADT_X_DSDT, 8, UNMEASURED);
	assert_refused(ST_BAD_RANGE, text);
	/* The lower half alone is in the arena. */
	set_fadt(FIXTURE_FADT_X_DSDT, 8, FOUR_GIB + ACPI_ARENA + 0x40);
	assert_refused(ST_BAD_RANGE, "ACPI FADT: DSDT 0x100a00040: not in the arena");
	/* The first byte after the tables: all of it is zero, and becomes RAM. */
	set_fadt(FIXTURE_FADT_X_DSDT, 8, ACPI_ARENA + 0x40 + sizeof(fixture.tables));
	assert_refused(ST_BAD_RANGE, "ACPI FADT: DSDT 0xa003e0: not in the arena");
}

static void dsdt_of_two_addresses(void **state)
{
	(void)state;
	set_fadt(FIXTURE_FADT_X_DSDT, 8, UNMEASURED);
	assert_refused(ST_HOST_LIED, "ACPI FADT: DSDT 0xa00040, X_DSDT 0x868000");
	/* A length that cuts the field: its first half counts. */
	fixture.tables[FIXTURE_FADT + 4] = 0x90;
	fixture.tables[FIXTURE_FADT + 5] = 0;
	last_sum_of(FIXTURE_FADT)->checksum.length = 0x90;
	assert_refused(ST_HOST_LIED, "ACPI FADT: DSDT 0xa00040, X_DSDT 0x868000");
	/* One that ends before it: nothing of it counts. */
	fixture.tables[FIXTURE_FADT + 4] = 0x8C;
	last_sum_of(FIXTURE_FADT)->checksum.length = 0x8C;
	assert_installed();
}

static void dsdt_that_is_none(void **state)
{
	(void)state;
	fixture.tables[FIXTURE_DSDT] = 'S';
	assert_refused(ST_BAD_FORMAT, "ACPI FADT: DSDT 0xa00040: signature 0x54445353");
	fixture.tables[FIXTURE_DSDT] = 'D';
	last_sum_of(FIXTURE_DSDT)->command = 0;
	assert_refused(ST_BAD_FORMAT, "ACPI DSDT at 0xa00040: checksum off by 0x1c");
	fixture.tables[FIXTURE_DSDT + 5] = 0x10;
	assert_refused(ST_BAD_RANGE, "ACPI DSDT at 0xa00040: length 0x1024");
}

static void facs_outside_of_the_arena(void **state)
{
	(void)state;
	set_fadt(FIXTURE_FADT_FACS, 4, UNMEASURED);
	assert_refused(ST_BAD_RANGE, "ACPI FADT: FIRMWARE_CTRL 0x868000: no FACS in the arena");
	set_fadt(FIXTURE_FADT_X_FACS, 8, UNMEASURED + 64);
	assert_refused(ST_HOST_LIED, "ACPI FADT: FIRMWARE_CTRL 0x868000, X_FIRMWARE_CTRL 0x868040");
	set_fadt(FIXTURE_FADT_FACS, 4, 0);
	assert_refused(ST_BAD_RANGE, "ACPI FADT: FIRMWARE_CTRL 0x868040: no FACS in the arena");
	set_fadt(FIXTURE_FADT_X_FACS, 8, 0);
	assert_installed();
	set_fadt(FIXTURE_FADT_X_FACS, 8, ACPI_ARENA + 0x40 + FIXTURE_FACS);
	assert_installed();
}

static void facs_that_is_none(void **state)
{
	static const char text[] = "ACPI FADT: FIRMWARE_CTRL 0xa00080: no FACS in the arena";
	(void)state;
	fixture.tables[FIXTURE_FACS + 4] = 63;
	assert_refused(ST_BAD_RANGE, text);
	fixture.tables[FIXTURE_FACS + 5] = 0x10;
	assert_refused(ST_BAD_RANGE, text);
	fixture.tables[FIXTURE_FACS + 5] = 0;
	fixture.tables[FIXTURE_FACS + 4] = 64;
	assert_installed();
	fixture.tables[FIXTURE_FACS] = 'X';
	assert_refused(ST_BAD_RANGE, text);
	/* Its eight bytes would lie in the arena, not its 64. */
	set_fadt(FIXTURE_FADT_FACS, 4, ACPI_ARENA + 0x40 + sizeof(fixture.tables) - 8);
	memcpy(fixture.tables + sizeof(fixture.tables) - 8, "FACS\x40\0\0", 8);
	assert_refused(ST_BAD_RANGE, "ACPI FADT: FIRMWARE_CTRL 0xa003d8: no FACS in the arena");
}

static void fadt_of_revision_1_has_no_more_fields(void **state)
{
	uint64_t other = UNMEASURED;
	(void)state;
	memcpy(fixture.tables + FIXTURE_FADT_X_DSDT, &other, 8);
	memcpy(fixture.tables + FIXTURE_FADT_X_FACS, &other, 8);
	assert_installed();
}

static void registers_in_memory(void **state)
{
	static const struct {
		uint32_t offset;
		const char *text;
	} registers[] = {
		{ 0x74, "ACPI FADT: RESET_REG in memory, at 0x1000000" },
		{ 0x94, "ACPI FADT: X_PM1a_EVT_BLK in memory, at 0x1000000" },
		{ 0xA0, "ACPI FADT: X_PM1b_EVT_BLK in memory, at 0x1000000" },
		{ 0xAC, "ACPI FADT: X_PM1a_CNT_BLK in memory, at 0x1000000" },
		{ 0xB8, "ACPI FADT: X_PM1b_CNT_BLK in memory, at 0x1000000" },
		{ 0xC4, "ACPI FADT: X_PM2_CNT_BLK in memory, at 0x1000000" },
		{ 0xD0, "ACPI FADT: X_PM_TMR_BLK in memory, at 0x1000000" },
		{ 0xDC, "ACPI FADT: X_GPE0_BLK in memory, at 0x1000000" },
		{ 0xE8, "ACPI FADT: X_GPE1_BLK in memory, at 0x1000000" },
		{ 0xF4, "ACPI FADT: SLEEP_CONTROL in memory, at 0x1000000" },
		{ 0x100, "ACPI FADT: SLEEP_STATUS in memory, at 0x1000000" },
	};
	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(registers); i++) {
		uint8_t *gas = fixture.tables + FIXTURE_FADT + registers[i].offset;
		gas[7] = 1;
		assert_refused(ST_UNSUPPORTED, registers[i].text);
		gas[0] = 1; /* ports */
		assert_installed();
	}
}

/* How many tables the kernel gets beside FADT, MADT and CCEL. */
static unsigned others_of(const struct mailbox_info *mp, const char *signature)
{
	gpa_t rsdp;
	setup(NULL);
	acpi_fixture_add(&fixture, signature, 0x4C);
	assert_int_equal(install(mp, &rsdp), ST_OK);
	uint64_t rsdt = number_at(rsdp.v + 16, 4);
	unsigned own = mp != NULL ? 3 : 2;
	unsigned count = (unsigned)(number_at(rsdt + 4, 4) - 36) / 4;
	for (unsigned i = 0; i < count; i++) {
		uint64_t table = number_at(rsdt + 36 + i * 4, 4);
		assert_int_equal(i == 2 && count > own, memcmp(at(table), signature, 4) == 0);
	}
	return count - own;
}

static void tables_that_the_kernel_gets(void **state)
{
	static const char kept[][5] = { "SSDT", "PSDT", "OSDT", "HPET", "MCFG", "DMAR", "IVRS",
					"VIOT", "WAET", "SRAT", "SLIT", "HMAT", "TPM2" };
	/* The last ones are nobody's. */
	static const char dropped[][5] = { "ERST", "EINJ", "WDAT", "HEST", "PCCT", "ECDT",  "SPCR",
					   "DBGP", "DBG2", "LPIT", "BERT", "BGRT", "FPDT",  "PRMT",
					   "SVKL", "TCPA", "UEFI", "WPBT", "NFIT", "CEDT",  "MPAM",
					   "DSDT", "FACS", "XSDT", "OEM1", "facp", "\0\0\0" };
	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(kept); i++) {
		assert_int_equal(others_of(&mailbox, kept[i]), 1);
	}
	for (unsigned i = 0; i < ARRAY_COUNT(dropped); i++) {
		assert_int_equal(others_of(&mailbox, dropped[i]), 0);
		assert_int_equal(others_of(NULL, dropped[i]), 1);
	}
}

static void set_log(uint64_t log, uint32_t size)
{
	memcpy(fixture.tables + FIXTURE_SPARE + 0x40, &size, 4);
	memcpy(fixture.tables + FIXTURE_SPARE + 0x44, &log, 8);
}

static void log_of_a_tpm(void **state)
{
	uint64_t tables = ACPI_ARENA + 0x40;
	(void)state;
	acpi_fixture_add(&fixture, "TPM2", 0x4C);
	set_log(UNMEASURED, 0x1000);
	assert_refused(ST_BAD_RANGE, "ACPI TPM2: log of 0x1000 bytes at 0x868000");
	set_log(tables, sizeof(fixture.tables) + 1);
	assert_refused(ST_BAD_RANGE, "ACPI TPM2: log of 0x3a1 bytes at 0xa00040");
	set_log(tables, sizeof(fixture.tables));
	assert_installed();
	set_log(0, 0x1000);
	assert_installed();
	/* A table without the field, and with half of it. */
	fixture.tables[FIXTURE_SPARE + 4] = 0x44;
	last_sum_of(FIXTURE_SPARE)->checksum.length = 0x44;
	set_log(UNMEASURED, 0x1000);
	assert_installed();
	fixture.tables[FIXTURE_SPARE + 4] = 0x48;
	last_sum_of(FIXTURE_SPARE)->checksum.length = 0x48;
	assert_refused(ST_BAD_RANGE, "ACPI TPM2: log of 0x1000 bytes at 0x868000");
}

/* ---- what an image asks of them -------------------------------------------------------------- */

/* What iasl makes of a definition block that defines nothing, but for its own name and the sum. */
static void assert_empty_definition_block(const uint8_t *bytes, uint32_t size)
{
	uint8_t wanted[200];
	char folder[] = "/tmp/acpi_test.XXXXXX";
	char text[200];
	assert_non_null(mkdtemp(folder));
	snprintf(text, sizeof(text),
		 "cd %s && echo 'DefinitionBlock(\"\", \"DSDT\", 2, \"LINTEL\", "
		 "\"LINTELTD\", 0) {}' >dsdt.dsl && iasl dsdt.dsl >log 2>&1",
		 folder);
	assert_int_equal(system(text), 0);
	snprintf(text, sizeof(text), "%s/dsdt.aml", folder);
	FILE *file = fopen(text, "rb");
	assert_non_null(file);
	assert_int_equal(fread(wanted, 1, sizeof(wanted), file), size);
	fclose(file);
	memcpy(wanted + offsetof(struct acpi_header, creator_id),
	       bytes + offsetof(struct acpi_header, creator_id), 8);
	wanted[offsetof(struct acpi_header, checksum)] =
		bytes[offsetof(struct acpi_header, checksum)];
	assert_memory_equal(wanted, bytes, size);
	snprintf(text, sizeof(text), "rm -r %s", folder);
	assert_int_equal(system(text), 0);
}

static void assert_no_aml_but_ours(bool xsdt)
{
	gpa_t rsdp;
	acpi_fixture_build(&fixture, xsdt);
	acpi_fixture_add(&fixture, "SSDT", 36);
	config.flags = IMAGE_CONFIG_REFUSE_AML;
	assert_int_equal(install(&mailbox, &rsdp), ST_OK);
	uint64_t rsdt = number_at(rsdp.v + 16, 4);
	assert_extended(madt_of(rsdt, "RSDT", 4, 3));
	assert_ccel(number_at(rsdt + 36 + 2 * 4, 4));
	uint64_t fadt = number_at(rsdt + 36, 4);
	/* A copy: what else the host has in the place of its own is nothing that we change. */
	assert_within(fadt, ACPI_ARENA + 0x40 + sizeof(fixture.tables), ACPI_ARENA + arena.used);
	assert_memory_equal(at(fadt), "FACP", 4);
	assert_sums_to_zero(fadt, FIXTURE_FADT_SIZE(xsdt));
	assert_int_equal(number_at(fadt + 0x24, 4), ACPI_ARENA + 0x40 + FIXTURE_FACS);
	uint64_t dsdt = number_at(fadt + 0x28, 4);
	assert_within(dsdt, ACPI_ARENA + 0x40 + sizeof(fixture.tables), ACPI_ARENA + arena.used);
	assert_int_equal(number_at(dsdt + 4, 4), 36);
	assert_sums_to_zero(dsdt, 36);
	assert_empty_definition_block(at(dsdt), 36);
	if (xsdt) {
		uint64_t root = number_at(rsdp.v + 24, 8);
		assert_int_equal(number_at(root + 36, 8), fadt);
		assert_int_equal(number_at(fadt + 0x8C, 8), 0);
	}
	/* A plain VM's host is trusted. */
	assert_int_equal(install(NULL, &rsdp), ST_OK);
	rsdt = number_at(rsdp.v + 16, 4);
	assert_int_equal(number_at(rsdt + 4, 4), 36 + 3 * 4);
}

static void aml_refused(void **state)
{
	(void)state;
	assert_no_aml_but_ours(false);
	assert_no_aml_but_ours(true);
}

static void aml_refused_without_a_fadt(void **state)
{
	(void)state;
	config.flags = IMAGE_CONFIG_REFUSE_AML;
	memcpy(fixture.tables + FIXTURE_FADT, "WAET", 4);
	assert_refused(ST_BAD_FORMAT, "ACPI FADT: none");
	/* One that ends before what leads to the DSDT. */
	memcpy(fixture.tables + FIXTURE_FADT, "FACP", 4);
	fixture.tables[FIXTURE_FADT + 4] = 0x3F;
	last_sum_of(FIXTURE_FADT)->checksum.length = 0x3F;
	assert_refused(ST_TRUNCATED, "ACPI FADT: length 63");
}

static void x_dsdt_in_half(void **state)
{
	gpa_t rsdp;
	(void)state;
	config.flags = IMAGE_CONFIG_REFUSE_AML;
	fixture.tables[FIXTURE_FADT + 4] = 0x90;
	fixture.tables[FIXTURE_FADT + 5] = 0;
	last_sum_of(FIXTURE_FADT)->checksum.length = 0x90;
	assert_int_equal(install(&mailbox, &rsdp), ST_OK);
	uint64_t fadt = number_at(number_at(rsdp.v + 16, 4) + 36, 4);
	assert_sums_to_zero(fadt, 0x90);
	assert_int_equal(number_at(fadt + 0x8C, 4), 0);
}

/* The digests' digest, as OpenSSL has it. */
static void pin_fixture(void)
{
	uint8_t digests[3 * SHA384_SIZE];
	SHA384((const uint8_t *)fixture.commands,
	       fixture.command_count * sizeof(fixture.commands[0]), digests);
	SHA384(fixture.rsdp, fixture.rsdp_size, digests + SHA384_SIZE);
	SHA384(fixture.tables, sizeof(fixture.tables), digests + 2 * SHA384_SIZE);
	SHA384(digests, sizeof(digests), config.acpi_pin);
	config.flags = IMAGE_CONFIG_PIN_ACPI;
}

static void pinned_files(void **state)
{
	gpa_t rsdp;
	char text[120];
	(void)state;
	pin_fixture();
	assert_installed();
	snprintf(text, sizeof(text), "ACPI pin: ");
	fixture.tables[FIXTURE_SPARE] ^= 1;
	assert_int_equal(install(&mailbox, &rsdp), ST_HOST_LIED);
	assert_memory_equal(refusal_text(ST_HOST_LIED), text, strlen(text));
	fixture.tables[FIXTURE_SPARE] ^= 1;
	config.acpi_pin[SHA384_SIZE - 1] ^= 1;
	assert_int_equal(install(&mailbox, &rsdp), ST_HOST_LIED);
	/* A plain VM measures nothing. */
	assert_int_equal(install(NULL, &rsdp), ST_OK);
	pin_fixture();
	fixture.rsdp[9] ^= 1;
	assert_int_equal(install(&mailbox, &rsdp), ST_HOST_LIED);
	fixture.rsdp[9] ^= 1;
	/* A byte of the commands that nobody reads. */
	((uint8_t *)fixture.commands)[sizeof(fixture.commands[0]) - 1] ^= 1;
	assert_int_equal(install(&mailbox, &rsdp), ST_HOST_LIED);
	/* No tables at all would be others, too. */
	fake_files_reset();
	arena = (struct acpi_arena){ memory, gpa(ACPI_ARENA), ARENA_SIZE, 0 };
	assert_refusal(acpi_install(&arena, &config, &mailbox, &rsdp), ST_HOST_LIED,
		       "ACPI pin: the host has no tables");
}

#define CASE(name) cmocka_unit_test_setup(name, setup)
#define CASE_XSDT(name) cmocka_unit_test_setup(name, setup_xsdt)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(plain_tables_are_left_alone),
		CASE(rsdt_gets_wakeup_structure_and_ccel),
		CASE_XSDT(xsdt_and_rsdt_agree),
		CASE(no_loader_is_not_found),
		CASE(unknown_and_refused_commands_are_skipped),
		CASE(bad_allocations),
		CASE(too_many_files),
		CASE(arena_too_small),
		CASE(bad_pointers),
		CASE(bad_checksums),
		CASE(bad_command_list),
		CASE(bad_rsdp),
		CASE_XSDT(bad_rsdp_of_revision_2),
		CASE(bad_root_tables),
		CASE(too_many_tables),
		CASE(bad_madt),
		CASE(madt_too_short),
		CASE_XSDT(roots_that_disagree),
		CASE(ccel_of_the_host),
		CASE_XSDT(ccel_of_the_host),
		CASE(dsdt_outside_of_the_arena),
		CASE_XSDT(dsdt_of_two_addresses),
		CASE_XSDT(dsdt_that_is_none),
		CASE(dsdt_that_is_none),
		CASE_XSDT(facs_outside_of_the_arena),
		CASE(facs_that_is_none),
		CASE(fadt_of_revision_1_has_no_more_fields),
		CASE_XSDT(registers_in_memory),
		CASE(tables_that_the_kernel_gets),
		CASE(log_of_a_tpm),
		CASE(aml_refused),
		CASE(aml_refused_without_a_fadt),
		CASE_XSDT(x_dsdt_in_half),
		CASE(pinned_files),
	};
	return cmocka_run_group_tests_name("acpi", tests, NULL, NULL);
}
