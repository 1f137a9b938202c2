// Fuzzes the ELF reader, and the placing and loading that follow from it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Input: a byte that says which good file to begin with and how many bytes of it there are, then
// changes of 10 bytes each: an offset in the headers, and 8 bytes that are XORed there.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/base/bits.h"
#include "arch/base/check.h"
#include "boot-tests/unit/loader/payload_fixture.h"
#include "linker/memmap.h"
#include "loader/payload/elf.h"
#include "loader/payload/payload_kind.h"

#define LOW_RAM_END 0x4000000
#define HEADERS (FIXTURE_ELF_SEGMENTS + 4 * 56)
/* What is loaded in earnest. */
#define LOAD_MAX 0x100000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct memory_map map = {
	.count = 1,
	.entries = { { { { 0 }, LOW_RAM_END }, MEMORY_ACCEPTED } },
};

static void load(const struct elf *elf, const uint8_t *file)
{
	struct payload_fault fault;
	struct gpa_range window;
	CHECK(elf->size != 0 && is_aligned(elf->size, MEM_PAGE_SIZE) && elf->entry < elf->size);
	if (elf_place(elf, &map, &window, &fault) == ST_OK) {
		CHECK(window.base.v >= SHIM_RAM_END && gpa_range_end(window) <= LOW_RAM_END);
		CHECK(is_aligned(window.base.v, MEM_PAGE_SIZE) && window.size == elf->size);
	}
	if (elf->size <= LOAD_MAX) {
		uint8_t *memory = malloc(elf->size);
		CHECK(memory != NULL);
		elf_load(elf, file, memory);
		free(memory);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t good[FIXTURE_ELF_SIZE];
	struct payload_fault fault;
	struct elf elf;
	if (size == 0) {
		return 0;
	}
	fixture_elf(good, data[0] % 2 == 0 ? 2 : 3, data[0] % 2 == 0 ? 0x1000000 : 0);
	for (size_t at = 1; at + 10 <= size; at += 10) {
		uint16_t offset;
		memcpy(&offset, data + at, sizeof(offset));
		for (size_t i = 0; i < 8; i++) {
			good[offset % (HEADERS - 8) + i] ^= data[at + 2 + i];
		}
	}
	uint64_t cut = data[0] < 0x80 ? 0 : (data[0] & 0x7Eu) * 66;
	uint64_t file_size = sizeof(good) - cut;
	uint8_t *file = malloc(file_size);
	CHECK(file != NULL);
	memcpy(file, good, file_size);
	(void)payload_kind_of(file, file_size);
	if (elf_read(file, file_size, &elf, &fault) == ST_OK) {
		load(&elf, file);
	} else {
		CHECK(strlen(payload_fault_field(&fault)) != 0);
	}
	free(file);
	return 0;
}
