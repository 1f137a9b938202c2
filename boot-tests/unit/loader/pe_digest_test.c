// The digest of a PE image: which bytes are in it, by OpenSSL, and each field that is refused.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/image/pe_digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/sha.h>

#include "arch/base/bits.h"
#include "boot-tests/unit/loader/payload_fixture.h"

static uint8_t file[FIXTURE_IMAGE_SIZE + 0x100];
static size_t file_size;

static int setup(void **state)
{
	(void)state;
	fixture_image(file);
	file_size = FIXTURE_IMAGE_SIZE;
	return 0;
}

static enum status digest_of(uint8_t digest[SHA384_SIZE], char *error, size_t error_size)
{
	/* As large as the file, so that a read after it is seen. */
	uint8_t *copy = malloc(file_size);
	memcpy(copy, file, file_size);
	enum status status = pe_digest(copy, file_size, digest, error, error_size);
	free(copy);
	return status;
}

static void wants(const uint8_t *bytes, size_t size)
{
	uint8_t right[SHA384_DIGEST_LENGTH], digest[SHA384_SIZE];
	char error[120];
	SHA384(bytes, size, right);
	assert_int_equal(digest_of(digest, error, sizeof(error)), ST_OK);
	assert_memory_equal(digest, right, sizeof(right));
}

static size_t put(uint8_t *to, size_t used, size_t from, size_t end)
{
	memcpy(to + used, file + from, end - from);
	return used + end - from;
}

/* The sections in their order in the file, which is not that of their headers; what is after them
 * is no section's. */
static void whole_file(void **state)
{
	static uint8_t bytes[FIXTURE_IMAGE_SIZE];
	size_t used = put(bytes, 0, 0, 0x98 + 0x40);
	(void)state;
	used = put(bytes, used, 0x98 + 0x44, 0x98 + 0x90);
	used = put(bytes, used, 0x98 + 0x98, FIXTURE_IMAGE_SIZE);
	wants(bytes, used);
	/* What is left out may be anything. */
	memset(file + 0x98 + 0x40, 0xEE, 4);
	wants(bytes, used);
	/* A section of no bytes is nowhere. */
	fixture_put(file, FIXTURE_IMAGE_SECTIONS + 2 * 40 + 0x14, 0xFFFFFFFF, 4);
	fixture_put(bytes, FIXTURE_IMAGE_SECTIONS - 12 + 2 * 40 + 0x14, 0xFFFFFFFF, 4);
	wants(bytes, used);
}

/* A gap between sections: the rest begins where the sum of the bytes ends. */
static void gap(void **state)
{
	static uint8_t bytes[FIXTURE_IMAGE_SIZE];
	(void)state;
	fixture_put(file, FIXTURE_IMAGE_SECTIONS + 0x10, 0x100, 4);
	size_t used = put(bytes, 0, 0, 0x98 + 0x40);
	used = put(bytes, used, 0x98 + 0x44, 0x98 + 0x90);
	used = put(bytes, used, 0x98 + 0x98, 0x400);
	used = put(bytes, used, 0x400, 0x600);
	used = put(bytes, used, 0x600, 0x700);
	used = put(bytes, used, 0x700, FIXTURE_IMAGE_SIZE);
	wants(bytes, used);
}

static void certificates(void **state)
{
	static uint8_t bytes[FIXTURE_IMAGE_SIZE];
	size_t used = put(bytes, 0, 0, 0x98 + 0x40);
	(void)state;
	used = put(bytes, used, 0x98 + 0x44, 0x98 + 0x90);
	used = put(bytes, used, 0x98 + 0x98, FIXTURE_IMAGE_SIZE);
	file_size += 0x60;
	memset(file + FIXTURE_IMAGE_SIZE, 0xCE, 0x60);
	fixture_put(file, 0x98 + 0x90, FIXTURE_IMAGE_SIZE, 4);
	fixture_put(file, 0x98 + 0x94, 0x60, 4);
	wants(bytes, used);
}

static void refusals(void **state)
{
	static const struct {
		size_t at;
		uint64_t value;
		size_t size;
		enum status status;
		const char *error;
	} rows[] = {
		{ 0x80, 0x1234, 4, ST_BAD_FORMAT, "PE signature 0x1234 at 0x80: not a PE file" },
		{ 0x94, 0x97, 2, ST_UNSUPPORTED,
		  "SizeOfOptionalHeader 0x97 at 0x94: must be 0x98" },
		{ 0x98, 0x10B, 2, ST_UNSUPPORTED, "Magic 0x10b at 0x98: must be 0x20b" },
		{ 0x98 + 0x6C, 4, 4, ST_UNSUPPORTED,
		  "NumberOfRvaAndSizes 0x4 at 0x104: must be 5" },
		{ 0x98 + 0x3C, FIXTURE_IMAGE_SECTIONS + 3 * 40 - 1, 4, ST_TRUNCATED,
		  "SizeOfHeaders 0x1ff at 0xd4: must hold" },
		{ 0x98 + 0x3C, FIXTURE_IMAGE_SIZE + 1, 4, ST_TRUNCATED, "SizeOfHeaders 0x" },
		{ 0x98 + 0x94, 1, 4, ST_BAD_FORMAT,
		  "certificates' size 0x1 at 0x12c: they must end where the file does" },
		{ FIXTURE_IMAGE_SECTIONS + 0x14, FIXTURE_IMAGE_SIZE - 0x1FF, 4, ST_TRUNCATED,
		  "PointerToRawData 0x" },
		{ FIXTURE_IMAGE_SECTIONS + 0x14, FIXTURE_IMAGE_SIZE + 1, 4, ST_TRUNCATED,
		  "PointerToRawData 0x" },
		{ FIXTURE_IMAGE_SECTIONS + 40 + 0x10, 0x241, 4, ST_BAD_FORMAT,
		  "sections' data 0x841 at 0x188: overlap" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		uint8_t digest[SHA384_SIZE], before[SHA384_SIZE];
		char error[120] = "";
		setup(NULL);
		fixture_put(file, rows[i].at, rows[i].value, rows[i].size);
		memset(digest, 0x5A, sizeof(digest));
		memcpy(before, digest, sizeof(digest));
		assert_int_equal(digest_of(digest, error, sizeof(error)), rows[i].status);
		assert_memory_equal(error, rows[i].error, strlen(rows[i].error));
		assert_memory_equal(digest, before, sizeof(before));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(whole_file, setup),
		cmocka_unit_test_setup(gap, setup),
		cmocka_unit_test_setup(certificates, setup),
		cmocka_unit_test_setup(refusals, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
