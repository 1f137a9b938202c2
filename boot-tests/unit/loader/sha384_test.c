// SHA-384 against OpenSSL: every length around the block borders, random lengths, random pieces.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/image/sha384.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>

#include <cmocka.h>
#include <openssl/sha.h>

#define LENGTH_MAX 20000

static uint8_t message[LENGTH_MAX];

static void check(size_t length, bool in_pieces)
{
	uint8_t expected[SHA384_SIZE];
	uint8_t digest[SHA384_SIZE];
	SHA384(message, length, expected);
	struct sha384 hash;
	sha384_init(&hash);
	for (size_t done = 0; done < length;) {
		size_t part = length - done;
		if (in_pieces) {
			size_t limit = (size_t)rand() % 300;
			part = part < limit ? part : limit;
		}
		sha384_update(&hash, message + done, part);
		done += part;
	}
	sha384_final(&hash, digest);
	assert_memory_equal(digest, expected, sizeof(digest));
}

static void lengths(void **state)
{
	(void)state;
	for (size_t length = 0; length <= 4 * SHA384_BLOCK_SIZE; length++) {
		check(length, false);
		check(length, true);
	}
	for (unsigned i = 0; i < 200; i++) {
		check((size_t)rand() % LENGTH_MAX, true);
	}
}

static void known_answer(void **state)
{
	(void)state;
	/* FIPS 180-4 example: "abc". */
	static const uint8_t expected[8] = { 0xCB, 0x00, 0x75, 0x3F, 0x45, 0xA3, 0x5E, 0x8B };
	uint8_t digest[SHA384_SIZE];
	struct sha384 hash;
	sha384_init(&hash);
	sha384_update(&hash, "abc", 3);
	sha384_final(&hash, digest);
	assert_memory_equal(digest, expected, sizeof(expected));
}

int main(void)
{
	srand(1);
	for (size_t i = 0; i < sizeof(message); i++) {
		message[i] = (uint8_t)rand();
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lengths),
		cmocka_unit_test(known_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
