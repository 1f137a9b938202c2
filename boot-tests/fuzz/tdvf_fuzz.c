// Fuzzes the TDVF reader, then measures what it took: no read outside the image, bounded work.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The image is 64 KiB and valid; the first byte of the input says with how many sections, the
// second what size the reader is told, and (bit 7) that what it takes is measured. Changes of 6
// bytes each follow: an offset from the metadata on, and 4 bytes that are XORed there.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/base/bits.h"
#include "arch/base/check.h"
#include "linker/memmap.h"
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
	struct tdvf_section sections[LAUNCH_SECTIONS_MAX] = {
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
static void check_image(const struct launch_image *launch)
{
	CHECK(launch->file_size == SIZE && launch->count >= 2 &&
	      launch->count <= LAUNCH_SECTIONS_MAX);
	uint64_t total = 0;
	for (unsigned i = 0; i < launch->count; i++) {
		const struct launch_section *s = &launch->sections[i];
		CHECK(s->size != 0 && s->size % 4096 == 0);
		CHECK(s->base % 4096 == 0 && s->base < 0x100000000);
		CHECK(s->size <= 0x100000000 - s->base);
		CHECK(s->bytes_size <= s->size && (s->bytes != NULL) == (s->bytes_size != 0));
		CHECK(s->bytes == NULL ||
		      (uint64_t)(s->bytes - launch->file) + s->bytes_size <= SIZE);
		CHECK((unsigned)s->kind < LAUNCH_KIND_COUNT && s->tag != NULL);
		total += s->size;
	}
	CHECK(total <= 0x100000000);
}

static void change(uint8_t *image, const uint8_t *record)
{
	uint16_t offset;
	memcpy(&offset, record, sizeof(offset));
	for (size_t i = 0; i < 4; i++) {
		image[DESCRIPTOR + (offset + i) % (SIZE - DESCRIPTOR)] ^= record[2 + i];
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Of the image's bytes nothing is read where the size is no image's. */
	static const uint64_t sizes[] = { 0, SIZE - 1, 2 * IMAGE_MAX_SIZE };
	if (size < 2) {
		return 0;
	}
	/* On the heap, where ASan sees its end; what nobody changes stays zero. */
	static uint8_t *image;
	if (image == NULL) {
		image = calloc(1, SIZE);
		CHECK(image != NULL);
	}
	memset(image + DESCRIPTOR, 0, SIZE - DESCRIPTOR);
	put_valid(image, 2 + data[0] % (LAUNCH_SECTIONS_MAX - 1));
	for (size_t at = 2; at + 6 <= size; at += 6) {
		change(image, data + at);
	}
	struct launch_image launch;
	char error[64];
	uint64_t told = data[1] < ARRAY_COUNT(sizes) ? sizes[data[1]] : SIZE;
	if (tdvf_read(image, told, &launch, error, sizeof(error)) == ST_OK) {
		check_image(&launch);
		uint64_t total = 0;
		for (unsigned i = 0; i < launch.count; i++) {
			total += launch.sections[i].size;
		}
		if (total <= 0x20000 && (data[1] & 0x80) != 0) {
			uint8_t digest[SHA384_SIZE];
			measure_mrtd(&launch, MEASURE_PER_PAGE, digest);
			measure_mrtd(&launch, MEASURE_PER_SECTION, digest);
		}
	} else {
		CHECK(strlen(error) > 0);
	}
	return 0;
}
