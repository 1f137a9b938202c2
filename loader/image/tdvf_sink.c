// TDVF sink: copies the content and writes what makes the file a TDVF image.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/image/tdvf_sink.h"

#include <stdbool.h>

#include "arch/base/bits.h"
#include "arch/base/fmt.h"
#include "arch/base/mem.h"

/* What the sink writes into the last page: it is zero there. */
static const struct sink_area {
	const char *name;
	uint64_t base;
	uint64_t size;
} sink_areas[] = {
	{ "TDX metadata", TDVF_METADATA, TDVF_METADATA_END - TDVF_METADATA },
	{ "GUIDed table", SINK_TABLE, sizeof(struct sink_table) },
};

void tdvf_sink_clear(uint8_t *content, gpa_t base)
{
	for (size_t i = 0; i < ARRAY_COUNT(sink_areas); i++) {
		memset(content + (sink_areas[i].base - base.v), 0, sink_areas[i].size);
	}
}

static bool sink_is_content(const struct launch_section *section)
{
	return section->kind == LAUNCH_BFV;
}

/* What of the sections the format can say. *base: where the content starts. */
static enum status sink_check(const struct launch_image *image, uint64_t *base)
{
	uint64_t first = 0;
	uint64_t end = 0;
	uint32_t others = 0;
	for (unsigned i = 0; i < image->count; i++) {
		const struct launch_section *s = &image->sections[i];
		if (!sink_is_content(s)) {
			if (s->kind == LAUNCH_CFV || s->bytes != NULL || s->measured) {
				return ST_UNSUPPORTED;
			}
			others++;
			continue;
		}
		if (!s->measured || (end != 0 && s->base != end) || s->base >= FOUR_GIB ||
		    s->size > FOUR_GIB - s->base || s->bytes_size > s->size) {
			return ST_BAD_RANGE;
		}
		first = end == 0 ? s->base : first;
		end = s->base + s->size;
	}
	if (end == 0) {
		return ST_NOT_FOUND;
	}
	if (end != FOUR_GIB) {
		return ST_BAD_RANGE;
	}
	if (others >= SINK_SECTIONS_MAX || end - first > IMAGE_MAX_SIZE) {
		return ST_NO_SPACE;
	}
	*base = first;
	return ST_OK;
}

/* The byte of the content at an address in it. */
static unsigned sink_byte(const struct launch_image *image, uint64_t address)
{
	for (unsigned i = 0; i < image->count; i++) {
		const struct launch_section *s = &image->sections[i];
		if (address >= s->base && address - s->base < s->bytes_size) {
			return s->bytes[address - s->base];
		}
	}
	return 0;
}

static enum status sink_check_areas(const struct launch_image *image, char *error,
				    size_t error_size)
{
	for (size_t i = 0; i < ARRAY_COUNT(sink_areas); i++) {
		const struct sink_area *area = &sink_areas[i];
		for (uint64_t at = area->base; at < area->base + area->size; at++) {
			unsigned byte = sink_byte(image, at);
			if (byte != 0) {
				fmt_print(error, error_size,
					  "content: byte 0x%02x at 0x%lx, where the %s goes", byte,
					  at, area->name);
				return ST_BAD_FORMAT;
			}
		}
	}
	return ST_OK;
}

/* The content ends the file, and padding of it precedes it. */
static void sink_metadata(const struct launch_image *image, uint64_t base,
			  struct sink_metadata *out)
{
	uint64_t size = FOUR_GIB - base;
	*out = (struct sink_metadata){ .guid = TDVF_DESCRIPTOR_GUID };
	uint32_t count = 0;
	out->sections[count++] = (struct tdvf_section){
		.data_offset = (uint32_t)(align_up(size, IMAGE_ALIGN) - size),
		.raw_data_size = (uint32_t)size,
		.memory_address = base,
		.memory_data_size = size,
		.type = TDVF_SECTION_BFV,
		.attributes = TDVF_ATTRIBUTE_MR_EXTEND,
	};
	for (unsigned i = 0; i < image->count; i++) {
		const struct launch_section *s = &image->sections[i];
		if (!sink_is_content(s)) {
			out->sections[count++] = (struct tdvf_section){
				.memory_address = s->base,
				.memory_data_size = s->size,
				.type = s->kind == LAUNCH_TD_HOB ? TDVF_SECTION_TD_HOB :
								   TDVF_SECTION_TEMP_MEM,
			};
		}
	}
	out->descriptor = (struct tdvf_descriptor){
		.signature = TDVF_SIGNATURE,
		.length = (uint32_t)(sizeof(struct tdvf_descriptor) +
				     count * sizeof(struct tdvf_section)),
		.version = TDVF_VERSION,
		.number_of_sections = count,
	};
}

enum status tdvf_sink_size(const struct launch_image *image, uint64_t *size)
{
	uint64_t base = 0;
	TRY(sink_check(image, &base));
	*size = align_up(FOUR_GIB - base, IMAGE_ALIGN);
	return ST_OK;
}

enum status tdvf_sink_write(const struct launch_image *image, uint8_t *out, uint64_t out_size,
			    char *error, size_t error_size)
{
	uint64_t content = 0;
	enum status st = sink_check(image, &content);
	if (st != ST_OK) {
		fmt_print(error, error_size, "launch image: %s", status_text(st));
		return st;
	}
	const uint64_t size = align_up(FOUR_GIB - content, IMAGE_ALIGN);
	if (out_size != size) {
		fmt_print(error, error_size, "image size 0x%lx (needed 0x%lx)", out_size, size);
		return ST_BAD_ARGUMENT;
	}
	TRY(sink_check_areas(image, error, error_size));

	const uint64_t base = FOUR_GIB - size;
	memset(out, 0, size);
	for (unsigned i = 0; i < image->count; i++) {
		const struct launch_section *s = &image->sections[i];
		if (sink_is_content(s)) {
			memcpy(out + (s->base - base), s->bytes, s->bytes_size);
		}
	}
	struct sink_metadata metadata;
	sink_metadata(image, content, &metadata);
	memcpy(out + (TDVF_METADATA - base), &metadata, sizeof(metadata));

	uint64_t descriptor = TDVF_METADATA + offsetof(struct sink_metadata, descriptor);
	const struct sink_table table = {
		.descriptor_from_end = (uint32_t)(FOUR_GIB - descriptor),
		.entry_length = offsetof(struct sink_table, table_length),
		.entry_guid = TDVF_METADATA_OFFSET_GUID,
		.table_length = offsetof(struct sink_table, descriptor_from_start),
		.footer_guid = TDVF_FOOTER_GUID,
		.descriptor_from_start = (uint32_t)(descriptor - base),
	};
	memcpy(out + (SINK_TABLE - base), &table, sizeof(table));
	return ST_OK;
}
