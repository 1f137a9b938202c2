// The table loader, MADT and CCEL: QEMU's shape goes through, every lie of the host is refused.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "boot-tests/unit/acpi_fixture.h"
#include "boot-tests/unit/assert_within.h"
#include "boot-tests/unit/fake_files.h"
#include "boot-tests/unit/refusals.h"
#include "linker/memmap.h"
#include "shim/acpi.h"
#include "shim/log.h"

#define ARENA_SIZE 0x8000

static uint8_t memory[ARENA_SIZE];
static struct acpi_arena arena;
static struct acpi_fixture fixture;
static const struct mailbox_info mailbox = { { MAILBOX }, { RESET_CODE } };

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

static enum status install(const struct mailbox_info *mp, gpa_t *rsdp)
{
	memset(memory, 0xEE, sizeof(memory));
	arena = (struct acpi_arena){ memory, gpa(ACPI_ARENA), ARENA_SIZE, 0 };
	fake_files_reset();
	acpi_fixture_serve(&fixture);
	return acpi_install(&arena, mp, rsdp);
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
	acpi_fixture_build(&fixture, false);
	return 0;
}

static int setup_xsdt(void **state)
{
	(void)state;
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
	assert_sums_to_zero(tables + FIXTURE_FADT, 116);
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
	assert_int_equal(acpi_install(&arena, &mailbox, &rsdp), ST_NOT_FOUND);
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
	assert_refused(ST_BAD_FORMAT, "etc/table-loader: file name without NUL");
	*command = good;
	memcpy(command->allocate.file, "etc/absent", 11);
	assert_refused(ST_BAD_FORMAT, "etc/table-loader: no file etc/absent");
	/* Twice the same. */
	*command = good;
	acpi_fixture_allocate(&fixture, "etc/acpi/rsdp", 16);
	assert_refused(ST_BAD_FORMAT, "etc/table-loader: ALLOCATE of etc/acpi/rsdp, twice");
}

static void too_many_files(void **state)
{
	static const char names[17][3] = { "a", "b", "c", "d", "e", "f", "g", "h", "i",
					   "j", "k", "l", "m", "n", "o", "p", "q" };
	gpa_t rsdp;
	(void)state;
	arena = (struct acpi_arena){ memory, gpa(ACPI_ARENA), ARENA_SIZE, 0 };
	fixture.command_count = 0;
	fake_files_reset();
	for (unsigned i = 0; i < 17; i++) {
		acpi_fixture_allocate(&fixture, names[i], 1);
		fake_files_add(names[i], (uint16_t)(0x100 + i), names[i], 1);
	}
	acpi_fixture_serve(&fixture);
	assert_refusal(acpi_install(&arena, &mailbox, &rsdp), ST_NO_SPACE,
		       "etc/table-loader: ALLOCATE of more than 16 files");
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
	assert_refusal(acpi_install(&arena, &mailbox, &rsdp), ST_NO_MEMORY,
		       "etc/table-loader: 1408 bytes, arena of 0x57f");
	arena = (struct acpi_arena){ memory, gpa(ACPI_ARENA), commands + tables_end - 1, 0 };
	assert_refusal(acpi_install(&arena, &mailbox, &rsdp), ST_NO_MEMORY,
		       "ACPI arena: 0x200 bytes at 0x40 of 0x23f");
	/* Enough for the host's tables, not for each of ours. */
	static const struct {
		uint32_t missing;
		const char *text;
	} cases[] = {
		{ 96 + 56 + 48, "ACPI arena: 0x60 bytes at 0x240 of 0x240" },
		{ 56 + 48, "ACPI arena: 0x38 bytes at 0x2a0 of 0x2a0" },
		{ 48, "ACPI arena: 0x30 bytes at 0x2d8 of 0x2d8" },
		{ 1, "ACPI arena: 0x30 bytes at 0x2d8 of 0x307" },
	};
	for (unsigned i = 0; i < ARRAY_COUNT(cases); i++) {
		uint32_t size = commands + tables_end + added - cases[i].missing;
		arena = (struct acpi_arena){ memory, gpa(ACPI_ARENA), size, 0 };
		assert_refusal(acpi_install(&arena, &mailbox, &rsdp), ST_NO_MEMORY, cases[i].text);
	}
	uint32_t size = commands + tables_end + added;
	arena = (struct acpi_arena){ memory, gpa(ACPI_ARENA), size, 0 };
	assert_int_equal(acpi_install(&arena, &mailbox, &rsdp), ST_OK);
	assert_int_equal(arena.used, tables_end + added);
}

static void bad_pointers(void **state)
{
	(void)state;
	struct table_loader_command *command = last_command(TABLE_LOADER_ADD_POINTER);
	struct table_loader_command good = *command;
	command->pointer.size = 2;
	assert_refused(ST_UNSUPPORTED, "etc/table-loader: pointer size 2");
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
	assert_refused(ST_BAD_FORMAT, "etc/table-loader: file name without NUL");
	*command = good;
	/* The value is no offset in the pointee: one past its end. */
	uint32_t past = sizeof(fixture.tables);
	memcpy(fixture.tables + FIXTURE_FADT_DSDT, &past, 4);
	assert_refused(ST_BAD_RANGE,
		       "etc/table-loader: pointer to 0x200 of etc/acpi/tables, 0x200 bytes");
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
	assert_refusal(acpi_install(&arena, &mailbox, &rsdp), ST_NO_SPACE,
		       "etc/table-loader: 65664 bytes, at most 512 commands");
	fake_files_reset();
	fake_files_add("etc/table-loader", 0x20, zeros, 127);
	assert_refusal(acpi_install(&arena, &mailbox, &rsdp), ST_BAD_FORMAT,
		       "etc/table-loader: 127 bytes");
	/* Well formed, but it makes no RSDP. */
	fake_files_reset();
	fake_files_add("etc/table-loader", 0x20, zeros, 128);
	assert_refusal(acpi_install(&arena, &mailbox, &rsdp), ST_BAD_FORMAT,
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
	length[1] = 2;
	assert_refused(ST_BAD_RANGE, "ACPI RSDT at 0xa00180: length 0x223");
	acpi_fixture_build(&fixture, false);
	fixture.tables[FIXTURE_RSDT] = 'X';
	assert_refused(ST_BAD_FORMAT, "ACPI root table: XSDT length 44 entries of 4");
	acpi_fixture_build(&fixture, false);
	sum->command = 0;
	assert_refused(ST_BAD_FORMAT, "ACPI RSDT at 0xa00180: checksum off by 0xf3");
}

static void too_many_tables(void **state)
{
	static uint8_t big[0x400];
	gpa_t rsdp;
	(void)state;
	/* An RSDT with 65 entries in a file of its own. */
	struct acpi_header header = { .signature = ACPI_RSDT, .length = 36 + 65 * 4 };
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
	assert_refusal(acpi_install(&arena, &mailbox, &rsdp), ST_NO_SPACE,
		       "ACPI root table: 65 tables, at most 64");
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
	assert_refused(ST_BAD_FORMAT, "ACPI MADT: twice, at 0xa00080 and 0xa00100");
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
	/* The RSDT lists the FADT twice and no MADT. */
	uint32_t fadt = FIXTURE_FADT;
	memcpy(fixture.tables + FIXTURE_RSDT + 40, &fadt, 4);
	assert_refused(ST_BAD_FORMAT, "ACPI RSDT and XSDT: MADT 0x0 and 0xa00100, CCEL too");
}

/* A log of the host's would be believed instead of ours. */
static void ccel_of_the_host(void **state)
{
	gpa_t rsdp;
	(void)state;
	memcpy(fixture.tables + FIXTURE_FADT, "CCEL", 4);
	assert_refused(ST_HOST_LIED, "ACPI CCEL: one of the host's, at 0xa00080");
	/* On a plain VM it is the host's affair. */
	assert_int_equal(install(NULL, &rsdp), ST_OK);
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
	};
	return cmocka_run_group_tests_name("acpi", tests, NULL, NULL);
}
