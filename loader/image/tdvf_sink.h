// TDVF sink: a launch image becomes the bytes of an .fd file for qemu -bios.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// It knows the format and nothing of what is in the pages. One BFV section covers all content,
// measured, raw size == memory size (QEMU copies the memory size and does not zero-fill). It has
// the pages of the launch image and no other: what pads the file to IMAGE_ALIGN precedes it. The
// sink adds the TDX metadata, and both ways to find it: the GUIDed table and td-shim's pointer.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/base/status.h"
#include "arch/tdx/tdvf.h"
#include "linker/memmap.h"
#include "loader/image/launch_image.h"

#define SINK_SECTIONS_MAX 6

/* What stands at TDVF_METADATA. */
struct sink_metadata {
	uint8_t guid[TDVF_GUID_SIZE];
	struct tdvf_descriptor descriptor;
	struct tdvf_section sections[SINK_SECTIONS_MAX];
};
_Static_assert(TDVF_METADATA + sizeof(struct sink_metadata) <= TDVF_METADATA_END,
	       "The TDX metadata must fit its window.");

/* The GUIDed table with its one entry, and td-shim's pointer right after it. */
struct PACKED sink_table {
	uint32_t descriptor_from_end;
	uint16_t entry_length;
	uint8_t entry_guid[TDVF_GUID_SIZE];
	uint16_t table_length;
	uint8_t footer_guid[TDVF_GUID_SIZE];
	uint32_t descriptor_from_start;
};
#define SINK_TABLE_FROM_END (TDVF_FOOTER_FROM_END + offsetof(struct sink_table, footer_guid))
#define SINK_TABLE (FOUR_GIB - SINK_TABLE_FROM_END)
ABI_FIELD(struct sink_table, entry_guid, 0x06, 16);
ABI_FIELD(struct sink_table, footer_guid, 0x18, 16);
ABI_FIELD(struct sink_table, descriptor_from_start, SINK_TABLE_FROM_END - TDVF_POINTER_FROM_END, 4);

/*
 * Bytes that tdvf_sink_write() will make: a multiple of IMAGE_ALIGN. Content must be measured
 * LAUNCH_BFV sections that follow each other and end at 4 GiB. ST_NOT_FOUND: there is no content;
 * ST_BAD_RANGE: it is not so; ST_UNSUPPORTED: a kind that the sink does not write, or content of
 * what has none; ST_NO_SPACE: too many sections, or above IMAGE_MAX_SIZE.
 */
enum status tdvf_sink_size(const struct launch_image *image, uint64_t *size) MUST_CHECK;

/*
 * out_size: as tdvf_sink_size() said. Status as tdvf_sink_size();
 * ST_BAD_ARGUMENT: out_size is another; ST_BAD_FORMAT: content is not zero where the metadata go.
 * On failure nothing is written to out, and error says which check failed.
 */
enum status tdvf_sink_write(const struct launch_image *image, uint8_t *out, uint64_t out_size,
			    char *error, size_t error_size) MUST_CHECK;

/* Zeroes what the sink has written into content that starts at base and ends at 4 GiB. */
void tdvf_sink_clear(uint8_t *content, gpa_t base);
