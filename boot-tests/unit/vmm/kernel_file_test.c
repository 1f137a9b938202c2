// Tests of what QEMU makes of -kernel, -initrd and -append.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/device/kernel_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"

#define LOW_MEMORY (512u << 20)
/* As high as QEMU puts an initrd: below what it keeps for ACPI data. */
#define TOP (LOW_MEMORY - 0x28000 - 1)

static uint8_t image[32 * 512];
static struct kernel_request request;
static struct kernel_file file;
static char error[KERNEL_FILE_ERROR_SIZE];

static void put(size_t offset, uint32_t value, unsigned bytes)
{
	memcpy(image + offset, &value, bytes);
}

/* A bzImage of today: version 2.15, setup of 7 sectors. */
static int set_up(void **state)
{
	(void)state;
	memset(image, 0, sizeof(image));
	memcpy(image + 0x202, "HdrS", 4);
	image[0x1F1] = 6;
	put(0x206, 0x20F, 2);
	put(0x211, 1, 1);
	put(0x22C, 0x7FFFFFFF, 4);
	put(0x236, 2, 2);
	request = (struct kernel_request){ .kernel = image,
					   .kernel_size = sizeof(image),
					   .command_line = "console=ttyS0",
					   .low_memory = LOW_MEMORY };
	return 0;
}

static bool read_file(void)
{
	memset(&file, 0x55, sizeof(file));
	error[0] = 0;
	return kernel_file_read(&request, &file, error, sizeof(error));
}

static void the_file_is_cut_by_one_byte(void **state)
{
	(void)state;
	assert_true(read_file());
	assert_int_equal(file.setup_size, 7 * 512);
	assert_int_equal(file.kernel_size, sizeof(image) - 7 * 512);
	assert_int_equal(file.protocol, 0x20F);
	image[0x1F1] = 0; /* means 4 */
	assert_true(read_file());
	assert_int_equal(file.setup_size, 5 * 512);
	request.kernel_size = 5 * 512; /* nothing after it */
	assert_true(read_file());
	assert_int_equal(file.kernel_size, 0);
	request.kernel_size = 5 * 512 - 1;
	assert_false(read_file());
	assert_non_null(strstr(error, "invalid kernel header"));
	request.kernel_size = 0;
	assert_false(read_file());
}

/* A UKI, an EFI application, anything. */
static void no_magic_is_needed(void **state)
{
	(void)state;
	memcpy(image, "MZ", 2);
	image[0x202] = 'h';
	assert_true(read_file());
	assert_int_equal(file.protocol, 0);
	assert_int_equal(file.setup_size, 7 * 512);
	uint8_t before[sizeof(image)];
	memcpy(before, image, sizeof(image));
	kernel_file_patch(&file, image);
	assert_memory_equal(before, image, sizeof(image));
	request.initrd_size = 4096;
	assert_false(read_file());
	assert_non_null(strstr(error, "too old to load a ram disk"));
}

static void a_short_file_is_read_within_its_size(void **state)
{
	(void)state;
	for (uint32_t size = 1; size < 0x300; size++) {
		uint8_t *small = malloc(size);
		assert_non_null(small);
		memcpy(small, image, size);
		request.kernel = small;
		request.kernel_size = size;
		assert_false(read_file());
		free(small);
	}
}

static void elf_and_multiboot_are_not_for_a_td(void **state)
{
	(void)state;
	memset(image, 0, sizeof(image));
	memcpy(image,
	       "\x7F"
	       "ELF",
	       4);
	assert_false(read_file());
	assert_non_null(strstr(error, "ELF"));
	set_up(NULL);
	image[0x202] = 0;
	put(0x1000, 0x1BADB002, 4);
	put(0x1008, -0x1BADB002u, 4);
	assert_false(read_file());
	put(0x1008, -0x1BADB001u, 4); /* a wrong checksum */
	assert_true(read_file());
	put(0x1008, -0x1BADB002u, 4);
	image[0x202] = 'H'; /* a bzImage is one */
	assert_true(read_file());
	memcpy(image,
	       "\x7F"
	       "ELF",
	       4);
	assert_true(read_file());
}

static uint32_t patched(size_t offset, unsigned bytes)
{
	uint8_t setup[sizeof(image)];
	uint32_t value = 0;
	memcpy(setup, image, sizeof(setup));
	kernel_file_patch(&file, setup);
	memcpy(&value, setup + offset, bytes);
	return value;
}

static void the_header_is_patched(void **state)
{
	(void)state;
	assert_true(read_file());
	assert_int_equal(file.setup_address, 0x10000);
	assert_int_equal(file.kernel_address, 0x100000);
	assert_int_equal(file.command_line_address, 0x20000);
	put(0x1FA, 0x1234, 2);
	assert_int_equal(patched(0x210, 1), 0xB0);
	assert_int_equal(patched(0x211, 1), 0x81);
	assert_int_equal(patched(0x224, 2), 0xFE00);
	assert_int_equal(patched(0x228, 4), 0x20000);
	assert_int_equal(patched(0x218, 4), 0);
	assert_int_equal(patched(0x21C, 4), 0);
	assert_int_equal(patched(0x1FA, 2), 0x1234);
	request.initrd_size = 0x12345;
	assert_true(read_file());
	assert_int_equal(patched(0x218, 4), (TOP - 0x12345) & ~0xFFFu);
	assert_int_equal(patched(0x21C, 4), 0x12345);
	/* Nothing else. */
	uint8_t setup[sizeof(image)];
	memcpy(setup, image, sizeof(setup));
	kernel_file_patch(&file, setup);
	for (size_t i = 0; i < sizeof(setup); i++) {
		bool may = i == 0x210 || i == 0x211 || (i >= 0x218 && i < 0x220) ||
			   (i >= 0x224 && i < 0x226) || (i >= 0x228 && i < 0x22C);
		assert_true(may || setup[i] == image[i]);
	}
}

static void old_headers_have_less(void **state)
{
	(void)state;
	put(0x206, 0x201, 2);
	assert_true(read_file());
	assert_int_equal(file.setup_address, 0x90000);
	assert_int_equal(file.kernel_address, 0x100000);
	assert_int_equal(file.command_line_address, 0x9A000 - 0x10);
	assert_int_equal(patched(0x20, 4), 0x9FF0A33F);
	assert_int_equal(patched(0x224, 2), 0x9DF0);
	put(0x206, 0x200, 2);
	assert_true(read_file());
	assert_int_equal(patched(0x210, 1), 0xB0);
	assert_int_equal(patched(0x211, 1), 1);
	put(0x211, 0, 1); /* not loaded high */
	assert_true(read_file());
	assert_int_equal(file.kernel_address, 0x10000);
}

static void the_initrd_is_below_its_limits(void **state)
{
	(void)state;
	request.initrd_size = TOP - 1;
	assert_true(read_file());
	assert_int_equal(file.initrd_address, 0);
	request.initrd_size = TOP;
	assert_false(read_file());
	assert_non_null(strstr(error, "initrd is too large (max: 536707071, need 536707071)"));
	put(0x236, 0, 2); /* the header's limit */
	put(0x22C, 0x1000000, 4);
	request.initrd_size = 0x1000;
	assert_true(read_file());
	assert_int_equal(file.initrd_address, 0xFFF000);
	put(0x206, 0x202, 2); /* a fixed one */
	request.low_memory = 2u << 30;
	assert_true(read_file());
	assert_int_equal(file.initrd_address, 0x37FFE000);
	put(0x206, 0x20B, 2); /* no xloadflags yet */
	put(0x236, 2, 2);
	assert_true(read_file());
	assert_int_equal(file.initrd_address, 0xFFF000);
}

static void vga_is_in_the_header(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		int mode; /* -1: none, -2: refused */
	} rows[] = {
		{ "", -1 },
		{ "vga", -1 },
		{ "vga=normal", 0xFFFF },
		{ "quiet vga=extended x", 0xFFFE },
		{ "vga=ask", 0xFFFD },
		{ "vga=791", 791 },
		{ "vga=0x317 quiet", 0x317 },
		{ "vga=010", 8 },
		{ "vga=0", 0 },
		{ "video.vga=5 vga=6", 5 },
		{ "vga=65536", 0 },
		{ "vga=", -2 },
		{ "vga= 1", -2 },
		{ "vga=0x", -2 },
		{ "vga=08", -2 },
		{ "vga=7x", -2 },
		{ "vga=4294967296", -2 },
	};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		request.command_line = rows[i].line;
		bool taken = read_file();
		if (taken != (rows[i].mode != -2)) {
			fail_msg("'%s'", rows[i].line);
		}
		if (taken) {
			uint32_t expected = rows[i].mode == -1 ? 0 : (uint32_t)rows[i].mode;
			assert_int_equal(file.has_video_mode, rows[i].mode != -1);
			assert_int_equal(patched(0x1FA, 2), expected);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_file_is_cut_by_one_byte, set_up),
		cmocka_unit_test_setup(no_magic_is_needed, set_up),
		cmocka_unit_test_setup(a_short_file_is_read_within_its_size, set_up),
		cmocka_unit_test_setup(elf_and_multiboot_are_not_for_a_td, set_up),
		cmocka_unit_test_setup(the_header_is_patched, set_up),
		cmocka_unit_test_setup(old_headers_have_less, set_up),
		cmocka_unit_test_setup(the_initrd_is_below_its_limits, set_up),
		cmocka_unit_test_setup(vga_is_in_the_header, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
