// UKIs, and which kind of payload a file is.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/payload/uki.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "boot-tests/unit/loader/payload_fixture.h"
#include "loader/payload/payload_kind.h"

#define KERNEL_SIZE 0x1234
#define SIZE FIXTURE_UKI_SIZE(KERNEL_SIZE)
#define SECTION(number, field) (FIXTURE_UKI_SECTIONS + 40 * (number) + (field))

static uint8_t kernel[KERNEL_SIZE];
static uint8_t file[SIZE];
static struct uki uki;
static struct payload_fault fault;

static int setup(void **state)
{
	(void)state;
	memset(kernel, 'k', sizeof(kernel));
	fixture_uki(file, kernel, KERNEL_SIZE);
	memset(&uki, 0xA5, sizeof(uki));
	return 0;
}

/* On the heap, where ASan sees its end. */
static enum status read_file(uint64_t size)
{
	uint8_t *copy = malloc(size + 1);
	memcpy(copy + 1, file, size);
	enum status status = uki_read(copy + 1, size, &uki, &fault);
	free(copy);
	return status;
}

static void refuses_size(uint64_t size, enum status status, const char *field, uint64_t offset,
			 uint64_t value)
{
	assert_int_equal(read_file(size), status);
	assert_string_equal(payload_fault_field(&fault), field);
	assert_int_equal(fault.offset, offset);
	assert_int_equal(fault.value, value);
	setup(NULL);
}

static void refuses_put(enum status status, const char *field, size_t at, uint64_t value,
			size_t size)
{
	fixture_put(file, at, value, size);
	refuses_size(SIZE, status, field, at, value);
}

static void assert_part(enum uki_section section, uint32_t offset, uint32_t size)
{
	assert_int_equal(uki.parts[section].offset, offset);
	assert_int_equal(uki.parts[section].size, size);
}

static void sections(void **state)
{
	(void)state;
	assert_int_equal(read_file(SIZE), ST_OK);
	assert_part(UKI_CMDLINE, 0x600, sizeof(FIXTURE_UKI_CMDLINE) - 1);
	assert_part(UKI_LINUX, FIXTURE_UKI_LINUX_AT, KERNEL_SIZE);
	assert_part(UKI_INITRD, FIXTURE_UKI_LINUX_AT + 0x1400, FIXTURE_UKI_INITRD_SIZE);
	/* A kernel alone; memory that is larger than what the file has. */
	fixture_put(file, SECTION(1, 0), 'x', 1);
	fixture_put(file, SECTION(3, 0), 'x', 1);
	fixture_put(file, SECTION(2, 8), 0x10000, 4);
	assert_int_equal(read_file(SIZE), ST_OK);
	assert_part(UKI_CMDLINE, 0, 0);
	assert_part(UKI_INITRD, 0, 0);
	assert_part(UKI_LINUX, FIXTURE_UKI_LINUX_AT, 0x1400);
	/* What ends with the file, and one section too many for it. */
	setup(NULL);
	uint32_t end = FIXTURE_UKI_LINUX_AT + 0x1400 + FIXTURE_UKI_INITRD_SIZE;
	assert_int_equal(read_file(end), ST_OK);
	refuses_size(end - 1, ST_TRUNCATED, "PointerToRawData", SECTION(3, 0x14),
		     FIXTURE_UKI_LINUX_AT + 0x1400);
	refuses_put(ST_TRUNCATED, "PointerToRawData", SECTION(1, 0x14), UINT32_MAX, 4);
	/* Names that only begin or end alike. */
	memcpy(file + SECTION(0, 0), ".linuxs", 7);
	memcpy(file + SECTION(3, 0), "xinitrd", 7);
	assert_int_equal(read_file(SIZE), ST_OK);
	assert_part(UKI_LINUX, FIXTURE_UKI_LINUX_AT, KERNEL_SIZE);
	assert_part(UKI_INITRD, 0, 0);
}

static void files_that_are_no_uki(void **state)
{
	(void)state;
	memset(file + SECTION(2, 0), 0, 8);
	refuses_size(SIZE, ST_NOT_FOUND, "section .linux", FIXTURE_UKI_SECTIONS, 4);
	fixture_put(file, SECTION(2, 8), 0, 4);
	refuses_size(SIZE, ST_NOT_FOUND, "section .linux", FIXTURE_UKI_SECTIONS, 4);
	fixture_put(file, FIXTURE_UKI_LFANEW + 6, 0, 2);
	refuses_size(SIZE, ST_NOT_FOUND, "section .linux", FIXTURE_UKI_SECTIONS, 0);
	memcpy(file + SECTION(0, 0), ".initrd", 7);
	refuses_size(SIZE, ST_BAD_FORMAT, "section", SECTION(3, 0), FIXTURE_UKI_LINUX_AT + 0x1400);
	memcpy(file + SECTION(0, 0), ".profile", 8);
	refuses_size(SIZE, ST_UNSUPPORTED, "section .profile", SECTION(0, 0), 0x400);
}

static void headers(void **state)
{
	(void)state;
	refuses_size(63, ST_TRUNCATED, "PE size", 0, 63);
	refuses_size(64, ST_TRUNCATED, "e_lfanew", 0x3C, FIXTURE_UKI_LFANEW);
	refuses_size(FIXTURE_UKI_LFANEW + 23, ST_TRUNCATED, "e_lfanew", 0x3C, FIXTURE_UKI_LFANEW);
	refuses_size(FIXTURE_UKI_LFANEW + 24, ST_TRUNCATED, "NumberOfSections",
		     FIXTURE_UKI_LFANEW + 6, 4);
	refuses_size(SECTION(4, 0) - 1, ST_TRUNCATED, "NumberOfSections", FIXTURE_UKI_LFANEW + 6,
		     4);
	/* The sections' headers are there. */
	refuses_size(SECTION(4, 0), ST_TRUNCATED, "PointerToRawData", SECTION(1, 0x14), 0x600);
	refuses_put(ST_TRUNCATED, "e_lfanew", 0x3C, UINT32_MAX, 4);
	refuses_put(ST_BAD_FORMAT, "PE signature", FIXTURE_UKI_LFANEW, 0x4551, 4);
	refuses_put(ST_UNSUPPORTED, "Machine", FIXTURE_UKI_LFANEW + 4, 0xAA64, 2);
	refuses_put(ST_TRUNCATED, "NumberOfSections", FIXTURE_UKI_LFANEW + 6, 97, 2);
	fixture_put(file, FIXTURE_UKI_LFANEW + 20, 0xFFFF, 2);
	refuses_size(SIZE, ST_TRUNCATED, "NumberOfSections", FIXTURE_UKI_LFANEW + 6, 4);
}

static void kinds(void **state)
{
	static uint8_t bytes[0x206];
	(void)state;
	assert_int_equal(payload_kind_of(file, SIZE), PAYLOAD_UKI);
	assert_int_equal(payload_kind_of((const uint8_t *)"\x7f"
							  "ELF",
					 4),
			 PAYLOAD_ELF);
	assert_int_equal(payload_kind_of((const uint8_t *)"\x7f"
							  "ELF",
					 3),
			 PAYLOAD_BZIMAGE);
	assert_int_equal(payload_kind_of((const uint8_t *)"", 0), PAYLOAD_BZIMAGE);
	assert_int_equal(payload_kind_of(bytes, sizeof(bytes)), PAYLOAD_BZIMAGE);
	/* A kernel's own EFI stub; cut off before its setup header it is a PE file. */
	memcpy(bytes, "MZ", 2);
	assert_int_equal(payload_kind_of(bytes, sizeof(bytes)), PAYLOAD_UKI);
	memcpy(bytes + 0x202, "HdrS", 4);
	assert_int_equal(payload_kind_of(bytes, sizeof(bytes)), PAYLOAD_BZIMAGE);
	assert_int_equal(payload_kind_of(bytes, sizeof(bytes) - 1), PAYLOAD_UKI);
}

#define CASE(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(sections),
		CASE(files_that_are_no_uki),
		CASE(headers),
		CASE(kinds),
	};
	return cmocka_run_group_tests_name("uki", tests, NULL, NULL);
}
