// Fuzzes the bzImage header parser, the placement that follows from it, and the version's text.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Input: 8 bytes (sizes of the protected-mode part and of the initrd), 1 byte (bytes that the setup
// part lacks), 7 bytes of the version's text, then bytes that are XORed over a good setup header,
// so that zeros keep it good.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/base/bits.h"
#include "arch/base/check.h"
#include "boot-tests/unit/loader/bzimage_fixture.h"
#include "linker/memmap.h"
#include "loader/payload/bzimage.h"

#define LOW_RAM_END 0x40000000
/* As a field of the header says it, from byte 512 of the file on. */
#define VERSION_TEXT (LINUX_HEADER_END_MAX - LINUX_VERSION_TEXT_BASE)
#define VERSION_SIZE 7
#define SETUP_SIZE (LINUX_HEADER_END_MAX + VERSION_SIZE)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct memory_map map = {
	.count = 4,
	.entries = { { { { 0 }, 0xA0000 }, MEMORY_ACCEPTED },
		     { { { 0x100000 }, 0x1F00000 }, MEMORY_ACCEPTED },
		     { { { 0x2100000 }, LOW_RAM_END - 0x2100000 }, MEMORY_ACCEPTED },
		     { { { FOUR_GIB }, 0x40000000 }, MEMORY_ACCEPTED } },
};

static void check_places(const struct linux_setup_header *header, uint32_t kernel_size,
			 uint32_t initrd_size)
{
	struct gpa_range window;
	struct payload_fault fault;
	gpa_t initrd;
	CHECK(header->setup_sects != 0 && header->init_size != 0);
	if (bzimage_find_place(header, kernel_size, &map, &window, &fault) != ST_OK) {
		CHECK(bzimage_place_kernel(header, kernel_size, &map, &window, &fault) != ST_OK);
		return;
	}
	CHECK(window.base.v >= SHIM_RAM_END && is_aligned(window.base.v, MEM_PAGE_SIZE));
	CHECK(window.size >= header->init_size && window.size >= kernel_size);
	CHECK(gpa_range_end(window) <= LOW_RAM_END);
	if (initrd_size == 0 || bzimage_place_initrd(header, initrd_size, gpa_range_end(window),
						     &map, &initrd) != ST_OK) {
		return;
	}
	CHECK(initrd.v >= gpa_range_end(window) && is_aligned(initrd.v, MEM_PAGE_SIZE));
	CHECK(initrd.v + initrd_size <= LOW_RAM_END);
	CHECK(initrd.v + initrd_size - 1 <= header->initrd_addr_max);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct linux_setup_header good = bzimage_debian_header;
	struct linux_setup_header header;
	struct payload_fault fault;
	uint32_t sizes[2];
	if (size < sizeof(sizes) + 1 + VERSION_SIZE) {
		return 0;
	}
	memcpy(sizes, data, sizeof(sizes));
	uint32_t setup_size = SETUP_SIZE - data[sizeof(sizes)] % 0x20u;
	const uint8_t *version = data + sizeof(sizes) + 1;
	data = version + VERSION_SIZE;
	size -= sizeof(sizes) + 1 + VERSION_SIZE;
	uint8_t *setup = calloc(1, SETUP_SIZE);
	CHECK(setup != NULL);
	good.kernel_version = VERSION_TEXT;
	memcpy(setup + LINUX_HEADER_END_MAX, version, VERSION_SIZE);
	memcpy(setup + LINUX_HEADER_OFFSET, &good, sizeof(good));
	for (size_t i = 0; i < size && i < sizeof(good); i++) {
		setup[LINUX_HEADER_OFFSET + i] ^= data[i];
	}
	/* As large as the part is, so that a read after it is seen. */
	uint8_t *part = malloc(setup_size);
	CHECK(part != NULL);
	memcpy(part, setup, setup_size);
	free(setup);
	if (bzimage_header_read(part, setup_size, &header, &fault) == ST_OK) {
		check_places(&header, sizes[0], sizes[1]);
		(void)bzimage_accepts_memory(part, setup_size, &header);
	}
	free(part);
	return 0;
}
