// MRTD replay.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/image/mrtd.h"

#include <stdbool.h>

#include "arch/base/abi.h"
#include "arch/base/mem.h"

#define MEASURE_PAGE 0x1000
#define MEASURE_CHUNK 256

/* The 128 bytes that each operation hashes first. */
struct measure_record {
	char name[16]; /* zero padded */
	uint64_t gpa;  /* 10 */
	uint8_t reserved_18[104];
};
ABI_SIZE(struct measure_record, 128);
ABI_FIELD(struct measure_record, gpa, 0x10, 8);

static void measure_add(struct sha384 *hash, const struct launch_section *section, uint64_t offset)
{
	const struct measure_record record = {
		.name = "MEM.PAGE.ADD",
		.gpa = section->base + offset,
	};
	sha384_update(hash, &record, sizeof(record));
}

static void measure_extend(struct sha384 *hash, const struct launch_section *section,
			   uint64_t offset)
{
	for (uint64_t at = offset; at < offset + MEASURE_PAGE; at += MEASURE_CHUNK) {
		const struct measure_record record = {
			.name = "MR.EXTEND",
			.gpa = section->base + at,
		};
		uint8_t chunk[MEASURE_CHUNK] = { 0 };
		if (at < section->bytes_size) {
			uint64_t left = section->bytes_size - at;
			memcpy(chunk, section->bytes + at,
			       left < MEASURE_CHUNK ? left : MEASURE_CHUNK);
		}
		sha384_update(hash, &record, sizeof(record));
		sha384_update(hash, chunk, sizeof(chunk));
	}
}

void measure_mrtd(const struct launch_image *image, enum measure_order order,
		  uint8_t digest[SHA384_SIZE])
{
	struct sha384 hash;
	sha384_init(&hash);
	for (unsigned i = 0; i < image->count; i++) {
		const struct launch_section *s = &image->sections[i];
		for (uint64_t at = 0; at < s->size; at += MEASURE_PAGE) {
			measure_add(&hash, s, at);
			if (s->measured && order == MEASURE_PER_PAGE) {
				measure_extend(&hash, s, at);
			}
		}
		if (!s->measured || order == MEASURE_PER_PAGE) {
			continue;
		}
		for (uint64_t at = 0; at < s->size; at += MEASURE_PAGE) {
			measure_extend(&hash, s, at);
		}
	}
	sha384_final(&hash, digest);
}
