// MRTD replay: the third-party values of a stock OVMF, and a replay by OpenSSL of made-up sections.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/image/mrtd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "boot-tests/unit/loader/mrtd_oracle.h"
#include "boot-tests/unit/ovmf.h"
#include "loader/image/tdvf_read.h"

/* The loader's replay of the stock OVMF, by its own reader. */
static void replay(const struct ovmf *ovmf, enum measure_order order, char hex[OVMF_HEX_SIZE])
{
	struct launch_image launch;
	char error[160];
	assert_int_equal(tdvf_read(ovmf->image, ovmf->size, &launch, error, sizeof(error)), ST_OK);
	uint8_t digest[SHA384_SIZE];
	measure_mrtd(&launch, order, digest);
	for (size_t i = 0; i < SHA384_SIZE; i++) {
		sprintf(hex + 2 * i, "%02x", digest[i]);
	}
}

/* The OVMF of any release: by OpenSSL from the raw metadata. */
static void stock_ovmf(void **state)
{
	(void)state;
	struct ovmf ovmf;
	ovmf_load(&ovmf);
	for (int per_page = 0; per_page < 2; per_page++) {
		char expected[OVMF_HEX_SIZE];
		char hex[OVMF_HEX_SIZE];
		ovmf_mrtd(&ovmf, per_page, expected);
		replay(&ovmf, per_page ? MEASURE_PER_PAGE : MEASURE_PER_SECTION, hex);
		assert_string_equal(hex, expected);
	}
	ovmf_free(&ovmf);
}

static void known_ovmf(void **state)
{
	(void)state;
	struct ovmf ovmf;
	ovmf_load(&ovmf);
	ovmf_skip_unknown(&ovmf);
	char hex[OVMF_HEX_SIZE];
	replay(&ovmf, MEASURE_PER_PAGE, hex);
	assert_string_equal(hex, ovmf.known->mrtd_page);
	replay(&ovmf, MEASURE_PER_SECTION, hex);
	assert_string_equal(hex, ovmf.known->mrtd_section);
	ovmf_free(&ovmf);
}

/* Data that ends inside a chunk, then whole pages of zeros: all of it is extended. */
static void short_data(void **state)
{
	(void)state;
	enum { RAW = 0x1000 + 256 + 17, PAGES = 4, MEMORY = PAGES * 0x1000, OFFSET = 3 };
	uint8_t *image = malloc(OFFSET + RAW); /* exactly: reading on is an ASan error */
	uint8_t *memory = calloc(1, MEMORY);
	for (size_t i = 0; i < OFFSET + RAW; i++) {
		image[i] = (uint8_t)(i * 7 + 1);
	}
	memcpy(memory, image + OFFSET, RAW);
	const struct launch_image launch = {
		.count = 3,
		.sections = {
			{ "TempMem", 0x5000, 0x2000, LAUNCH_TEMP_MEM, false, NULL, 0 },
			{ "BFV", 0xFFFF0000, MEMORY, LAUNCH_BFV, true, image + OFFSET, RAW },
			{ "CFV", 0x1000, 0x1000, LAUNCH_CFV, false, image, 1 },
		},
	};
	for (unsigned per_page = 0; per_page < 2; per_page++) {
		EVP_MD_CTX *context = EVP_MD_CTX_new();
		EVP_DigestInit_ex(context, EVP_sha384(), NULL);
		mrtd_oracle_add(context, 0x5000);
		mrtd_oracle_add(context, 0x6000);
		for (uint64_t i = 0; i < PAGES; i++) {
			mrtd_oracle_add(context, 0xFFFF0000 + i * 0x1000);
			if (per_page != 0) {
				mrtd_oracle_extend(context, 0xFFFF0000 + i * 0x1000,
						   memory + i * 0x1000);
			}
		}
		for (uint64_t i = 0; per_page == 0 && i < PAGES; i++) {
			mrtd_oracle_extend(context, 0xFFFF0000 + i * 0x1000, memory + i * 0x1000);
		}
		mrtd_oracle_add(context, 0x1000);
		uint8_t expected[SHA384_SIZE];
		uint8_t digest[SHA384_SIZE];
		EVP_DigestFinal_ex(context, expected, NULL);
		EVP_MD_CTX_free(context);
		measure_mrtd(&launch, per_page != 0 ? MEASURE_PER_PAGE : MEASURE_PER_SECTION,
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
		cmocka_unit_test(known_ovmf),
		cmocka_unit_test(short_data),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
