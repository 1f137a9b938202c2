// boot_params: what a loader sets, and that nothing else of the header's or of the memory's is
// left.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "boot-tests/unit/loader/bzimage_fixture.h"
#include "loader/payload/zero_page.h"

static struct linux_boot_params params;
static struct linux_setup_header header;

/* By the offsets of the boot protocol, and not by our names for them. */
static uint64_t field(unsigned offset, unsigned size)
{
	uint64_t value = 0;
	memcpy(&value, (const uint8_t *)&params + offset, size);
	return value;
}

static int setup(void **state)
{
	(void)state;
	memset(&params, 0xA5, sizeof(params));
	/* Whatever a file has there. */
	header = bzimage_debian_header;
	header.type_of_loader = 0xB0;
	header.loadflags = 0x81;
	header.code32_start = 0x100000;
	header.ramdisk_image = 0x12345;
	header.ramdisk_size = 0x678;
	header.heap_end_ptr = 0xE000;
	header.ext_loader_ver = 1;
	header.ext_loader_type = 2;
	header.cmd_line_ptr = 0x20000;
	header.setup_data = 0xDEAD0000;
	return 0;
}

static void all_parts(void **state)
{
	const struct zero_page_parts parts = {
		.kernel = { 0x1000000 },
		.cmdline = { 0x901000 },
		.initrd = { 0x7FF0000 },
		.initrd_size = 0x1801,
		.rsdp = { 0xA00010 },
	};
	(void)state;
	zero_page_fill(&params, &header, &parts);
	assert_int_equal(field(0x210, 1), 0xFF);      /* type_of_loader: none of the list */
	assert_int_equal(field(0x211, 1), 1);         /* loadflags: LOADED_HIGH alone */
	assert_int_equal(field(0x214, 4), 0x1000000); /* code32_start */
	assert_int_equal(field(0x218, 4), 0x7FF0000); /* ramdisk_image */
	assert_int_equal(field(0x21C, 4), 0x1801);    /* ramdisk_size */
	assert_int_equal(field(0x224, 2), 0);         /* heap_end_ptr */
	assert_int_equal(field(0x226, 2), 0);         /* ext_loader_ver, ext_loader_type */
	assert_int_equal(field(0x228, 4), 0x901000);  /* cmd_line_ptr */
	assert_int_equal(field(0x250, 8), 0);         /* setup_data */
	assert_int_equal(field(0x070, 8), 0xA00010);  /* acpi_rsdp_addr */
	/* The kernel's own fields. */
	assert_int_equal(field(0x1F1, 1), 39);
	assert_int_equal(field(0x202, 4), 0x53726448);
	assert_int_equal(field(0x22C, 4), 0x7FFFFFFF);
	assert_int_equal(field(0x258, 8), 0x1000000);
	assert_int_equal(field(0x260, 4), 0x3000000);
	/* All the rest is 0, the sentinel and the number of e820 entries with it. */
	for (unsigned i = 0; i < sizeof(params); i++) {
		if ((i < 0x70 || i >= 0x78) && (i < 0x1F1 || i >= 0x26C)) {
			assert_int_equal(field(i, 1), 0);
		}
	}
}

static void no_initrd_and_no_tables(void **state)
{
	const struct zero_page_parts parts = { .kernel = { 0x1000000 }, .cmdline = { 0x901000 } };
	(void)state;
	zero_page_fill(&params, &header, &parts);
	assert_int_equal(field(0x218, 4), 0);
	assert_int_equal(field(0x21C, 4), 0);
	assert_int_equal(field(0x070, 8), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(all_parts, setup),
		cmocka_unit_test_setup(no_initrd_and_no_tables, setup),
	};
	return cmocka_run_group_tests_name("zero_page", tests, NULL, NULL);
}
