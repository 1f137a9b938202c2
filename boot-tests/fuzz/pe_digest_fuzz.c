// Fuzzes the digest of a PE image: no read outside the file.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Input: a byte that says how many bytes of a good file there are, then changes of 6 bytes each: an
// offset in the headers, and 4 bytes that are XORed there.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/base/check.h"
#include "boot-tests/unit/loader/payload_fixture.h"
#include "loader/image/pe_digest.h"

#define HEADERS (FIXTURE_IMAGE_SECTIONS + 3 * 40)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t good[FIXTURE_IMAGE_SIZE];
	uint8_t digest[SHA384_SIZE];
	char error[120] = "";
	if (size == 0) {
		return 0;
	}
	fixture_image(good);
	for (size_t at = 1; at + 6 <= size; at += 6) {
		uint16_t offset;
		memcpy(&offset, data + at, sizeof(offset));
		for (size_t i = 0; i < 4; i++) {
			good[offset % (HEADERS - 4) + i] ^= data[at + 2 + i];
		}
	}
	uint64_t file_size = FIXTURE_IMAGE_SIZE - data[0] * (FIXTURE_IMAGE_SIZE / 256u);
	uint8_t *file = malloc(file_size);
	CHECK(file != NULL);
	memcpy(file, good, file_size);
	if (pe_digest(file, file_size, digest, error, sizeof(error)) != ST_OK) {
		CHECK(strlen(error) > 0);
	}
	free(file);
	return 0;
}
