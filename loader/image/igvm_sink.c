// IGVM sink: headers one after the other, then the bytes of all pages that have some.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/image/igvm_sink.h"

#include <stdbool.h>

#include "arch/base/mem.h"
#include "arch/tdx/igvm.h"
#include "linker/memmap.h"
#include "loader/image/crc32.h"

/* The only platform and the only parameter area of the file. */
#define SINK_MASK 1
#define SINK_AREA 0

static bool igvm_sink_has_content(const struct launch_section *s)
{
	return s->kind == LAUNCH_BFV || s->kind == LAUNCH_CFV;
}

static enum status igvm_sink_check(const struct launch_image *image)
{
	unsigned hobs = 0;
	for (unsigned i = 0; i < image->count; i++) {
		const struct launch_section *s = &image->sections[i];
		if (s->size == 0 || !is_aligned(s->base | s->size, IGVM_PAGE) ||
		    s->base >= FOUR_GIB || s->size > FOUR_GIB - s->base ||
		    s->bytes_size > s->size) {
			return ST_BAD_RANGE;
		}
		if (!igvm_sink_has_content(s) && (s->bytes_size != 0 || s->measured)) {
			return ST_UNSUPPORTED;
		}
		hobs += s->kind == LAUNCH_TD_HOB;
		if (hobs > 1 || s->kind == LAUNCH_PARAMETERS) {
			return ST_UNSUPPORTED;
		}
	}
	return image->count != 0 ? ST_OK : ST_NOT_FOUND;
}

/* Where the next header and the next bytes go. Without out they are only counted. */
struct igvm_sink {
	uint8_t *out;
	uint64_t header;
	uint64_t data;
};

static void igvm_sink_header(struct igvm_sink *sink, enum igvm_type type, const void *structure,
			     uint32_t length)
{
	const struct igvm_variable_header header = { type, length };
	if (sink->out != NULL) {
		memcpy(sink->out + sink->header, &header, sizeof(header));
		memcpy(sink->out + sink->header + sizeof(header), structure, length);
	}
	sink->header += sizeof(header) + align_up(length, IGVM_ALIGN);
}

static void igvm_sink_platform(struct igvm_sink *sink)
{
	const struct igvm_supported_platform platform = {
		.compatibility_mask = SINK_MASK,
		.platform_type = IGVM_PLATFORM_TDX,
		.platform_version = IGVM_PLATFORM_TDX_VERSION,
	};
	const struct igvm_guest_policy policy = {
		.policy = IGVM_TDX_POLICY_SEPT_VE_DISABLE,
		.compatibility_mask = SINK_MASK,
	};
	igvm_sink_header(sink, IGVM_SUPPORTED_PLATFORM, &platform, sizeof(platform));
	igvm_sink_header(sink, IGVM_GUEST_POLICY, &policy, sizeof(policy));
}

static void igvm_sink_memory_map(struct igvm_sink *sink, const struct launch_section *s)
{
	const struct igvm_parameter_area area = { s->size, SINK_AREA, 0 };
	const struct igvm_parameter map = { SINK_AREA, 0 };
	const struct igvm_parameter_insert insert = { s->base, SINK_MASK, SINK_AREA };
	igvm_sink_header(sink, IGVM_PARAMETER_AREA, &area, sizeof(area));
	igvm_sink_header(sink, IGVM_MEMORY_MAP, &map, sizeof(map));
	igvm_sink_header(sink, IGVM_PARAMETER_INSERT, &insert, sizeof(insert));
}

static void igvm_sink_pages(struct igvm_sink *sink, const struct launch_section *s)
{
	for (uint64_t at = 0; at < s->size; at += IGVM_PAGE) {
		bool filled = at < s->bytes_size;
		const struct igvm_page_data page = {
			.gpa = s->base + at,
			.compatibility_mask = SINK_MASK,
			.file_offset = filled ? (uint32_t)sink->data : 0,
			.flags = s->measured ? 0 : IGVM_PAGE_UNMEASURED,
			.data_type = IGVM_DATA_NORMAL,
		};
		igvm_sink_header(sink, IGVM_PAGE_DATA, &page, sizeof(page));
		if (filled) {
			uint64_t left = s->bytes_size - at;
			if (sink->out != NULL) {
				memcpy(sink->out + sink->data, s->bytes + at,
				       left < IGVM_PAGE ? left : IGVM_PAGE);
			}
			sink->data += IGVM_PAGE;
		}
	}
}

static void igvm_sink_all(struct igvm_sink *sink, const struct launch_image *image)
{
	igvm_sink_platform(sink);
	for (unsigned i = 0; i < image->count; i++) {
		const struct launch_section *s = &image->sections[i];
		if (s->kind == LAUNCH_TD_HOB) {
			igvm_sink_memory_map(sink, s);
		} else {
			igvm_sink_pages(sink, s);
		}
	}
}

/* *data: where the bytes of pages start. */
static enum status igvm_sink_measure(const struct launch_image *image, uint64_t *data,
				     uint64_t *size)
{
	TRY(igvm_sink_check(image));
	struct igvm_sink counted = { NULL, sizeof(struct igvm_fixed_header), 0 };
	igvm_sink_all(&counted, image);
	if (counted.header + counted.data > IMAGE_MAX_SIZE) {
		return ST_NO_SPACE;
	}
	*data = counted.header;
	*size = counted.header + counted.data;
	return ST_OK;
}

enum status igvm_sink_size(const struct launch_image *image, uint64_t *size)
{
	uint64_t data = 0;
	return igvm_sink_measure(image, &data, size);
}

enum status igvm_sink_write(const struct launch_image *image, uint8_t *out, uint64_t out_size)
{
	uint64_t data = 0;
	uint64_t size = 0;
	TRY(igvm_sink_measure(image, &data, &size));
	if (out_size != size) {
		return ST_BAD_ARGUMENT;
	}
	memset(out, 0, size);
	struct igvm_sink sink = { out, sizeof(struct igvm_fixed_header), data };
	igvm_sink_all(&sink, image);
	struct igvm_fixed_header fixed = {
		.magic = IGVM_MAGIC,
		.format_version = IGVM_VERSION_1,
		.variable_header_offset = sizeof(fixed),
		.variable_header_size = (uint32_t)(data - sizeof(fixed)),
		.total_file_size = (uint32_t)size,
	};
	memcpy(out, &fixed, sizeof(fixed));
	fixed.checksum = crc32_update(0, out, data);
	memcpy(out, &fixed, sizeof(fixed));
	return ST_OK;
}
