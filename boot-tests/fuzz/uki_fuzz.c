// Fuzzes the reader of UKIs.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Input: a byte that says how many bytes of a good file there are, then changes of 10 bytes each:
// an offset in the headers, and 8 bytes that are XORed there, or replace those there (bit 15 of the
// offset).
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/base/check.h"
#include "boot-tests/unit/loader/payload_fixture.h"
#include "loader/payload/uki.h"

#define KERNEL_SIZE 0x300
#define SIZE FIXTURE_UKI_SIZE(KERNEL_SIZE)
#define HEADERS (FIXTURE_UKI_SECTIONS + 6 * 40)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t kernel[KERNEL_SIZE];
	uint8_t good[SIZE];
	struct payload_fault fault;
	struct uki uki;
	if (size == 0) {
		return 0;
	}
	fixture_uki(good, kernel, KERNEL_SIZE);
	for (size_t at = 1; at + 10 <= size; at += 10) {
		uint16_t offset;
		memcpy(&offset, data + at, sizeof(offset));
		for (size_t i = 0; i < 8; i++) {
			uint8_t *byte = &good[(offset & 0x7FFF) % (HEADERS - 8) + i];
			*byte = (uint8_t)((offset >> 15 != 0 ? 0 : *byte) ^ data[at + 2 + i]);
		}
	}
	uint64_t file_size = SIZE - data[0] * (SIZE / 256u);
	uint8_t *file = malloc(file_size);
	CHECK(file != NULL);
	memcpy(file, good, file_size);
	if (uki_read(file, file_size, &uki, &fault) == ST_OK) {
		CHECK(uki.parts[UKI_LINUX].size != 0);
		for (unsigned i = 0; i < UKI_SECTIONS; i++) {
			CHECK(uki.parts[i].offset <= file_size &&
			      uki.parts[i].size <= file_size - uki.parts[i].offset);
		}
	} else {
		CHECK(strlen(payload_fault_field(&fault)) != 0);
	}
	free(file);
	return 0;
}
