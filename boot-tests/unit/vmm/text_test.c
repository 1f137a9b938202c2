// Tests of the pieces of text: what is a number, and what an error shows.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct text text_of(const char *string)
{
	return (struct text){ string, strlen(string) };
}

static void is_the_whole_word(void **state)
{
	(void)state;
	assert_true(text_is(text_of("word"), "word"));
	assert_true(text_is(text_of(""), ""));
	assert_false(text_is(text_of("wor"), "word"));
	assert_false(text_is(text_of("words"), "word"));
	assert_false(text_is(text_of("Word"), "word"));
}

static void begins_with_a_word(void **state)
{
	(void)state;
	assert_true(text_begins((struct text){ "0x12", 4 }, "0x"));
	assert_true(text_begins((struct text){ "0x", 2 }, "0x"));
	assert_true(text_begins((struct text){ "0x", 2 }, ""));
	assert_false(text_begins((struct text){ "0x", 1 }, "0x"));
	assert_false(text_begins((struct text){ "0y12", 4 }, "0x"));
}

static void numbers(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t base;
		uint64_t value;
	} rows[] = {
		{ "0", 10, 0 },
		{ "007", 10, 7 },
		{ "18446744073709551615", 10, UINT64_MAX },
		{ "9aF0", 16, 0x9AF0 },
		{ "ffffffffffffffff", 16, UINT64_MAX },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t value = 1;
		assert_true(text_number(text_of(rows[i].text), rows[i].base, &value));
		assert_int_equal(value, rows[i].value);
	}
}

static void no_numbers(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t base;
	} rows[] = {
		{ "", 10 },
		{ "-1", 10 },
		{ "1 ", 10 },
		{ "a", 10 },
		{ ":", 10 },
		{ "/", 10 },
		{ "18446744073709551616", 10 },
		{ "99999999999999999999", 10 },
		{ "0x1", 16 },
		{ "g", 16 },
		{ "G", 16 },
		{ "@", 16 },
		{ "`", 16 },
		{ "10000000000000000", 16 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t value = 5;
		assert_false(text_number(text_of(rows[i].text), rows[i].base, &value));
		assert_int_equal(value, 5);
	}
}

static void shows_what_fits_and_can_be_printed(void **state)
{
	(void)state;
	char out[5] = "????";
	text_show(text_of("abc"), out, sizeof(out));
	assert_string_equal(out, "abc");
	text_show(text_of("abcd"), out, sizeof(out));
	assert_string_equal(out, "abcd");
	text_show(text_of("abcde"), out, sizeof(out));
	assert_string_equal(out, "abcd");
	text_show(text_of("\x1F ~\x7F"), out, sizeof(out));
	assert_string_equal(out, "? ~?");
	text_show(text_of(""), out, sizeof(out));
	assert_string_equal(out, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_the_whole_word),
		cmocka_unit_test(begins_with_a_word),
		cmocka_unit_test(numbers),
		cmocka_unit_test(no_numbers),
		cmocka_unit_test(shows_what_fits_and_can_be_printed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
