// Load options: each option, its default, each border and each refusal.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/uefi/uefi_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct uefi_options options;
static struct uefi_options_fault fault;

/* The text as UTF-16 at an odd address, without a NUL, with nothing readable after it. */
static enum status parse_bytes(const void *bytes, size_t size)
{
	uint8_t *copy = malloc(size + 1);
	assert_non_null(copy);
	memcpy(copy + 1, bytes, size);
	memset(&options, 0xA5, sizeof(options));
	enum status status = uefi_options_parse(copy + 1, size, &options, &fault);
	free(copy);
	return status;
}

static enum status parse(const char *text)
{
	size_t length = strlen(text);
	uint8_t *bytes = calloc(2, length + 1);
	assert_non_null(bytes);
	for (size_t i = 0; i < length; i++) {
		bytes[2 * i] = (uint8_t)text[i];
	}
	enum status status = parse_bytes(bytes, 2 * length);
	free(bytes);
	return status;
}

static void path_is(const uint16_t *path, const char *text)
{
	for (size_t i = 0; i <= strlen(text); i++) {
		assert_int_equal(path[i], (uint8_t)text[i]);
	}
}

static void refuses(const char *text, enum status status, size_t at, const char *word,
		    const char *rule)
{
	assert_int_equal(parse(text), status);
	assert_int_equal(fault.at, at);
	assert_string_equal(fault.word, word);
	assert_string_equal(fault.rule, rule);
}

static void defaults(void **state)
{
	static const char *const empty[] = { "", " ", "lintel.efi", "  fs0:\\lintel.efi  " };
	(void)state;
	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		assert_int_equal(parse(empty[i]), ST_OK);
		path_is(options.kernel, "\\vmlinuz");
		path_is(options.initrd, "\\initrd");
		assert_false(options.initrd_given);
		assert_false(options.cmdline_given);
		assert_string_equal(options.cmdline, "");
	}
}

static void all_options(void **state)
{
	(void)state;
	assert_int_equal(parse("x kernel=/boot/k  initrd=\\i cmdline=a=b  kernel=c "), ST_OK);
	path_is(options.kernel, "\\boot\\k");
	path_is(options.initrd, "\\i");
	assert_true(options.initrd_given);
	assert_true(options.cmdline_given);
	assert_string_equal(options.cmdline, "a=b  kernel=c ");
	/* In any order; the application's name need not be there; no initrd. */
	assert_int_equal(parse("initrd= kernel=k"), ST_OK);
	path_is(options.kernel, "k");
	path_is(options.initrd, "");
	assert_true(options.initrd_given);
	assert_int_equal(parse("cmdline="), ST_OK);
	assert_true(options.cmdline_given);
	assert_string_equal(options.cmdline, "");
}

/* What follows a NUL is not looked at. */
static void ends_at_a_nul(void **state)
{
	static const uint8_t bytes[] = { 'k', 0,   'e', 0,   'r', 0, 'n', 0, 'e', 0, 'l',
					 0,   '=', 0,   'a', 0,   0, 0,   7, 7,   7 };
	(void)state;
	assert_int_equal(parse_bytes(bytes, sizeof(bytes)), ST_OK);
	path_is(options.kernel, "a");
	assert_int_equal(parse_bytes(bytes, 15), ST_BAD_FORMAT);
	assert_int_equal(fault.at, 7);
	assert_string_equal(fault.rule, "half a character");
	assert_int_equal(uefi_options_parse(NULL, 0, &options, &fault), ST_OK);
}

static void words_that_are_no_option(void **state)
{
	static const char rule[] = "not kernel=FILE, initrd=FILE or cmdline=TEXT";
	(void)state;
	refuses("kernle=\\vmlinuz", ST_BAD_FORMAT, 0, "kernle=\\vmlinuz", rule);
	refuses("a b", ST_BAD_FORMAT, 2, "b", rule);
	refuses("kernel=a quiet initrd=b", ST_BAD_FORMAT, 9, "quiet", rule);
	refuses("a kernel", ST_BAD_FORMAT, 2, "kernel", rule);
	refuses("Kernel=a", ST_BAD_FORMAT, 0, "Kernel=a", rule);
	refuses("a =", ST_BAD_FORMAT, 2, "=", rule);
	/* 31 characters of a longer word. */
	refuses("=123456789012345678901234567890123", ST_BAD_FORMAT, 0,
		"=123456789012345678901234567890", rule);
}

static void options_twice_or_empty(void **state)
{
	(void)state;
	refuses("kernel=a kernel=b", ST_BAD_ARGUMENT, 9, "kernel=b", "given twice");
	refuses("initrd= initrd=", ST_BAD_ARGUMENT, 8, "initrd=", "given twice");
	refuses("kernel= initrd=a", ST_BAD_ARGUMENT, 0, "kernel=", "names no file");
}

static void lengths(void **state)
{
	char text[UEFI_CMDLINE_MAX + 16];
	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "kernel=", 7);
	text[7 + UEFI_PATH_MAX - 1] = 0;
	assert_int_equal(parse(text), ST_OK);
	assert_int_equal(options.kernel[UEFI_PATH_MAX - 2], 'x');
	assert_int_equal(options.kernel[UEFI_PATH_MAX - 1], 0);
	text[7 + UEFI_PATH_MAX - 1] = 'x';
	text[7 + UEFI_PATH_MAX] = 0;
	refuses(text, ST_NO_SPACE, 0, "kernel=xxxxxxxxxxxxxxxxxxxxxxxx", "too long");
	memset(text, 'x', sizeof(text));
	memcpy(text, "cmdline=", 8);
	text[8 + UEFI_CMDLINE_MAX - 1] = 0;
	assert_int_equal(parse(text), ST_OK);
	assert_int_equal(strlen(options.cmdline), UEFI_CMDLINE_MAX - 1);
	text[8 + UEFI_CMDLINE_MAX - 1] = 'x';
	text[8 + UEFI_CMDLINE_MAX] = 0;
	refuses(text, ST_NO_SPACE, 0, "cmdline=xxxxxxxxxxxxxxxxxxxxxxx", "too long");
}

static void characters(void **state)
{
	static const uint8_t euro[] = { 'a', 0, ' ', 0, 0xAC, 0x20 };
	(void)state;
	assert_int_equal(parse("a cmdline=~ !"), ST_OK);
	refuses("a b\tc", ST_BAD_FORMAT, 3, "?", "not printable ASCII");
	refuses("\x7F", ST_BAD_FORMAT, 0, "?", "not printable ASCII");
	assert_int_equal(parse_bytes(euro, sizeof(euro)), ST_BAD_FORMAT);
	assert_int_equal(fault.at, 2);
	assert_string_equal(fault.word, "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(all_options),
		cmocka_unit_test(ends_at_a_nul),
		cmocka_unit_test(words_that_are_no_option),
		cmocka_unit_test(options_twice_or_empty),
		cmocka_unit_test(lengths),
		cmocka_unit_test(characters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
