// Parts of a payload: where they are looked for, that each byte of the host is read once, and that
// none reaches its place without being measured.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/sha.h>

#include "arch/base/bits.h"
#include "arch/tdx/module.h"
#include "boot-tests/unit/assert_within.h"
#include "boot-tests/unit/shim/fake_files.h"
#include "boot-tests/unit/shim/fake_tdcall.h"
#include "boot-tests/unit/shim/low_memory.h"
#include "boot-tests/unit/shim/refusals.h"
#include "linker/memmap.h"
#include "shim/log.h"
#include "shim/measure/rtmr.h"
#include "shim/payload/source.h"

#define KERNEL_FILE 0x30
#define BYTES (HANDOVER_SETUP_SIZE + 0x2000)
#define PLACE ((uint8_t *)KERNEL_BASE)

static uint8_t bytes[BYTES];
static struct image_config config;
static struct source source;
static enum status answer;                     /* of fw_cfg_read() */
static enum status directory;                  /* of fw_cfg_file_find(), if not ST_OK */
static uint16_t watched;                       /* the selector whose bytes are counted */
static uint8_t reads[HANDOVER_SETUP_SIZE * 2]; /* of each of its bytes */
static unsigned calls;

enum status fw_cfg_file_find(const char *name, struct fw_cfg_item *out)
{
	calls++;
	return directory != ST_OK ? directory : fake_files_find(name, out);
}

enum status fw_cfg_read(uint16_t selector, uint32_t offset, void *to, uint32_t size)
{
	calls++;
	if (answer != ST_OK) {
		return answer;
	}
	for (uint32_t i = offset; selector == watched && i < offset + size; i++) {
		assert_within(i, 0, sizeof(reads) - 1);
		reads[i]++;
	}
	fake_files_read(selector, offset, to, size);
	return ST_OK;
}

enum status fw_cfg_read_u32(uint16_t selector, uint32_t *out)
{
	return fw_cfg_read(selector, 0, out, sizeof(*out));
}

static char lines[2][160];
static unsigned line_count;

void log_line(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(lines[line_count++ % 2], sizeof(lines[0]), format, args);
	va_end(args);
}

/* ---- registers ------------------------------------------------------------------------------- */

static struct {
	unsigned count;
	uint64_t index;
	uint8_t digest[SHA384_SIZE];
} extended;

static uint64_t take_extend(struct tdcall_regs *regs)
{
	assert_int_equal(regs->rax, TDG_MR_RTMR_EXTEND);
	extended.count++;
	extended.index = regs->rdx;
	memcpy(extended.digest, (const void *)regs->rcx, SHA384_SIZE);
	return TDX_SUCCESS;
}

static void assert_measured(unsigned index, const void *text, size_t size)
{
	uint8_t digest[SHA384_SIZE];
	assert_int_equal(extended.count, 1);
	assert_int_equal(extended.index, index);
	assert_memory_equal(extended.digest, SHA384(text, size, digest), sizeof(digest));
}

static int setup(void **state)
{
	(void)state;
	low_memory_map(KERNEL_BASE + 2 * BYTES);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] = (uint8_t)(i * 2654435761u >> 24);
	}
	memset(PLACE, 0xA5, BYTES);
	memset(&config, 0, sizeof(config));
	memset(&source, 0xA5, sizeof(source));
	memset(reads, 0, sizeof(reads));
	memset(&extended, 0, sizeof(extended));
	answer = directory = ST_OK;
	watched = 0;
	calls = 0;
	fake_files_reset();
	return 0;
}

static int setup_td(void **state)
{
	setup(state);
	fake_handler(take_extend);
	return rtmr_start() == ST_OK ? 0 : -1;
}

static void serve_split(const uint32_t *size, const uint32_t *rest)
{
	fake_files_reset();
	fake_files_add(NULL, FW_CFG_SETUP_SIZE, size, 4);
	fake_files_add(NULL, FW_CFG_SETUP_DATA, bytes, *size);
	fake_files_add(NULL, FW_CFG_KERNEL_SIZE, rest, 4);
	fake_files_add(NULL, FW_CFG_KERNEL_DATA, bytes + *size, *rest);
}

static void assert_read_once(uint32_t size)
{
	for (uint32_t i = 0; i < sizeof(reads); i++) {
		assert_int_equal(reads[i], i < size ? 1 : 0);
	}
}

/* ---- opening --------------------------------------------------------------------------------- */

static void where_a_part_is(void **state)
{
	const uint32_t size = 5, rest = 7;
	(void)state;
	/* Nobody has it; a host without fw_cfg has it as little. */
	assert_int_equal(source_open(&config, SOURCE_INITRD, &source), ST_OK);
	assert_int_equal(source.size, 0);
	answer = directory = ST_NOT_FOUND;
	assert_int_equal(source_open(&config, SOURCE_KERNEL, &source), ST_OK);
	assert_int_equal(source.size, 0);
	answer = directory = ST_OK;
	/* Items: only a kernel is in two of them. */
	serve_split(&size, &rest);
	fake_files_add(NULL, FW_CFG_INITRD_SIZE, &rest, 4);
	assert_int_equal(source_open(&config, SOURCE_KERNEL, &source), ST_OK);
	assert_true(source.split && source.size == 5 && source.rest == 7);
	assert_int_equal(source_open(&config, SOURCE_INITRD, &source), ST_OK);
	assert_true(!source.split && source.size == 7 && source.rest == 0);
	/* The file goes first. */
	fake_files_add("etc/boot/kernel", KERNEL_FILE, bytes, 9);
	assert_int_equal(source_open(&config, SOURCE_KERNEL, &source), ST_OK);
	assert_true(!source.split && source.size == 9 && source.rest == 0);
	/* And the image before it. */
	config.initrd = (struct image_span){ (uintptr_t)bytes, UINT32_MAX };
	calls = 0;
	assert_int_equal(source_open(&config, SOURCE_INITRD, &source), ST_OK);
	assert_int_equal(source.size, UINT32_MAX);
	assert_int_equal(calls, 0);
	config.initrd.size = FOUR_GIB;
	assert_refusal(source_open(&config, SOURCE_INITRD, &source), ST_NO_SPACE,
		       "initrd: 0x100000000 bytes in the image");
	assert_int_equal(source.size, UINT32_MAX);
}

static void nothing_of_the_host_goes_with_an_embedded_kernel(void **state)
{
	(void)state;
	config.kernel = (struct image_span){ (uintptr_t)bytes, 16 };
	fake_files_add("etc/boot/initrd", 0x31, "x", 1);
	fake_files_add("etc/boot/cmdline", 0x32, "x", 1);
	assert_int_equal(source_open(&config, SOURCE_INITRD, &source), ST_OK);
	assert_int_equal(source.size, 0);
	assert_int_equal(source_open(&config, SOURCE_CMDLINE, &source), ST_OK);
	assert_int_equal(source.size, 0);
	assert_int_equal(source_load(&source, 0, PLACE), ST_OK);
	assert_int_equal(PLACE[0], 0);
	assert_int_equal(PLACE[1], 0xA5);
	assert_int_equal(calls, 0);
}

static void a_host_that_fails(void **state)
{
	const uint8_t *first;
	uint32_t size = 0x1234;
	(void)state;
	directory = ST_HOST_LIED;
	assert_int_equal(source_open(&config, SOURCE_KERNEL, &source), ST_HOST_LIED);
	directory = ST_OK;
	answer = ST_TIMEOUT;
	assert_int_equal(source_open(&config, SOURCE_KERNEL, &source), ST_TIMEOUT);
	assert_int_equal(source.size, 0xA5A5A5A5);
	fake_files_add("etc/boot/kernel", KERNEL_FILE, bytes, 9);
	assert_int_equal(source_open(&config, SOURCE_KERNEL, &source), ST_OK);
	assert_int_equal(source_peek(&source, &first, &size), ST_TIMEOUT);
	assert_int_equal(size, 0x1234);
	assert_int_equal(source_load(&source, 0, PLACE), ST_TIMEOUT);
}

/* ---- peeking --------------------------------------------------------------------------------- */

static void how_much_is_peeked(void **state)
{
	const uint32_t rest = 16, most = HANDOVER_SETUP_SIZE, above = most + 1;
	const uint8_t *first;
	uint32_t size;
	(void)state;
	serve_split(&most, &rest);
	assert_int_equal(source_open(&config, SOURCE_KERNEL, &source), ST_OK);
	assert_int_equal(source_peek(&source, &first, &size), ST_OK);
	assert_int_equal(size, HANDOVER_SETUP_SIZE);
	assert_ptr_equal(first, HANDOVER_SETUP);
	assert_memory_equal(first, bytes, size);
	serve_split(&above, &rest);
	assert_int_equal(source_open(&config, SOURCE_KERNEL, &source), ST_OK);
	assert_refusal(source_peek(&source, &first, &size), ST_NO_SPACE,
		       "kernel setup part: 0x20001 bytes, at most 0x20000");
	/* A file goes on. */
	fake_files_add("etc/boot/kernel", KERNEL_FILE, bytes, above);
	assert_int_equal(source_open(&config, SOURCE_KERNEL, &source), ST_OK);
	assert_int_equal(source_peek(&source, &first, &size), ST_OK);
	assert_int_equal(size, HANDOVER_SETUP_SIZE);
	/* In the image it is all there. */
	config.kernel = (struct image_span){ (uintptr_t)bytes, sizeof(bytes) };
	assert_int_equal(source_open(&config, SOURCE_KERNEL, &source), ST_OK);
	assert_int_equal(source_peek(&source, &first, &size), ST_OK);
	assert_int_equal(size, sizeof(bytes));
	assert_ptr_equal(first, bytes);
}

/* ---- loading --------------------------------------------------------------------------------- */

/* Opens the kernel, peeks at it and loads it from a byte on. */
static void load_kernel(uint32_t from, uint32_t total)
{
	const uint8_t *first;
	uint32_t size;
	memset(PLACE, 0xA5, BYTES);
	memset(reads, 0, sizeof(reads));
	memset(&extended, 0, sizeof(extended));
	assert_int_equal(source_open(&config, SOURCE_KERNEL, &source), ST_OK);
	assert_int_equal(source_peek(&source, &first, &size), ST_OK);
	assert_int_equal(source_load(&source, from, PLACE), ST_OK);
	assert_memory_equal(PLACE, bytes + from, total - from);
	assert_int_equal(PLACE[total - from], 0xA5);
}

static void a_kernel_of_the_host(void **state)
{
	const uint32_t size = 0x5000, rest = 0x7003;
	(void)state;
	serve_split(&size, &rest);
	watched = FW_CFG_SETUP_DATA;
	load_kernel(size, size + rest);
	assert_measured(1, bytes, size + rest);
	assert_read_once(size);
	watched = FW_CFG_KERNEL_DATA;
	load_kernel(size, size + rest);
	assert_read_once(rest);
	/* One file: what was peeked at beyond the cut is not asked for again. */
	fake_files_add("etc/boot/kernel", KERNEL_FILE, bytes, sizeof(bytes) - 1);
	watched = KERNEL_FILE;
	for (unsigned i = 0; i < 3; i++) {
		const uint32_t from[] = { 0, 0x5000, HANDOVER_SETUP_SIZE };
		load_kernel(from[i], sizeof(bytes) - 1);
		assert_measured(1, bytes, sizeof(bytes) - 1);
		assert_read_once(sizeof(bytes) - 1);
	}
	/* Smaller than what is peeked at most. */
	fake_files_reset();
	fake_files_add("etc/boot/kernel", KERNEL_FILE, bytes, 0x300);
	load_kernel(0x200, 0x300);
	assert_measured(1, bytes, 0x300);
	assert_read_once(0x300);
}

static void an_initrd_of_the_host(void **state)
{
	(void)state;
	fake_files_add("etc/boot/initrd", 0x31, bytes, 0x1801);
	watched = 0x31;
	assert_int_equal(source_open(&config, SOURCE_INITRD, &source), ST_OK);
	assert_int_equal(source_load(&source, 0, PLACE), ST_OK);
	assert_memory_equal(PLACE, bytes, 0x1801);
	assert_int_equal(PLACE[0x1801], 0xA5);
	assert_measured(2, bytes, 0x1801);
	assert_read_once(0x1801);
}

static void a_command_line_of_the_host(void **state)
{
	(void)state;
	fake_files_add("etc/boot/cmdline", 0x32, "ab\0secret", 9);
	assert_int_equal(source_open(&config, SOURCE_CMDLINE, &source), ST_OK);
	assert_int_equal(source_load(&source, 0, PLACE), ST_OK);
	assert_memory_equal(PLACE, "ab\0\0\0\0\0\0\0\0\xA5", 11);
	assert_measured(2, "ab", 2);
	/* None is the empty one. */
	fake_files_reset();
	memset(&extended, 0, sizeof(extended));
	assert_int_equal(source_open(&config, SOURCE_CMDLINE, &source), ST_OK);
	assert_int_equal(source_load(&source, 0, PLACE + 0x100), ST_OK);
	assert_memory_equal(PLACE + 0x100, "\0\xA5", 2);
	assert_measured(2, "", 0);
}

static void the_image_is_measured_already(void **state)
{
	static const enum source_part parts[] = { SOURCE_KERNEL, SOURCE_INITRD, SOURCE_CMDLINE };
	(void)state;
	config.kernel = config.initrd = (struct image_span){ (uintptr_t)bytes, 0x1000 };
	config.cmdline = (struct image_span){ (uintptr_t) "abc", 3 };
	for (unsigned i = 0; i < ARRAY_COUNT(parts); i++) {
		assert_int_equal(source_open(&config, parts[i], &source), ST_OK);
		assert_int_equal(source_load(&source, 0, PLACE + 0x1000 * i), ST_OK);
	}
	assert_memory_equal(PLACE, bytes, 0x1000);
	assert_memory_equal(PLACE + 0x1000, bytes, 0x1000);
	assert_memory_equal(PLACE + 0x2000, "abc\0\xA5", 5);
	load_kernel(0x1000, 0x1000);
	assert_int_equal(extended.count, 0);
	assert_int_equal(calls, 0);
}

static void a_register_that_cannot_be_extended(void **state)
{
	(void)state;
	fake_files_add("etc/boot/initrd", 0x31, bytes, 1);
	assert_int_equal(source_open(&config, SOURCE_INITRD, &source), ST_OK);
	static const struct fake_call busy = { .out = { .rax = TDX_OPERAND_BUSY } };
	fake_script(&busy, 1);
	assert_int_equal(source_load(&source, 0, PLACE), ST_TDX);
}

/* ---- pins ------------------------------------------------------------------------------------ */

/* Opens and loads a part, which the image pins to text. */
static enum status load_pinned(enum source_part part, const void *text, size_t size)
{
	config.flags = IMAGE_CONFIG_PIN_PAYLOAD;
	memset(config.payload_pins, 0xA5, sizeof(config.payload_pins));
	SHA384(text, size, config.payload_pins[part]);
	memset(&extended, 0, sizeof(extended));
	line_count = 0;
	TRY(source_open(&config, part, &source));
	return source_load(&source, 0, PLACE);
}

static void parts_that_are_pinned(void **state)
{
	static const char *const names[] = { "etc/boot/kernel", "etc/boot/initrd",
					     "etc/boot/cmdline" };
	static const enum source_part parts[] = { SOURCE_KERNEL, SOURCE_INITRD, SOURCE_CMDLINE };
	static const char *const texts[] = {
		"kernel: SHA-384 is not what the image pins",
		"initrd: SHA-384 is not what the image pins",
		"command line: SHA-384 is not what the image pins",
	};
	(void)state;
	for (unsigned i = 0; i < ARRAY_COUNT(parts); i++) {
		fake_files_reset();
		fake_files_add(names[i], KERNEL_FILE, "abcdef", 6);
		assert_int_equal(load_pinned(parts[i], "abcdef", 6), ST_OK);
		assert_int_equal(line_count, 0);
		assert_refusal(load_pinned(parts[i], "abcdeg", 6), ST_HOST_LIED, texts[i]);
		assert_int_equal(extended.count, 0);
		assert_int_equal(line_count, 2);
		/* openssl dgst -sha384, of abcdef and of abcdeg */
		assert_non_null(strstr(lines[0],
				       " has SHA-384 c6a4c65b227e7387b9c3e839d44869c4cfc"
				       "a3ef583dea64117859b808c1e3d8ae689e1e314eeef52a6ffe"
				       "22681aa11f5"));
		assert_non_null(strstr(lines[1], " is pinned to d7971dd13961f3bc"));
	}
}

static void parts_that_are_absent(void **state)
{
	(void)state;
	assert_int_equal(load_pinned(SOURCE_INITRD, "", 0), ST_OK);
	assert_int_equal(extended.count, 0);
	assert_refusal(load_pinned(SOURCE_INITRD, "a", 1), ST_HOST_LIED,
		       "initrd: SHA-384 is not what the image pins");
	assert_int_equal(load_pinned(SOURCE_CMDLINE, "", 0), ST_OK);
	assert_refusal(load_pinned(SOURCE_CMDLINE, "a", 1), ST_HOST_LIED,
		       "command line: SHA-384 is not what the image pins");
	/* What is in the image is in the measured image as its pins are. */
	config.kernel = (struct image_span){ (uintptr_t)bytes, 0x1000 };
	assert_int_equal(load_pinned(SOURCE_KERNEL, "a", 1), ST_OK);
	assert_int_equal(load_pinned(SOURCE_INITRD, "a", 1), ST_OK);
}

static void a_plain_vm(void **state)
{
	(void)state;
	fake_files_add("etc/boot/kernel", KERNEL_FILE, bytes, 0x300);
	load_kernel(0x200, 0x300);
	assert_int_equal(extended.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(where_a_part_is, setup),
		cmocka_unit_test_setup(nothing_of_the_host_goes_with_an_embedded_kernel, setup),
		cmocka_unit_test_setup(a_host_that_fails, setup),
		cmocka_unit_test_setup(how_much_is_peeked, setup),
		cmocka_unit_test_setup(a_plain_vm, setup),
		cmocka_unit_test_setup(parts_that_are_pinned, setup),
		cmocka_unit_test_setup(parts_that_are_absent, setup),
		/* Last: from here on there is a log. */
		cmocka_unit_test_setup(a_kernel_of_the_host, setup_td),
		cmocka_unit_test_setup(an_initrd_of_the_host, setup_td),
		cmocka_unit_test_setup(a_command_line_of_the_host, setup_td),
		cmocka_unit_test_setup(the_image_is_measured_already, setup_td),
		cmocka_unit_test_setup(parts_that_are_pinned, setup_td),
		cmocka_unit_test_setup(parts_that_are_absent, setup_td),
		cmocka_unit_test_setup(a_register_that_cannot_be_extended, setup_td),
	};
	return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
