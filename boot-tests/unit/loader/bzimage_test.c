// bzImage: the setup header, and where kernel and initrd go.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/payload/bzimage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "boot-tests/unit/loader/bzimage_fixture.h"
#include "linker/memmap.h"

#define LOW_END 0x8000000
#define PM_SIZE 0x5000
#define INIT_SIZE 0x1800001

static uint8_t bzimage[LINUX_HEADER_END_MAX];
static struct linux_setup_header *const header = (void *)(bzimage + LINUX_HEADER_OFFSET);
static struct memory_map map;

/* The numbers of Debian's 6.12, but smaller. */
static void make_header(void)
{
	memset(bzimage, 0xCC, sizeof(bzimage));
	*header = bzimage_debian_header;
	header->syssize = PM_SIZE / 16;
	header->init_size = INIT_SIZE;
	memset(bzimage + 0x26C, 0xCC, 0x290 - 0x26C);
}

static int setup(void **state)
{
	(void)state;
	make_header();
	map = (struct memory_map){
		.count = 2,
		.entries = { { { { 0 }, LOW_END }, MEMORY_ACCEPTED },
			     { { { FOUR_GIB }, 0x1000000 }, MEMORY_ACCEPTED } },
	};
	return 0;
}

/* What the last refusal was about. */
static struct payload_fault fault;

static enum status read_header(struct linux_setup_header *out)
{
	return bzimage_header_read(bzimage, LINUX_HEADER_END_MAX, out, &fault);
}

static void refuses_header(enum status status, const char *field, uint64_t offset, uint64_t value)
{
	struct linux_setup_header copy = { .setup_sects = 99 };
	assert_int_equal(read_header(&copy), status);
	assert_string_equal(payload_fault_field(&fault), field);
	assert_int_equal(fault.offset, offset);
	assert_int_equal(fault.value, value);
	assert_int_equal(copy.setup_sects, 99);
}

static void refuses_place(const struct linux_setup_header *copy, uint32_t size, enum status status,
			  const char *field, uint64_t value)
{
	struct gpa_range window = { gpa(0x1234), 0 };
	assert_int_equal(bzimage_place_kernel(copy, size, &map, &window, &fault), status);
	assert_string_equal(payload_fault_field(&fault), field);
	assert_int_equal(fault.offset, strcmp(field, "pref_address") == 0 ? 0x258 : 0);
	assert_int_equal(fault.value, value);
	assert_int_equal(window.base.v, 0x1234);
}

static void headers(void **state)
{
	struct linux_setup_header copy = { .setup_sects = 99 };
	(void)state;
	assert_int_equal(bzimage_header_read(bzimage, LINUX_HEADER_END_MAX - 1, &copy, &fault),
			 ST_TRUNCATED);
	assert_string_equal(payload_fault_field(&fault), "size");
	assert_int_equal(fault.value, LINUX_HEADER_END_MAX - 1);
	header->boot_flag = 0;
	refuses_header(ST_BAD_FORMAT, "boot_flag", 0x1FE, 0);
	make_header();
	header->header++;
	refuses_header(ST_BAD_FORMAT, "header", 0x202, LINUX_HEADER_MAGIC + 1);
	make_header();
	header->version = 0x20B;
	refuses_header(ST_UNSUPPORTED, "version", 0x206, 0x20B);
	make_header();
	header->xloadflags = 0x7E;
	refuses_header(ST_UNSUPPORTED, "xloadflags", 0x236, 0x7E);
	make_header();
	header->loadflags = 0;
	refuses_header(ST_UNSUPPORTED, "loadflags", 0x211, 0);
	make_header();
	header->init_size = 0;
	refuses_header(ST_BAD_FORMAT, "init_size", 0x260, 0);
	make_header();
	/* The header would run into what boot_params has after it. */
	header->jump_offset = 0x290 - 0x202 + 1;
	refuses_header(ST_BAD_FORMAT, "jump", 0x200, 0x291);
	assert_int_equal(copy.setup_sects, 99);
	header->jump_offset = 0x290 - 0x202;
	assert_int_equal(read_header(&copy), ST_OK);
	assert_int_equal(copy.later[35], 0xCC);
	header->jump_offset = 0x26C - 0x202;
	header->setup_sects = 0;
	assert_int_equal(read_header(&copy), ST_OK);
	assert_int_equal(copy.setup_sects, 4);
	assert_int_equal(copy.later[0], 0);
	/* So short that the magic is not in it. */
	header->jump_offset = 0;
	refuses_header(ST_BAD_FORMAT, "header", 0x202, 0);
}

static void alignments(void **state)
{
	static const uint32_t bad[] = { 0, 0x800, 0x300000, 0x80000000 };
	struct linux_setup_header copy;
	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(bad); i++) {
		header->kernel_alignment = bad[i];
		refuses_header(ST_BAD_FORMAT, "kernel_alignment", 0x230, bad[i]);
	}
	/* Nobody aligns a kernel that cannot move. */
	header->relocatable_kernel = 0;
	assert_int_equal(read_header(&copy), ST_OK);
}

static void kernel_places(void **state)
{
	struct linux_setup_header copy;
	struct gpa_range window;
	(void)state;
	assert_int_equal(read_header(&copy), ST_OK);
	copy.pref_address = 0;
	assert_int_equal(bzimage_place_kernel(&copy, PM_SIZE, &map, &window, &fault), ST_OK);
	assert_int_equal(window.base.v, KERNEL_BASE);
	/* Not below its preferred address, from where it would move. */
	copy.pref_address = 0x2000001;
	assert_int_equal(bzimage_place_kernel(&copy, PM_SIZE, &map, &window, &fault), ST_OK);
	assert_int_equal(window.base.v, 0x2200000);
	copy.pref_address = UINT64_MAX;
	refuses_place(&copy, PM_SIZE, ST_UNSUPPORTED, "pref_address", UINT64_MAX);
	copy.pref_address = FOUR_GIB - 1;
	refuses_place(&copy, PM_SIZE, ST_NO_MEMORY, "window at", FOUR_GIB);
	copy.relocatable_kernel = 0;
	refuses_place(&copy, PM_SIZE, ST_BAD_FORMAT, "pref_address", FOUR_GIB - 1);
	copy.pref_address = 0x100000;
	refuses_place(&copy, PM_SIZE, ST_UNSUPPORTED, "pref_address", 0x100000);
	copy.pref_address = KERNEL_BASE + 0x1000;
	assert_int_equal(bzimage_place_kernel(&copy, PM_SIZE, &map, &window, &fault), ST_OK);
	assert_int_equal(window.base.v, KERNEL_BASE + 0x1000);
}

static void kernel_windows(void **state)
{
	struct linux_setup_header copy;
	struct gpa_range window;
	(void)state;
	assert_int_equal(read_header(&copy), ST_OK);
	/* To the last page of RAM, and one byte more. */
	copy.init_size = LOW_END - KERNEL_BASE;
	assert_int_equal(bzimage_place_kernel(&copy, PM_SIZE, &map, &window, &fault), ST_OK);
	copy.init_size++;
	refuses_place(&copy, PM_SIZE, ST_NO_MEMORY, "window at", KERNEL_BASE);
	copy.init_size = UINT32_MAX;
	refuses_place(&copy, PM_SIZE, ST_NO_MEMORY, "window at", KERNEL_BASE);
	copy.init_size = PM_SIZE - 1;
	refuses_place(&copy, PM_SIZE, ST_BAD_FORMAT, "protected-mode size", PM_SIZE);
	copy.init_size = INIT_SIZE;
	copy.syssize = 0;
	refuses_place(&copy, 0x200, ST_TRUNCATED, "protected-mode size", 0x200);
	assert_int_equal(bzimage_place_kernel(&copy, 0x201, &map, &window, &fault), ST_OK);
	copy.syssize = UINT32_MAX;
	refuses_place(&copy, PM_SIZE, ST_TRUNCATED, "protected-mode size", PM_SIZE);
	copy.syssize = 0;
	/* Up to 4 GiB and not across, whatever memory there is. */
	map.entries[0].range.size = FOUR_GIB;
	copy.pref_address = FOUR_GIB - 0x2000000;
	copy.init_size = 0x2000000;
	assert_int_equal(bzimage_place_kernel(&copy, PM_SIZE, &map, &window, &fault), ST_OK);
	copy.init_size++;
	refuses_place(&copy, PM_SIZE, ST_NO_MEMORY, "window at", FOUR_GIB - 0x2000000);
	copy.pref_address = KERNEL_BASE;
	copy.init_size = INIT_SIZE;
	/* Memory that nobody has accepted is none. */
	map.entries[0].kind = MEMORY_UNACCEPTED;
	refuses_place(&copy, PM_SIZE, ST_NO_MEMORY, "window at", KERNEL_BASE);
}

static void kernel_that_goes_elsewhere(void **state)
{
	struct linux_setup_header copy;
	struct gpa_range window;
	(void)state;
	assert_int_equal(read_header(&copy), ST_OK);
	assert_int_equal(bzimage_find_place(&copy, PM_SIZE, &map, &window, &fault), ST_OK);
	assert_int_equal(window.base.v, KERNEL_BASE);
	/* The lowest aligned place above that has all of it: not the first range, not the
	 * second. */
	copy.init_size = 0x400000;
	map = (struct memory_map){
		.count = 4,
		.entries = { { { { 0 }, KERNEL_BASE + 0x3FF000 }, MEMORY_ACCEPTED },
			     { { { 0x2001000 }, 0x5FE000 }, MEMORY_ACCEPTED },
			     { { { 0x3000000 }, 0x1000000 }, MEMORY_UNACCEPTED },
			     { { { 0x4001000 }, 0x5FF000 }, MEMORY_ACCEPTED } },
	};
	assert_int_equal(bzimage_find_place(&copy, PM_SIZE, &map, &window, &fault), ST_OK);
	assert_int_equal(window.base.v, 0x4200000);
	assert_int_equal(window.size, 0x400000);
	copy.relocatable_kernel = 0;
	assert_int_equal(bzimage_find_place(&copy, PM_SIZE, &map, &window, &fault), ST_NO_MEMORY);
	assert_int_equal(fault.value, KERNEL_BASE);
	copy.relocatable_kernel = 1;
	copy.init_size++;
	assert_int_equal(bzimage_find_place(&copy, PM_SIZE, &map, &window, &fault), ST_NO_MEMORY);
	assert_string_equal(payload_fault_field(&fault), "window from");
	assert_int_equal(fault.value, KERNEL_BASE);
	/* Another fault than memory is told as it is. */
	copy.syssize = UINT32_MAX;
	assert_int_equal(bzimage_find_place(&copy, PM_SIZE, &map, &window, &fault), ST_TRUNCATED);
	/* Never at or across 4 GiB. */
	copy.syssize = 0;
	copy.init_size = 0x400000;
	map = (struct memory_map){
		.count = 1,
		.entries = { { { { FOUR_GIB - 0x3FF000 }, 0x10000000 }, MEMORY_ACCEPTED } },
	};
	assert_int_equal(bzimage_find_place(&copy, PM_SIZE, &map, &window, &fault), ST_NO_MEMORY);
}

static void initrd_places(void **state)
{
	struct linux_setup_header copy;
	gpa_t base = gpa(0);
	(void)state;
	assert_int_equal(read_header(&copy), ST_OK);
	/* Below the kernel's own limit. */
	copy.initrd_addr_max = 0x37FFFFF;
	assert_int_equal(bzimage_place_initrd(&copy, 0x1000, 0x3000000, &map, &base), ST_OK);
	assert_int_equal(base.v, 0x37FF000);
	/* Exactly what is left, and a byte more. */
	assert_int_equal(bzimage_place_initrd(&copy, 0x800000, 0x3000000, &map, &base), ST_OK);
	assert_int_equal(base.v, 0x3000000);
	assert_int_equal(bzimage_place_initrd(&copy, 0x800001, 0x3000000, &map, &base),
			 ST_NO_MEMORY);
	assert_int_equal(bzimage_place_initrd(&copy, 1, 0x3800000, &map, &base), ST_NO_MEMORY);
	/* The highest of several; never above 2 GiB; never in what is not RAM. */
	map = (struct memory_map){
		.count = 4,
		.entries = { { { { 0 }, 0x4000000 }, MEMORY_ACCEPTED },
			     { { { 0x5000000 }, 0x10000 }, MEMORY_ACCEPTED },
			     { { { 0x6000000 }, 0x10000 }, MEMORY_RESERVED },
			     { { { 0x7FFFF000 }, 0x10000 }, MEMORY_ACCEPTED } },
	};
	copy.initrd_addr_max = UINT32_MAX;
	assert_int_equal(bzimage_place_initrd(&copy, 0x1000, 0x3000000, &map, &base), ST_OK);
	assert_int_equal(base.v, 0x7FFFF000);
	assert_int_equal(bzimage_place_initrd(&copy, 0x1001, 0x3000000, &map, &base), ST_OK);
	assert_int_equal(base.v, 0x500E000);
	assert_int_equal(bzimage_place_initrd(&copy, 0x10001, 0x3000000, &map, &base), ST_OK);
	assert_int_equal(base.v, 0x3FEF000);
}

#define CASE(name) cmocka_unit_test_setup(name, setup)

/* A setup part of 4 sectors with the text at offset. */
static bool accepts(const char *text, uint32_t offset, uint32_t size)
{
	static uint8_t part[5 * 512];
	struct linux_setup_header of = bzimage_debian_header;
	memset(part, '9', sizeof(part));
	memcpy(part + offset, text, strlen(text));
	of.setup_sects = 4;
	of.kernel_version = (uint16_t)(offset - 0x200);
	return bzimage_accepts_memory(part, size, &of);
}

static void versions_that_accept_memory(void **state)
{
	static const char *const old[] = { "6.4.16 (x)",
					   "6.1.176-cloud",
					   "5.14.0-503.el9",
					   "5.99",
					   "6",
					   "6.",
					   "6,12",
					   "",
					   "x6.12",
					   ".12",
					   "6.x",
					   "-6.12",
					   "10000.1",
					   "0.9999" };
	static const char *const new[] = { "6.5.0 (x)", "6.12.95+deb12-cloud-amd64",
					   "6.5-rc1",   "7.0 ",
					   "7.2.12",    "10.0 ",
					   "9999.0 " };
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(old); i++) {
		char text[40] = { 0 };
		strcpy(text, old[i]);
		strcat(text, " x");
		assert_false(accepts(text, 0x300, 5 * 512));
	}
	for (size_t i = 0; i < ARRAY_COUNT(new); i++) {
		assert_true(accepts(new[i], 0x300, 5 * 512));
	}
	/* No text; one that the bytes or the setup part have no more, or not whole. */
	assert_false(accepts("6.12", 0x200, 5 * 512));
	assert_true(accepts("6.12 ", 5 * 512 - 5, 5 * 512));
	assert_true(accepts("6.12", 5 * 512 - 4, 5 * 512));
	assert_true(accepts("6.5", 0x300, 0x303));
	assert_false(accepts("6.5", 0x300, 0x302));
	assert_false(accepts("6.5", 0x300, 0x301));
	assert_false(accepts("6.5", 0x300, 0x300));
	assert_false(accepts("6.5", 0x300, 0x290));
	struct linux_setup_header of = bzimage_debian_header;
	of.setup_sects = 1;
	of.kernel_version = UINT16_MAX;
	assert_false(bzimage_accepts_memory(bzimage, sizeof(bzimage), &of));
	/* After the setup part it is the kernel's code. */
	static uint8_t long_part[4 * 512];
	memcpy(long_part + 0x400, "6.12 ", 5);
	of.kernel_version = 0x200;
	assert_false(bzimage_accepts_memory(long_part, sizeof(long_part), &of));
	of.setup_sects = 2;
	assert_true(bzimage_accepts_memory(long_part, sizeof(long_part), &of));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(versions_that_accept_memory, setup),
		CASE(headers),
		CASE(alignments),
		CASE(kernel_places),
		CASE(kernel_windows),
		CASE(kernel_that_goes_elsewhere),
		CASE(initrd_places),
	};
	return cmocka_run_group_tests_name("bzimage", tests, NULL, NULL);
}
