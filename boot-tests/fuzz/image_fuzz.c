// Fuzzes the image checker: an image broken in a few places; what it takes, it would make again.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Input: records of 4 bytes. The first chooses an area, the next two an offset in it, and the last
// is XORed over the byte there.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/base/check.h"
#include "arch/lintel/image_config.h"
#include "arch/linux/boot_params.h"
#include "boot-tests/unit/loader/bzimage_fixture.h"
#include "loader/image/image_check.h"
#include "loader/image/plan.h"
#include "loader/image/tdvf_sink.h"

/* A page of text below what has a fixed place. */
#define SHIM_SIZE (FOUR_GIB - AP_TABLE + MEM_PAGE_SIZE)
#define RECORD 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t shim[SHIM_SIZE];
static uint8_t kernel[0x1400];
static uint8_t good[IMAGE_ALIGN];
static uint8_t kernel_at;

static void make_good(void)
{
	struct linux_setup_header header = bzimage_debian_header;
	struct plan_parts parts = {
		.shim = { shim, sizeof(shim) },
		.kernel = { kernel, sizeof(kernel) },
		.initrd = { kernel, 0x1001 },
		.cmdline = { (const uint8_t *)"quiet", 5 },
	};
	static struct plan_space space;
	struct plan plan;
	struct launch_image launch;
	char error[160];
	/* The longest header that there may be. */
	header.jump_offset = LINUX_HEADER_END_MAX - LINUX_HEADER_JUMP_END;
	header.setup_sects = 1;
	header.init_size = 0x2000;
	memcpy(kernel + LINUX_HEADER_OFFSET, &header, sizeof(header));
	CHECK(plan_make(&plan, &parts, &space, error, sizeof(error)) == ST_OK);
	plan_launch(&plan, &launch);
	CHECK(tdvf_sink_write(&launch, good, sizeof(good), error, sizeof(error)) == ST_OK);
	kernel_at = (uint8_t)((plan_image_base(&plan).v - (FOUR_GIB - sizeof(good))) >> 12);
}

/* An offset in the file: config, metadata, GUIDed table, the kernel's header, anywhere. */
static uint64_t place(uint8_t area, uint16_t offset)
{
	switch (area % 5) {
	case 0:
		return sizeof(good) - (FOUR_GIB - IMAGE_CONFIG) + 8 +
		       offset % (sizeof(struct image_config) - 8);
	case 1:
		return sizeof(good) - (FOUR_GIB - TDVF_METADATA) +
		       offset % sizeof(struct sink_metadata);
	case 2:
		return sizeof(good) - SINK_TABLE_FROM_END + offset % sizeof(struct sink_table);
	case 3:
		return ((uint64_t)kernel_at << 12) + LINUX_HEADER_OFFSET +
		       offset % sizeof(struct linux_setup_header);
	default:
		return offset % sizeof(good);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static _Alignas(8) uint8_t scratch[IMAGE_CHECK_SCRATCH(IMAGE_ALIGN)];
	char error[200] = "";
	if (good[IMAGE_CONFIG - (FOUR_GIB - sizeof(good))] == 0) {
		make_good();
	}
	uint8_t *image = malloc(sizeof(good));
	CHECK(image != NULL);
	memcpy(image, good, sizeof(good));
	for (size_t i = 0; i + RECORD <= size; i += RECORD) {
		uint16_t offset;
		memcpy(&offset, data + i + 1, sizeof(offset));
		image[place(data[i], offset)] ^= data[i + 3];
	}
	if (image_check(image, sizeof(good), scratch, error, sizeof(error)) == ST_OK) {
		/* Made again, it is the same; the scratch holds it. */
		CHECK(memcmp(image, scratch, sizeof(good)) == 0);
	} else {
		CHECK(strlen(error) > 0);
	}
	free(image);
	return 0;
}
