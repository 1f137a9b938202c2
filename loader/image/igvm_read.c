// Reader of IGVM files: fixed header, then each variable header in turn, checked and carried out.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [arch/tdx/igvm.h for the layout]
#include "loader/image/igvm_read.h"

#include "arch/base/addr.h"
#include "arch/base/check.h"
#include "arch/base/fmt.h"
#include "arch/base/mem.h"
#include "arch/tdx/igvm.h"
#include "loader/image/crc32.h"

#define IGVM_FILE_MAX 0x1000000
#define IGVM_MEMORY_END BIT64(32)
/* In the last page below 4 GiB all vCPUs start. */
#define IGVM_START_PAGE (IGVM_MEMORY_END - IGVM_PAGE)
#define IGVM_AREAS_MAX 16
/* The SHARED bit of a TD, by its width of guest physical addresses. */
#define IGVM_BOUNDARY_48 BIT64(47)
#define IGVM_BOUNDARY_52 BIT64(51)

struct igvm_area {
	uint32_t index;
	bool inserted;
	uint64_t size;
	const uint8_t *bytes; /* NULL: zeros */
};

/* Where a parameter stands. */
struct igvm_place {
	const struct igvm_area *area;
	uint32_t offset;
	uint32_t type;
};

struct igvm_reader {
	const uint8_t *file;
	uint64_t size;
	char *error;
	size_t error_size;
	uint64_t data;      /* where the file data start */
	uint32_t section;   /* the first type of the section that the headers are in */
	uint32_t platforms; /* masks of all platforms so far */
	uint32_t tdx;       /* the mask of the platform TDX, 0: not seen yet */
	bool has_policy;
	unsigned area_count;
	struct igvm_area areas[IGVM_AREAS_MAX];
	unsigned parameter_count;
	struct igvm_place parameters[LAUNCH_PARAMETERS_MAX];
	struct launch_image image;
};

/* A row of igvm_types.def. */
struct igvm_row {
	const char *name;
	uint32_t type;
	uint32_t bytes;
	uint32_t mask;
};

/* A variable header whose form has been checked. */
struct igvm_header {
	const struct igvm_row *row;
	uint64_t at; /* in the file */
	const uint8_t *structure;
};

/* "<what> at 0x<offset>: <field> 0x<value>: <rule>" */
static enum status igvm_fail(const struct igvm_reader *r, enum status status, const char *what,
			     uint64_t at, const char *field, uint64_t value, const char *rule)
{
	fmt_print(r->error, r->error_size, "IGVM %s at 0x%lx: %s 0x%lx: %s", what, at, field, value,
		  rule);
	return status;
}

static enum status igvm_refuse(const struct igvm_reader *r, const struct igvm_header *h,
			       enum status status, const char *field, uint64_t value,
			       const char *rule)
{
	return igvm_fail(r, status, h->row->name, h->at, field, value, rule);
}

static uint32_t igvm_u32(const uint8_t *at)
{
	uint32_t value;
	memcpy(&value, at, sizeof(value));
	return value;
}

/* Copies what the structure of the header is. */
static void igvm_copy(const struct igvm_header *h, void *out, size_t size)
{
	CHECK(h->row->bytes == size);
	memcpy(out, h->structure, size);
}

/* The bytes that a file_offset leads to; NULL for 0, which means zeros. */
static enum status igvm_contents(const struct igvm_reader *r, const struct igvm_header *h,
				 uint32_t offset, uint64_t size, const uint8_t **out)
{
	*out = NULL;
	if (offset == 0) {
		return ST_OK;
	}
	if (offset < r->data) {
		return igvm_refuse(r, h, ST_BAD_FORMAT, "file_offset", offset,
				   "lies before the file data");
	}
	if (offset > r->size || size > r->size - offset) {
		return igvm_refuse(r, h, ST_TRUNCATED, "file_offset", offset,
				   "the contents end outside the file");
	}
	*out = r->file + offset;
	return ST_OK;
}

/* ---- what a TD is made of -------------------------------------------------------------------- */

/* [gpa, gpa + size) lies below 4 GiB, and on nothing that is there already. */
static enum status igvm_check_memory(const struct igvm_reader *r, const struct igvm_header *h,
				     uint64_t gpa, uint64_t size)
{
	if (!is_aligned(gpa, IGVM_PAGE)) {
		return igvm_refuse(r, h, ST_BAD_RANGE, "gpa", gpa, "must be a multiple of 4 KiB");
	}
	if (gpa + (size - 1) < gpa) {
		return igvm_refuse(r, h, ST_BAD_RANGE, "gpa", gpa, "it wraps around 2^64");
	}
	if (gpa >= IGVM_MEMORY_END || size > IGVM_MEMORY_END - gpa) {
		return igvm_refuse(r, h, ST_UNSUPPORTED, "gpa", gpa, "it ends above 4 GiB");
	}
	for (unsigned i = 0; i < r->image.count; i++) {
		const struct launch_section *s = &r->image.sections[i];
		if (ranges_overlap(gpa, size, s->base, s->size)) {
			return igvm_refuse(r, h, ST_BAD_RANGE, "gpa", gpa,
					   "overlaps an earlier page");
		}
	}
	return ST_OK;
}

/* The page goes on where the last section ends, in memory and in the file. */
static bool igvm_continue(struct launch_image *image, const struct launch_section *page)
{
	if (image->count == 0) {
		return false;
	}
	struct launch_section *last = &image->sections[image->count - 1];
	if (last->kind != page->kind || last->base + last->size != page->base) {
		return false;
	}
	if (page->bytes != NULL &&
	    (last->bytes_size != last->size || last->bytes + last->bytes_size != page->bytes)) {
		return false;
	}
	last->size += page->size;
	last->bytes_size += page->bytes_size;
	return true;
}

static enum status igvm_append(struct igvm_reader *r, const struct igvm_header *h,
			       const struct launch_section *section)
{
	struct launch_image *image = &r->image;
	if (image->count == LAUNCH_SECTIONS_MAX) {
		return igvm_refuse(r, h, ST_UNSUPPORTED, "gpa", section->base,
				   "there are 16 ranges of pages already");
	}
	image->sections[image->count++] = *section;
	return ST_OK;
}

static enum status igvm_check_page(const struct igvm_reader *r, const struct igvm_header *h,
				   const struct igvm_page_data *page)
{
	if (page->reserved_16 != 0) {
		return igvm_refuse(r, h, ST_BAD_FORMAT, "reserved", page->reserved_16, "must be 0");
	}
	if ((page->flags & IGVM_PAGE_2M) != 0) {
		return igvm_refuse(r, h, ST_UNSUPPORTED, "flags", page->flags,
				   "a page of 2 MiB: a TD gets 4 KiB");
	}
	if ((page->flags & IGVM_PAGE_SHARED) != 0) {
		return igvm_refuse(r, h, ST_UNSUPPORTED, "flags", page->flags,
				   "a shared page: only private ones are supported");
	}
	if ((page->flags & ~IGVM_PAGE_UNMEASURED) != 0) {
		return igvm_refuse(r, h, ST_BAD_FORMAT, "flags", page->flags,
				   "reserved bits must be 0");
	}
	if (page->data_type != IGVM_DATA_NORMAL) {
		return igvm_refuse(r, h, ST_UNSUPPORTED, "data_type", page->data_type,
				   "a TD has normal data only");
	}
	return igvm_check_memory(r, h, page->gpa, IGVM_PAGE);
}

static enum status igvm_page(struct igvm_reader *r, const struct igvm_header *h)
{
	struct igvm_page_data page;
	igvm_copy(h, &page, sizeof(page));
	TRY(igvm_check_page(r, h, &page));
	bool measured = (page.flags & IGVM_PAGE_UNMEASURED) == 0;
	struct launch_section section = {
		.tag = "pages",
		.base = page.gpa,
		.size = IGVM_PAGE,
		.kind = measured ? LAUNCH_BFV : LAUNCH_CFV,
		.measured = measured,
	};
	TRY(igvm_contents(r, h, page.file_offset, IGVM_PAGE, &section.bytes));
	section.bytes_size = section.bytes != NULL ? IGVM_PAGE : 0;
	return igvm_continue(&r->image, &section) ? ST_OK : igvm_append(r, h, &section);
}

/* ---- parameters ------------------------------------------------------------------------------ */

static struct igvm_area *igvm_find_area(struct igvm_reader *r, uint32_t index)
{
	for (unsigned i = 0; i < r->area_count; i++) {
		if (r->areas[i].index == index) {
			return &r->areas[i];
		}
	}
	return NULL;
}

/* The area of an index that was declared and not yet inserted. */
static enum status igvm_open_area(struct igvm_reader *r, const struct igvm_header *h,
				  uint32_t index, struct igvm_area **out)
{
	struct igvm_area *area = igvm_find_area(r, index);
	if (area == NULL) {
		return igvm_refuse(r, h, ST_NOT_FOUND, "parameter_area_index", index,
				   "no such area before it");
	}
	if (area->inserted) {
		return igvm_refuse(r, h, ST_BAD_FORMAT, "parameter_area_index", index,
				   "the area has been inserted");
	}
	*out = area;
	return ST_OK;
}

static enum status igvm_declare(struct igvm_reader *r, const struct igvm_header *h)
{
	struct igvm_parameter_area area;
	const uint8_t *bytes = NULL;
	igvm_copy(h, &area, sizeof(area));
	if (area.number_of_bytes == 0 || !is_aligned(area.number_of_bytes, IGVM_PAGE)) {
		return igvm_refuse(r, h, ST_BAD_FORMAT, "number_of_bytes", area.number_of_bytes,
				   "must be a multiple of 4 KiB, not 0");
	}
	if (area.number_of_bytes > IGVM_FILE_MAX) {
		return igvm_refuse(r, h, ST_UNSUPPORTED, "number_of_bytes", area.number_of_bytes,
				   "is above 16 MiB");
	}
	if (igvm_find_area(r, area.parameter_area_index) != NULL) {
		return igvm_refuse(r, h, ST_BAD_FORMAT, "parameter_area_index",
				   area.parameter_area_index, "is there twice");
	}
	if (r->area_count == IGVM_AREAS_MAX) {
		return igvm_refuse(r, h, ST_UNSUPPORTED, "parameter_area_index",
				   area.parameter_area_index, "there are 16 areas already");
	}
	TRY(igvm_contents(r, h, area.file_offset, area.number_of_bytes, &bytes));
	r->areas[r->area_count++] = (struct igvm_area){
		.index = area.parameter_area_index,
		.size = area.number_of_bytes,
		.bytes = bytes,
	};
	return ST_OK;
}

/* The least size of what the host writes for a parameter. */
static uint64_t igvm_parameter_size(uint32_t type)
{
	switch (type) {
	case IGVM_VP_COUNT:
	case IGVM_ENVIRONMENT_INFO:
		return sizeof(uint32_t);
	case IGVM_MMIO_RANGES:
		return IGVM_MMIO_RANGES_SIZE;
	case IGVM_MEMORY_MAP:
		return sizeof(struct igvm_memory_map_entry);
	default:
		return 1;
	}
}

static enum status igvm_parameter(struct igvm_reader *r, const struct igvm_header *h)
{
	struct igvm_parameter parameter;
	struct igvm_area *area = NULL;
	igvm_copy(h, &parameter, sizeof(parameter));
	TRY(igvm_open_area(r, h, parameter.parameter_area_index, &area));
	if (parameter.byte_offset + igvm_parameter_size(h->row->type) > area->size) {
		return igvm_refuse(r, h, ST_TRUNCATED, "byte_offset", parameter.byte_offset,
				   "the parameter ends outside its area");
	}
	if (r->parameter_count == LAUNCH_PARAMETERS_MAX) {
		return igvm_refuse(r, h, ST_UNSUPPORTED, "byte_offset", parameter.byte_offset,
				   "there are 16 parameters already");
	}
	r->parameters[r->parameter_count++] =
		(struct igvm_place){ area, parameter.byte_offset, h->row->type };
	return ST_OK;
}

/* What the host writes into an area that has got its place. */
static void igvm_place_parameters(struct igvm_reader *r, const struct igvm_area *area, uint64_t gpa)
{
	struct launch_image *image = &r->image;
	for (unsigned i = 0; i < r->parameter_count; i++) {
		const struct igvm_place *place = &r->parameters[i];
		if (place->area == area) {
			image->parameters[image->parameter_count++] = (struct launch_parameter){
				.type = place->type,
				.base = gpa + place->offset,
				.size = area->size - place->offset,
			};
		}
	}
}

static enum status igvm_insert(struct igvm_reader *r, const struct igvm_header *h)
{
	struct igvm_parameter_insert insert;
	struct igvm_area *area = NULL;
	igvm_copy(h, &insert, sizeof(insert));
	TRY(igvm_open_area(r, h, insert.parameter_area_index, &area));
	TRY(igvm_check_memory(r, h, insert.gpa, area->size));
	area->inserted = true;
	const struct launch_section section = {
		.tag = "parameters",
		.base = insert.gpa,
		.size = area->size,
		.kind = LAUNCH_PARAMETERS,
		.bytes = area->bytes,
		.bytes_size = area->bytes != NULL ? area->size : 0,
	};
	igvm_place_parameters(r, area, insert.gpa);
	return igvm_append(r, h, &section);
}

/* ---- the other headers ----------------------------------------------------------------------- */

static enum status igvm_platform(struct igvm_reader *r, const struct igvm_header *h)
{
	struct igvm_supported_platform platform;
	igvm_copy(h, &platform, sizeof(platform));
	uint32_t mask = platform.compatibility_mask;
	if (mask == 0 || (mask & (mask - 1)) != 0 || (mask & r->platforms) != 0) {
		return igvm_refuse(r, h, ST_BAD_FORMAT, "compatibility_mask", mask,
				   "must be one bit that no other platform has");
	}
	r->platforms |= mask;
	if (platform.platform_type != IGVM_PLATFORM_TDX) {
		return ST_OK;
	}
	if (r->tdx != 0) {
		return igvm_refuse(r, h, ST_BAD_FORMAT, "platform_type", platform.platform_type,
				   "TDX is there twice");
	}
	if (platform.platform_version != IGVM_PLATFORM_TDX_VERSION) {
		return igvm_refuse(r, h, ST_UNSUPPORTED, "platform_version",
				   platform.platform_version, "only 1 is known");
	}
	if (platform.highest_vtl != 0 && platform.highest_vtl != 2) {
		return igvm_refuse(r, h, ST_BAD_FORMAT, "highest_vtl", platform.highest_vtl,
				   "must be 0 or 2");
	}
	uint64_t boundary = platform.shared_gpa_boundary;
	if (boundary != 0 && boundary != IGVM_BOUNDARY_48 && boundary != IGVM_BOUNDARY_52) {
		return igvm_refuse(r, h, ST_BAD_FORMAT, "shared_gpa_boundary", boundary,
				   "must be 0, or bit 47 or 51 alone");
	}
	r->tdx = mask;
	return ST_OK;
}

static enum status igvm_policy(struct igvm_reader *r, const struct igvm_header *h)
{
	struct igvm_guest_policy policy;
	igvm_copy(h, &policy, sizeof(policy));
	if (r->has_policy) {
		return igvm_refuse(r, h, ST_BAD_FORMAT, "policy", policy.policy, "is there twice");
	}
	if ((policy.policy & ~(IGVM_TDX_POLICY_DEBUG_ALLOWED | IGVM_TDX_POLICY_SEPT_VE_DISABLE |
			       IGVM_TDX_POLICY_MIGRATABLE)) != 0) {
		return igvm_refuse(r, h, ST_BAD_FORMAT, "policy", policy.policy,
				   "reserved bits must be 0");
	}
	if (policy.reserved_0c != 0) {
		return igvm_refuse(r, h, ST_BAD_FORMAT, "reserved", policy.reserved_0c,
				   "must be 0");
	}
	r->has_policy = true;
	return ST_OK;
}

/* A hint: whether the memory is there the host that builds the TD knows. */
static enum status igvm_required(const struct igvm_reader *r, const struct igvm_header *h)
{
	struct igvm_required_memory required;
	igvm_copy(h, &required, sizeof(required));
	uint64_t end = required.gpa + required.number_of_bytes;
	if (!is_aligned(required.gpa | required.number_of_bytes, IGVM_PAGE) ||
	    required.number_of_bytes == 0 || end < required.gpa) {
		return igvm_refuse(r, h, ST_BAD_RANGE, "gpa", required.gpa,
				   "must have whole pages, and not wrap around 2^64");
	}
	if ((required.flags & ~IGVM_REQUIRED_VTL2_PROTECTABLE) != 0) {
		return igvm_refuse(r, h, ST_BAD_FORMAT, "flags", required.flags,
				   "reserved bits must be 0");
	}
	if (required.reserved_14 != 0) {
		return igvm_refuse(r, h, ST_BAD_FORMAT, "reserved", required.reserved_14,
				   "must be 0");
	}
	return ST_OK;
}

/* Does what a header for TDX says. */
static enum status igvm_carry_out(struct igvm_reader *r, const struct igvm_header *h)
{
	switch (h->row->type) {
	case IGVM_GUEST_POLICY:
		return igvm_policy(r, h);
	case IGVM_RELOCATABLE_REGION:
	case IGVM_PAGE_TABLE_RELOCATION:
	case IGVM_CORIM_DOCUMENT:
	case IGVM_CORIM_SIGNATURE:
		return ST_OK;
	case IGVM_PARAMETER_AREA:
		return igvm_declare(r, h);
	case IGVM_PAGE_DATA:
		return igvm_page(r, h);
	case IGVM_PARAMETER_INSERT:
		return igvm_insert(r, h);
	case IGVM_REQUIRED_MEMORY:
		return igvm_required(r, h);
	case IGVM_VP_CONTEXT:
		return igvm_refuse(r, h, ST_UNSUPPORTED, "type", h->row->type,
				   "a vCPU of a TD starts in its reset state");
	case IGVM_ERROR_RANGE:
		return igvm_refuse(r, h, ST_UNSUPPORTED, "type", h->row->type,
				   "shared pages: only private ones are supported");
	case IGVM_SNP_ID_BLOCK:
	case IGVM_VBS_MEASUREMENT:
		return igvm_refuse(r, h, ST_BAD_FORMAT, "type", h->row->type, "is not TDX's");
	default:
		return igvm_parameter(r, h);
	}
}

/* ---- the file -------------------------------------------------------------------------------- */

static const struct igvm_row *igvm_find_row(uint32_t type)
{
	static const struct igvm_row rows[] = {
#define IGVM_TYPE(name, type, bytes, mask) { #name, (type), (bytes), (mask) },
#include "arch/tdx/igvm_types.def"
#undef IGVM_TYPE
	};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		if (rows[i].type == type) {
			return &rows[i];
		}
	}
	return NULL;
}

static enum status igvm_enter_section(struct igvm_reader *r, const struct igvm_header *h)
{
	uint32_t type = h->row->type;
	uint32_t section = type >= IGVM_DIRECTIVE_FIRST      ? IGVM_DIRECTIVE_FIRST :
			   type >= IGVM_INITIALIZATION_FIRST ? IGVM_INITIALIZATION_FIRST :
							       IGVM_PLATFORM_FIRST;
	if (section < r->section) {
		return igvm_refuse(r, h, ST_BAD_FORMAT, "type", type,
				   "follows a header of a later section");
	}
	r->section = section;
	return ST_OK;
}

static enum status igvm_one(struct igvm_reader *r, const struct igvm_header *h)
{
	TRY(igvm_enter_section(r, h));
	if (h->row->type == IGVM_SUPPORTED_PLATFORM) {
		return igvm_platform(r, h);
	}
	if (r->tdx == 0) {
		return igvm_refuse(r, h, ST_NOT_FOUND, "type", h->row->type,
				   "there is no platform TDX before it");
	}
	if (h->row->mask != IGVM_NO_MASK) {
		uint32_t mask = igvm_u32(h->structure + h->row->mask);
		if (mask == 0 || (mask & ~r->platforms) != 0) {
			return igvm_refuse(r, h, ST_BAD_FORMAT, "compatibility_mask", mask,
					   "must name platforms of the file");
		}
		if ((mask & r->tdx) == 0) {
			return ST_OK;
		}
	}
	return igvm_carry_out(r, h);
}

/* Reads the header at *at, which becomes the place of the next one. */
static enum status igvm_next(struct igvm_reader *r, uint64_t *at)
{
	const char *what = "variable header";
	struct igvm_variable_header header;
	uint64_t left = r->data - *at;
	if (left < sizeof(header)) {
		return igvm_fail(r, ST_TRUNCATED, what, *at, "bytes left", left,
				 "too few for a header");
	}
	memcpy(&header, r->file + *at, sizeof(header));
	left -= sizeof(header);
	uint64_t padded = align_up(header.length, IGVM_ALIGN);
	if (padded > left) {
		return igvm_fail(r, ST_TRUNCATED, what, *at, "length", header.length,
				 "ends outside the variable headers");
	}
	const uint8_t *structure = r->file + *at + sizeof(header);
	for (uint64_t i = header.length; i < padded; i++) {
		if (structure[i] != 0) {
			return igvm_fail(r, ST_BAD_FORMAT, what, *at, "padding", structure[i],
					 "must be 0");
		}
	}
	const struct igvm_header h = { igvm_find_row(header.type & ~IGVM_TYPE_OPTIONAL), *at,
				       structure };
	*at += sizeof(header) + padded;
	if (h.row == NULL) {
		return (header.type & IGVM_TYPE_OPTIONAL) != 0 ?
			       ST_OK :
			       igvm_fail(r, ST_UNSUPPORTED, what, h.at, "type", header.type,
					 "is not known, and not optional");
	}
	if (header.length != h.row->bytes) {
		return igvm_refuse(r, &h, ST_BAD_FORMAT, "length", header.length,
				   "is not that of the type");
	}
	return igvm_one(r, &h);
}

static enum status igvm_check_version(const struct igvm_reader *r,
				      const struct igvm_fixed_header *fixed, uint64_t *size)
{
	const char *what = "fixed header";
	*size = sizeof(*fixed);
	if (fixed->format_version == IGVM_VERSION_1) {
		return ST_OK;
	}
	if (fixed->format_version != IGVM_VERSION_2) {
		return igvm_fail(r, ST_UNSUPPORTED, what, 0, "format_version",
				 fixed->format_version, "only 1 and 2 are known");
	}
	struct igvm_fixed_header_2 more;
	*size += sizeof(more);
	if (r->size < *size) {
		return igvm_fail(r, ST_TRUNCATED, what, 0, "file size", r->size,
				 "too small for version 2");
	}
	memcpy(&more, r->file + sizeof(*fixed), sizeof(more));
	if (more.architecture != IGVM_ARCHITECTURE_X64) {
		return igvm_fail(r, ST_UNSUPPORTED, what, 0, "architecture", more.architecture,
				 "must be 0, x64");
	}
	if (more.page_size != IGVM_PAGE) {
		return igvm_fail(r, ST_UNSUPPORTED, what, 0, "page_size", more.page_size,
				 "must be 4 KiB");
	}
	return ST_OK;
}

static enum status igvm_check_checksum(const struct igvm_reader *r, uint64_t fixed_size,
				       uint64_t headers, uint32_t checksum)
{
	static const uint8_t zero[sizeof(checksum)];
	uint64_t after = IGVM_CHECKSUM_OFFSET + sizeof(checksum);
	uint32_t crc = crc32_update(0, r->file, IGVM_CHECKSUM_OFFSET);
	crc = crc32_update(crc, zero, sizeof(zero));
	crc = crc32_update(crc, r->file + after, fixed_size - after);
	crc = crc32_update(crc, r->file + headers, r->data - headers);
	if (crc != checksum) {
		return igvm_fail(r, ST_BAD_FORMAT, "fixed header", 0, "checksum", checksum,
				 "is not the CRC-32 of the headers");
	}
	return ST_OK;
}

/* Reads the fixed header; *headers: where the variable headers start. */
static enum status igvm_fixed(struct igvm_reader *r, uint64_t *headers)
{
	const char *what = "fixed header";
	struct igvm_fixed_header fixed;
	uint64_t fixed_size = 0;
	if (r->size < sizeof(fixed)) {
		return igvm_fail(r, ST_TRUNCATED, what, 0, "file size", r->size,
				 "too small for it");
	}
	if (r->size > IGVM_FILE_MAX) {
		return igvm_fail(r, ST_UNSUPPORTED, what, 0, "file size", r->size,
				 "is above 16 MiB");
	}
	memcpy(&fixed, r->file, sizeof(fixed));
	if (fixed.magic != IGVM_MAGIC) {
		return igvm_fail(r, ST_BAD_FORMAT, what, 0, "magic", fixed.magic,
				 "is not \"IGVM\"");
	}
	TRY(igvm_check_version(r, &fixed, &fixed_size));
	if (fixed.total_file_size != r->size) {
		return igvm_fail(r, ST_BAD_FORMAT, what, 0, "total_file_size",
				 fixed.total_file_size, "is not the file's");
	}
	*headers = fixed.variable_header_offset;
	if (*headers < fixed_size || !is_aligned(*headers, IGVM_ALIGN)) {
		return igvm_fail(r, ST_BAD_FORMAT, what, 0, "variable_header_offset", *headers,
				 "must be a multiple of 8 beyond the fixed header");
	}
	r->data = *headers + fixed.variable_header_size;
	if (r->data > r->size) {
		return igvm_fail(r, ST_TRUNCATED, what, 0, "variable_header_size",
				 fixed.variable_header_size, "ends outside the file");
	}
	return igvm_check_checksum(r, fixed_size, *headers, fixed.checksum);
}

static enum status igvm_check_start(const struct igvm_reader *r)
{
	for (unsigned i = 0; i < r->image.count; i++) {
		const struct launch_section *s = &r->image.sections[i];
		if (s->measured && ranges_overlap(s->base, s->size, IGVM_START_PAGE, IGVM_PAGE)) {
			return ST_OK;
		}
	}
	return igvm_fail(r, ST_NOT_FOUND, "file data", r->data, "page", IGVM_START_PAGE,
			 "that of the reset vector must be there, and measured");
}

bool igvm_is(const uint8_t *file, uint64_t size)
{
	return size >= sizeof(uint32_t) && igvm_u32(file) == IGVM_MAGIC;
}

enum status igvm_read(const uint8_t *file, uint64_t size, struct launch_image *out, char *error,
		      size_t error_size)
{
	struct igvm_reader r = {
		.file = file, .size = size, .error = error, .error_size = error_size
	};
	uint64_t at = 0;
	TRY(igvm_fixed(&r, &at));
	r.image = (struct launch_image){ .file = file, .file_size = size, .metadata = at };
	while (at != r.data) {
		TRY(igvm_next(&r, &at));
	}
	TRY(igvm_check_start(&r));
	*out = r.image;
	return ST_OK;
}
