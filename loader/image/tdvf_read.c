// Reader of TDVF images: find the descriptor, copy it once, check the copy.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [tdvf.h for the layout; QEMU hw/i386/tdvf.c for the rules of sections]
#include "loader/image/tdvf_read.h"

#include <stdbool.h>

#include "arch/base/addr.h"
#include "arch/base/fmt.h"
#include "arch/base/mem.h"

#define READ_PAGE 0x1000
/* A -bios file is a multiple of 64 KiB, maps below 4 GiB, and stays off the APIC page there. */
#define READ_SIZE_UNIT 0x10000
#define READ_SIZE_MAX 0x1000000
#define READ_MEMORY_END BIT64(32)
#define READ_MIN_SECTIONS 2
/* What follows the data of an entry of the GUIDed table: its length, its GUID. */
#define READ_ENTRY_TAIL (2 + TDVF_GUID_SIZE)

struct reader {
	const uint8_t *image;
	uint64_t size;
	char *error;
	size_t error_size;
	uint64_t place; /* in the image: what is being read; of an entry of the GUIDed table its end
			 */
};

/* "<where>: <field> 0x<value>: <rule> (at 0x<place>)" */
static enum status fail(const struct reader *r, enum status status, const char *where,
			const char *field, uint64_t value, const char *rule)
{
	fmt_print(r->error, r->error_size, "%s: %s 0x%lx: %s (at 0x%lx)", where, field, value, rule,
		  r->place);
	return status;
}

static uint64_t tdvf_read_number(const struct reader *r, uint64_t offset, unsigned bytes)
{
	uint64_t value = 0;
	for (unsigned i = 0; i < bytes; i++) {
		value |= (uint64_t)r->image[offset + i] << (8 * i);
	}
	return value;
}

static bool read_guid_is(const struct reader *r, uint64_t offset, const uint8_t *guid)
{
	return memcmp(r->image + offset, guid, TDVF_GUID_SIZE) == 0;
}

/*
 * Walks the GUIDed table down from its footer. All offsets stay in [start, at], and each entry
 * takes at least READ_ENTRY_TAIL bytes, so the walk ends.
 */
static enum status read_guid_table(struct reader *r, uint64_t *descriptor)
{
	static const uint8_t wanted[] = TDVF_METADATA_OFFSET_GUID;
	uint64_t at = r->size - TDVF_FOOTER_FROM_END - 2;
	uint64_t length = tdvf_read_number(r, at, 2);
	r->place = at;
	if (length < READ_ENTRY_TAIL || length - READ_ENTRY_TAIL > at) {
		return fail(r, ST_BAD_FORMAT, "GUIDed table", "length", length,
			    "must hold the footer and lie in the image");
	}
	uint64_t start = at - (length - READ_ENTRY_TAIL);
	while (at != start) {
		r->place = at;
		if (at - start < READ_ENTRY_TAIL) {
			return fail(r, ST_BAD_FORMAT, "GUIDed table", "bytes left", at - start,
				    "too few for an entry");
		}
		uint64_t entry = tdvf_read_number(r, at - READ_ENTRY_TAIL, 2);
		if (entry < READ_ENTRY_TAIL || entry > at - start) {
			return fail(r, ST_BAD_FORMAT, "GUIDed table", "entry length", entry,
				    "must hold its GUID and lie in the table");
		}
		if (read_guid_is(r, at - TDVF_GUID_SIZE, wanted)) {
			if (entry != READ_ENTRY_TAIL + 4) {
				return fail(r, ST_BAD_FORMAT, "TDX metadata entry", "length", entry,
					    "must be 22");
			}
			uint64_t from_end = tdvf_read_number(r, at - entry, 4);
			if (from_end > r->size) {
				return fail(r, ST_TRUNCATED, "TDX metadata entry",
					    "offset from the end", from_end,
					    "is outside the image");
			}
			*descriptor = r->size - from_end;
			return ST_OK;
		}
		at -= entry;
	}
	return fail(r, ST_NOT_FOUND, "GUIDed table", "length", length,
		    "has no entry for TDX metadata");
}

static enum status read_find(struct reader *r, uint64_t *descriptor)
{
	static const uint8_t footer[] = TDVF_FOOTER_GUID;
	if (read_guid_is(r, r->size - TDVF_FOOTER_FROM_END, footer)) {
		return read_guid_table(r, descriptor);
	}
	/* Without the table the pointer may be any code: only a signature makes it a pointer. */
	r->place = r->size - TDVF_POINTER_FROM_END;
	uint64_t offset = tdvf_read_number(r, r->place, 4);
	if (offset > r->size - 4 || tdvf_read_number(r, offset, 4) != TDVF_SIGNATURE) {
		return fail(r, ST_NOT_FOUND, "image", "pointer at size - 0x20", offset,
			    "no GUIDed table, and this leads to no TDVF descriptor");
	}
	*descriptor = offset;
	return ST_OK;
}

static enum status read_check_data(const struct reader *r, const char *where,
				   const struct tdvf_section *s)
{
	bool has_data = s->type == TDVF_SECTION_BFV || s->type == TDVF_SECTION_CFV;
	if (has_data && s->raw_data_size == 0) {
		return fail(r, ST_BAD_FORMAT, where, "raw_data_size", 0,
			    "BFV and CFV must have data");
	}
	if (!has_data && s->raw_data_size != 0) {
		return fail(r, ST_BAD_FORMAT, where, "raw_data_size", s->raw_data_size,
			    "TD HOB and TempMem have no data");
	}
	if (s->memory_data_size < s->raw_data_size) {
		return fail(r, ST_BAD_FORMAT, where, "memory_data_size", s->memory_data_size,
			    "is below raw_data_size");
	}
	if (has_data && (s->data_offset > r->size || s->raw_data_size > r->size - s->data_offset)) {
		return fail(r, ST_TRUNCATED, where, "data_offset", s->data_offset,
			    "the section's data end outside the image");
	}
	if ((s->attributes & ~(uint32_t)TDVF_ATTRIBUTE_MR_EXTEND) != 0) {
		return fail(r, ST_UNSUPPORTED, where, "attributes", s->attributes,
			    "only bit 0, MR_EXTEND, is known for these types");
	}
	if (s->attributes != 0 && !has_data) {
		return fail(r, ST_UNSUPPORTED, where, "attributes", s->attributes,
			    "only BFV and CFV can be measured");
	}
	return ST_OK;
}

static enum status read_check_memory(const struct reader *r, const char *where,
				     const struct tdvf_section *s)
{
	if (!is_aligned(s->memory_address, READ_PAGE)) {
		return fail(r, ST_BAD_RANGE, where, "memory_address", s->memory_address,
			    "must be a multiple of 4 KiB");
	}
	if (s->memory_data_size == 0 || !is_aligned(s->memory_data_size, READ_PAGE)) {
		return fail(r, ST_BAD_RANGE, where, "memory_data_size", s->memory_data_size,
			    "must be a multiple of 4 KiB, not 0");
	}
	if (s->memory_address + (s->memory_data_size - 1) < s->memory_address) {
		return fail(r, ST_BAD_RANGE, where, "memory_data_size", s->memory_data_size,
			    "wraps around 2^64");
	}
	if (s->memory_address >= READ_MEMORY_END ||
	    s->memory_data_size > READ_MEMORY_END - s->memory_address) {
		return fail(r, ST_UNSUPPORTED, where, "memory_address", s->memory_address,
			    "the section ends above 4 GiB");
	}
	return ST_OK;
}

static enum status read_check_sections(struct reader *r, const struct tdvf_section *sections,
				       unsigned count)
{
	char where[16];
	const uint64_t descriptor = r->place;
	unsigned seen[TDVF_SECTION_TYPE_COUNT] = { 0 };
	for (unsigned i = 0; i < count; i++) {
		const struct tdvf_section *s = &sections[i];
		fmt_print(where, sizeof(where), "section %u", i);
		r->place = descriptor + sizeof(struct tdvf_descriptor) + i * sizeof(*s);
		if (s->type >= TDVF_SECTION_TYPE_COUNT) {
			return fail(r, ST_UNSUPPORTED, where, "type", s->type,
				    "only BFV, CFV, TD HOB and TempMem are supported");
		}
		seen[s->type]++;
		TRY(read_check_memory(r, where, s));
		TRY(read_check_data(r, where, s));
		for (unsigned j = 0; j < i; j++) {
			if (ranges_overlap(s->memory_address, s->memory_data_size,
					   sections[j].memory_address,
					   sections[j].memory_data_size)) {
				return fail(r, ST_BAD_RANGE, where, "memory_address",
					    s->memory_address, "overlaps an earlier section");
			}
		}
	}
	r->place = descriptor;
	if (seen[TDVF_SECTION_TD_HOB] != 1) {
		return fail(r, ST_BAD_FORMAT, "descriptor", "TD HOB sections",
			    seen[TDVF_SECTION_TD_HOB], "there must be one");
	}
	if (seen[TDVF_SECTION_BFV] == 0) {
		return fail(r, ST_BAD_FORMAT, "descriptor", "BFV sections", 0,
			    "there must be at least one");
	}
	return ST_OK;
}

static enum status read_descriptor(struct reader *r, uint64_t offset, struct tdvf_descriptor *out)
{
	const char *where = "descriptor";
	r->place = offset;
	if (r->size - offset < sizeof(*out)) {
		return fail(r, ST_TRUNCATED, where, "offset", offset, "ends outside the image");
	}
	struct tdvf_descriptor d;
	memcpy(&d, r->image + offset, sizeof(d));
	if (d.signature != TDVF_SIGNATURE) {
		return fail(r, ST_BAD_FORMAT, where, "signature", d.signature, "is not \"TDVF\"");
	}
	if (d.version != TDVF_VERSION) {
		return fail(r, ST_UNSUPPORTED, where, "version", d.version, "only 1 is known");
	}
	if (d.number_of_sections < READ_MIN_SECTIONS) {
		return fail(r, ST_BAD_FORMAT, where, "number_of_sections", d.number_of_sections,
			    "must be 2 or more");
	}
	if (d.number_of_sections > LAUNCH_SECTIONS_MAX) {
		return fail(r, ST_UNSUPPORTED, where, "number_of_sections", d.number_of_sections,
			    "must be 16 or less");
	}
	uint64_t length = sizeof(d) + d.number_of_sections * sizeof(struct tdvf_section);
	if (d.length != length) {
		return fail(r, ST_BAD_FORMAT, where, "length", d.length,
			    "must be 16 + 32 * number_of_sections");
	}
	if (length > r->size - offset) {
		return fail(r, ST_TRUNCATED, where, "length", d.length, "ends outside the image");
	}
	*out = d;
	return ST_OK;
}

/* What a launch image has of a section that has been checked. */
static struct launch_section tdvf_read_section(const struct reader *r, const struct tdvf_section *s)
{
	static const struct {
		enum launch_kind kind;
		const char *tag;
	} types[TDVF_SECTION_TYPE_COUNT] = {
		[TDVF_SECTION_BFV] = { LAUNCH_BFV, "BFV" },
		[TDVF_SECTION_CFV] = { LAUNCH_CFV, "CFV" },
		[TDVF_SECTION_TD_HOB] = { LAUNCH_TD_HOB, "TD_HOB" },
		[TDVF_SECTION_TEMP_MEM] = { LAUNCH_TEMP_MEM, "TempMem" },
	};
	return (struct launch_section){
		.tag = types[s->type].tag,
		.base = s->memory_address,
		.size = s->memory_data_size,
		.kind = types[s->type].kind,
		.measured = (s->attributes & TDVF_ATTRIBUTE_MR_EXTEND) != 0,
		.bytes = s->raw_data_size != 0 ? r->image + s->data_offset : NULL,
		.bytes_size = s->raw_data_size,
	};
}

enum status tdvf_read(const uint8_t *file, uint64_t size, struct launch_image *out, char *error,
		      size_t error_size)
{
	struct reader r = { .image = file, .size = size, .error = error, .error_size = error_size };
	struct tdvf_section sections[LAUNCH_SECTIONS_MAX];
	if (size == 0 || !is_aligned(size, READ_SIZE_UNIT)) {
		return fail(&r, ST_BAD_FORMAT, "image", "size", size,
			    "must be a multiple of 64 KiB, not 0");
	}
	if (size > READ_SIZE_MAX) {
		return fail(&r, ST_UNSUPPORTED, "image", "size", size, "is above 16 MiB");
	}
	uint64_t offset = 0;
	struct tdvf_descriptor descriptor = { 0 };
	TRY(read_find(&r, &offset));
	TRY(read_descriptor(&r, offset, &descriptor));

	memcpy(sections, file + offset + sizeof(descriptor),
	       descriptor.number_of_sections * sizeof(sections[0]));
	TRY(read_check_sections(&r, sections, descriptor.number_of_sections));
	*out = (struct launch_image){
		.file = file,
		.file_size = size,
		.metadata = offset,
		.mapped = true,
		.count = descriptor.number_of_sections,
	};
	for (unsigned i = 0; i < out->count; i++) {
		out->sections[i] = tdvf_read_section(&r, &sections[i]);
	}
	return ST_OK;
}
