// Fuzzes the TDVF reader, then measures what it took: no read outside the image, bounded work.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The image is 64 KiB and valid; the first byte of the input says with how many sections, the rest
// is XORed over its metadata and its GUIDed table, so that each bit of the input breaks one field.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/base/check.h"
#include "loader/image/mrtd.h"
#include "loader/image/tdvf_read.h"

#define SIZE 0x10000u
#define DESCRIPTOR (SIZE - 0x280u)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_valid(uint8_t *image, uint32_t count)
{
	static const uint8_t footer[] = TDVF_FOOTER_GUID;
	static const uint8_t entry[] = TDVF_METADATA_OFFSET_GUID;
	const struct tdvf_descriptor descriptor = { TDVF_SIGNATURE, 16 + 32 * count, 1, count };
	struct tdvf_section sections[TDVF_MAX_SECTIONS] = {
		{ SIZE - 0x1000, 0x1000, 0xFFFFF000, 0x1000, TDVF_SECTION_BFV, 1 },
		{ 0, 0, 0x800000, 0x2000, TDVF_SECTION_TD_HOB, 0 },
		{ 0, 0x2345, 0xFFFF0000, 0x3000, TDVF_SECTION_CFV, 0 },
	};
	for (uint32_t i = 3; i < count; i++) {
		sections[i].memory_address = 0x900000 + i * 0x2000;
		sections[i].memory_data_size = 0x1000;
		sections[i].type = TDVF_SECTION_TEMP_MEM;
	}
	const uint32_t from_end = SIZE - DESCRIPTOR;
	const uint16_t lengths[2] = { 22, 40 };
	memcpy(image + SIZE - 0x30, footer, 16);
	memcpy(image + SIZE - 0x32, &lengths[1], 2);
	memcpy(image + SIZE - 0x42, entry, 16);
	memcpy(image + SIZE - 0x44, &lengths[0], 2);
	memcpy(image + SIZE - 0x48, &from_end, 4);
	memcpy(image + DESCRIPTOR, &descriptor, sizeof(descriptor));
	memcpy(image + DESCRIPTOR + sizeof(descriptor), sections, count * sizeof(sections[0]));
}

/* What the reader promises for each section, said again. */
static void check_image(const struct tdvf_image *tdvf)
{
	CHECK(tdvf->size == SIZE && tdvf->count >= 2 && tdvf->count <= TDVF_MAX_SECTIONS);
	uint64_t total = 0;
	for (unsigned i = 0; i < tdvf->count; i++) {
		const struct tdvf_section *s = &tdvf->sections[i];
		CHECK(s->memory_data_size != 0 && s->memory_data_size % 4096 == 0);
		CHECK(s->memory_address % 4096 == 0 && s->memory_address < 0x100000000);
		CHECK(s->memory_data_size <= 0x100000000 - s->memory_address);
		CHECK(s->raw_data_size <= s->memory_data_size);
		CHECK(s->raw_data_size == 0 || (uint64_t)s->data_offset + s->raw_data_size <= SIZE);
		CHECK(s->type < TDVF_SECTION_TYPE_COUNT);
		total += s->memory_data_size;
	}
	CHECK(total <= 0x100000000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 || size - 1 > SIZE - DESCRIPTOR) {
		return 0;
	}
	uint8_t *image = calloc(1, SIZE);
	CHECK(image != NULL);
	put_valid(image, 2 + data[0] % (TDVF_MAX_SECTIONS - 1));
	for (size_t i = 1; i < size; i++) {
		image[DESCRIPTOR + i - 1] ^= data[i];
	}
	struct tdvf_image tdvf;
	char error[64];
	if (tdvf_read(image, SIZE, &tdvf, error, sizeof(error)) == ST_OK) {
		check_image(&tdvf);
		uint64_t total = 0;
		for (unsigned i = 0; i < tdvf.count; i++) {
			total += tdvf.sections[i].memory_data_size;
		}
		if (total <= 0x20000) {
			uint8_t digest[SHA384_SIZE];
			measure_mrtd(image, &tdvf, MEASURE_PER_PAGE, digest);
			measure_mrtd(image, &tdvf, MEASURE_PER_SECTION, digest);
		}
	} else {
		CHECK(strlen(error) > 0);
	}
	free(image);
	return 0;
}
