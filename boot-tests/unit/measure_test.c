// MRTD replay: the third-party values of a stock OVMF, and a replay by OpenSSL of made-up sections.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/measure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#define OVMF "/usr/share/ovmf/OVMF.fd"

static void to_hex(const uint8_t digest[SHA384_SIZE], char out[2 * SHA384_SIZE + 1])
{
	for (size_t i = 0; i < SHA384_SIZE; i++) {
		sprintf(out + 2 * i, "%02x", digest[i]);
	}
}

static void stock_ovmf(void **state)
{
	(void)state;
	FILE *file = fopen(OVMF, "rb");
	assert_non_null(file);
	uint8_t *image = malloc(0x1000000);
	size_t size = fread(image, 1, 0x1000000, file);
	fclose(file);
	struct tdvf_image tdvf;
	char error[160];
	assert_int_equal(tdvf_read(image, size, &tdvf, error, sizeof(error)), ST_OK);

	uint8_t digest[SHA384_SIZE];
	char hex[2 * SHA384_SIZE + 1];
	measure_mrtd(image, &tdvf, MEASURE_PER_PAGE, digest);
	to_hex(digest, hex);
	assert_string_equal(hex, "4c7206f0f483c524f12c366c711e9049030a8d47c471ee5aa9c4999a08de4057"
				 "fb887fed0744d5631a212967fb231c47");
	measure_mrtd(image, &tdvf, MEASURE_PER_SECTION, digest);
	to_hex(digest, hex);
	assert_string_equal(hex, "acccbcc870a381adab0d3919d90a7f268ac3b0364771f202ed4bb4e892d045b3"
				 "3db3b32e6924cba830a724eed443f7e1");
	free(image);
}

/* The operations as a list, hashed by OpenSSL. */
static void hash_add(EVP_MD_CTX *context, uint64_t gpa)
{
	uint8_t record[128] = "MEM.PAGE.ADD";
	memcpy(record + 16, &gpa, 8);
	EVP_DigestUpdate(context, record, sizeof(record));
}

static void hash_extend(EVP_MD_CTX *context, uint64_t gpa, const uint8_t *page)
{
	for (unsigned i = 0; i < 16; i++) {
		uint8_t record[128] = "MR.EXTEND";
		uint64_t chunk = gpa + i * 256;
		memcpy(record + 16, &chunk, 8);
		EVP_DigestUpdate(context, record, sizeof(record));
		EVP_DigestUpdate(context, page + i * 256, 256);
	}
}

/* Data that ends inside a chunk, then whole pages of zeros: all of it is extended. */
static void short_data(void **state)
{
	(void)state;
	enum { RAW = 0x1000 + 256 + 17, PAGES = 4, OFFSET = 3 };
	uint8_t *image = malloc(OFFSET + RAW); /* exactly: reading on is an ASan error */
	uint8_t *memory = calloc(PAGES, 0x1000);
	for (size_t i = 0; i < OFFSET + RAW; i++) {
		image[i] = (uint8_t)(i * 7 + 1);
	}
	memcpy(memory, image + OFFSET, RAW);
	const struct tdvf_image tdvf = {
		.size = OFFSET + RAW,
		.count = 3,
		.sections = {
			{ 0, 0, 0x5000, 0x2000, TDVF_SECTION_TEMP_MEM, 0 },
			{ OFFSET, RAW, 0xFFFF0000, PAGES * 0x1000, TDVF_SECTION_BFV, 1 },
			{ 0, 1, 0x1000, 0x1000, TDVF_SECTION_CFV, 0 },
		},
	};
	for (unsigned per_page = 0; per_page < 2; per_page++) {
		EVP_MD_CTX *context = EVP_MD_CTX_new();
		EVP_DigestInit_ex(context, EVP_sha384(), NULL);
		hash_add(context, 0x5000);
		hash_add(context, 0x6000);
		for (uint64_t i = 0; i < PAGES; i++) {
			hash_add(context, 0xFFFF0000 + i * 0x1000);
			if (per_page != 0) {
				hash_extend(context, 0xFFFF0000 + i * 0x1000, memory + i * 0x1000);
			}
		}
		for (uint64_t i = 0; per_page == 0 && i < PAGES; i++) {
			hash_extend(context, 0xFFFF0000 + i * 0x1000, memory + i * 0x1000);
		}
		hash_add(context, 0x1000);
		uint8_t expected[SHA384_SIZE];
		uint8_t digest[SHA384_SIZE];
		EVP_DigestFinal_ex(context, expected, NULL);
		EVP_MD_CTX_free(context);
		measure_mrtd(image, &tdvf, per_page != 0 ? MEASURE_PER_PAGE : MEASURE_PER_SECTION,
			     digest);
		assert_memory_equal(digest, expected, sizeof(digest));
	}
	free(image);
	free(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stock_ovmf),
		cmocka_unit_test(short_data),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
