// Makes the .fd of an IGVM file, and from that the IGVM file again.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/image/igvm_check.h"

#include "arch/base/bits.h"
#include "arch/base/check.h"
#include "arch/base/fmt.h"
#include "arch/base/mem.h"
#include "linker/memmap.h"
#include "loader/image/igvm_sink.h"
#include "loader/image/tdvf_read.h"

/* The content that ends at 4 GiB, or NULL. */
static const struct launch_section *igvm_find_content(const struct launch_image *image)
{
	for (unsigned i = 0; i < image->count; i++) {
		const struct launch_section *s = &image->sections[i];
		if (s->kind == LAUNCH_BFV && s->base + s->size == FOUR_GIB) {
			return s;
		}
	}
	return NULL;
}

uint64_t igvm_fd_size(const struct launch_image *image)
{
	const struct launch_section *s = igvm_find_content(image);
	return s != NULL && s->size <= IMAGE_MAX_SIZE ? align_up(s->size, IMAGE_ALIGN) : 0;
}

void igvm_fd_make(const struct launch_image *image, uint8_t *fd)
{
	const struct launch_section *s = igvm_find_content(image);
	const uint64_t size = igvm_fd_size(image);
	CHECK(size != 0);
	memset(fd, 0, size);
	if (s->bytes_size != 0) {
		memcpy(fd + (size - s->size), s->bytes, s->bytes_size);
	}
}

enum status igvm_check(const struct launch_image *image, const uint8_t *fd, uint64_t fd_size,
		       uint8_t *scratch, char *error, size_t error_size)
{
	struct launch_image launch;
	TRY(tdvf_read(fd, fd_size, &launch, error, error_size));
	enum status st = igvm_sink_write(&launch, scratch, image->file_size);
	if (st != ST_OK) {
		fmt_print(error, error_size, "IGVM file of 0x%lx bytes: its pages make another: %s",
			  image->file_size, status_text(st));
		return st;
	}
	for (uint64_t at = 0; at < image->file_size; at++) {
		if (image->file[at] != scratch[at]) {
			fmt_print(error, error_size,
				  "IGVM file: byte 0x%02x at 0x%lx: must be 0x%02x",
				  (unsigned)image->file[at], at, (unsigned)scratch[at]);
			return ST_BAD_FORMAT;
		}
	}
	return ST_OK;
}
