// Unit test: the memory functions of the freestanding programs, beside those of the libc.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The libc's have the names. */
#define memcpy mem_memcpy
#define memmove mem_memmove
#define memset mem_memset
#define memcmp mem_memcmp
#define strlen mem_strlen
#include "arch/base/mem.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen

/* Sizes around those of a word, at all alignments, with bytes around that must stay. */
#define SIZES 34
#define OFFSETS 9
#define AREA (OFFSETS + SIZES + OFFSETS)

static void number(uint8_t bytes[AREA], uint8_t first)
{
	for (unsigned i = 0; i < AREA; i++) {
		bytes[i] = (uint8_t)(first + i);
	}
}

static void copies_as_the_libc(void **state)
{
	(void)state;
	uint8_t from[AREA];
	uint8_t to[AREA];
	uint8_t expected[AREA];
	number(from, 1);
	for (size_t size = 0; size < SIZES; size++) {
		for (size_t at = 0; at < OFFSETS; at++) {
			number(to, 100);
			number(expected, 100);
			assert_ptr_equal(mem_memcpy(to + at, from + OFFSETS - at, size), to + at);
			memcpy(expected + at, from + OFFSETS - at, size);
			assert_memory_equal(to, expected, AREA);
		}
	}
}

static void moves_as_the_libc(void **state)
{
	(void)state;
	uint8_t bytes[AREA];
	uint8_t expected[AREA];
	for (size_t size = 0; size < SIZES; size++) {
		for (size_t at = 0; at < OFFSETS; at++) {
			for (size_t to = 0; to < OFFSETS; to++) {
				number(bytes, 1);
				number(expected, 1);
				assert_ptr_equal(mem_memmove(bytes + to, bytes + at, size),
						 bytes + to);
				memmove(expected + to, expected + at, size);
				assert_memory_equal(bytes, expected, AREA);
			}
		}
	}
}

static void sets_as_the_libc(void **state)
{
	(void)state;
	static const int values[] = { 0, 1, 0x5A, 0xFF, 0x1FF, -1, -2 };
	uint8_t bytes[AREA];
	uint8_t expected[AREA];
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		for (size_t size = 0; size < SIZES; size++) {
			for (size_t at = 0; at < OFFSETS; at++) {
				number(bytes, 1);
				number(expected, 1);
				assert_ptr_equal(mem_memset(bytes + at, values[i], size),
						 bytes + at);
				memset(expected + at, values[i], size);
				assert_memory_equal(bytes, expected, AREA);
			}
		}
	}
}

static int sign(int value)
{
	return (value > 0) - (value < 0);
}

static void compares_as_the_libc(void **state)
{
	(void)state;
	uint8_t one[SIZES];
	uint8_t other[SIZES];
	for (size_t size = 0; size < SIZES; size++) {
		for (size_t at = 0; at < SIZES; at++) {
			memset(one, 0x80, sizeof(one));
			memset(other, 0x80, sizeof(other));
			other[at] = at % 2 == 0 ? 0x7F : 0xFF;
			assert_int_equal(sign(mem_memcmp(one, other, size)),
					 sign(memcmp(one, other, size)));
		}
	}
}

static void measures_as_the_libc(void **state)
{
	(void)state;
	char text[SIZES];
	for (size_t length = 0; length < SIZES - 1; length++) {
		memset(text, 0, sizeof(text));
		memset(text, 'x', length);
		assert_int_equal(mem_strlen(text), length);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_as_the_libc),   cmocka_unit_test(moves_as_the_libc),
		cmocka_unit_test(sets_as_the_libc),     cmocka_unit_test(compares_as_the_libc),
		cmocka_unit_test(measures_as_the_libc),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
