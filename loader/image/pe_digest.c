// The digest of a PE image by which UEFI measures it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/image/pe_digest.h"

#include "arch/base/fmt.h"
#include "arch/base/mem.h"
#include "loader/image/sha384.h"
#include "loader/payload/pe_headers.h"

struct pe_reader {
	const uint8_t *file;
	uint64_t size;
	struct pe_headers headers;
	struct pe_optional optional;
	struct pe_section sections[PE_SECTIONS_MAX]; /* with data, by their places in the file */
	unsigned count;
	char *error;
	size_t error_size;
};

static enum status pe_refuse(const struct pe_reader *r, enum status status, const char *field,
			     uint64_t value, uint64_t offset, const char *rule)
{
	fmt_print(r->error, r->error_size, "%s 0x%lx at 0x%lx: %s", field, value, offset, rule);
	return status;
}

static enum status read_optional(struct pe_reader *r)
{
	const struct pe_headers *h = &r->headers;
	const struct pe_optional *o = &r->optional;
	uint64_t sections_end = h->sections + h->pe.sections * sizeof(struct pe_section);
	if (h->pe.optional_size < sizeof(*o)) {
		return pe_refuse(r, ST_UNSUPPORTED, "SizeOfOptionalHeader", h->pe.optional_size,
				 h->optional - sizeof(h->pe) +
					 offsetof(struct pe_header, optional_size),
				 "must be 0x98 or more");
	}
	memcpy(&r->optional, r->file + h->optional, sizeof(*o));
	if (o->magic != PE_OPTIONAL_MAGIC) {
		return pe_refuse(r, ST_UNSUPPORTED, "Magic", o->magic, h->optional,
				 "must be 0x20b, PE32+");
	}
	if (o->directory_count < PE_DIRECTORIES_MIN) {
		return pe_refuse(r, ST_UNSUPPORTED, "NumberOfRvaAndSizes", o->directory_count,
				 h->optional + offsetof(struct pe_optional, directory_count),
				 "must be 5 or more");
	}
	if (o->headers_size < sections_end || o->headers_size > r->size) {
		return pe_refuse(r, ST_TRUNCATED, "SizeOfHeaders", o->headers_size,
				 h->optional + offsetof(struct pe_optional, headers_size),
				 "must hold the sections' headers, and lie in the file");
	}
	if (o->certificates_size != 0 &&
	    (uint64_t)o->certificates + o->certificates_size != r->size) {
		return pe_refuse(r, ST_BAD_FORMAT, "certificates' size", o->certificates_size,
				 h->optional + offsetof(struct pe_optional, certificates_size),
				 "they must end where the file does");
	}
	return ST_OK;
}

static enum status read_sections(struct pe_reader *r)
{
	for (unsigned i = 0; i < r->headers.pe.sections; i++) {
		struct pe_section section;
		uint64_t at = r->headers.sections + i * sizeof(section);
		unsigned place = r->count;
		memcpy(&section, r->file + at, sizeof(section));
		if (section.raw_size == 0) {
			continue;
		}
		if (section.raw_offset > r->size ||
		    section.raw_size > r->size - section.raw_offset) {
			return pe_refuse(r, ST_TRUNCATED, "PointerToRawData", section.raw_offset,
					 at + offsetof(struct pe_section, raw_offset),
					 "the file ends before the section");
		}
		for (; place > 0 && r->sections[place - 1].raw_offset > section.raw_offset;
		     place--) {
			r->sections[place] = r->sections[place - 1];
		}
		r->sections[place] = section;
		r->count++;
	}
	return ST_OK;
}

static enum status hash_all(const struct pe_reader *r, struct sha384 *hash)
{
	uint64_t checksum = r->headers.optional + offsetof(struct pe_optional, checksum);
	uint64_t entry = r->headers.optional + offsetof(struct pe_optional, certificates);
	uint64_t after_checksum = checksum + sizeof(r->optional.checksum);
	uint64_t after_entry = r->headers.optional + sizeof(r->optional);
	uint64_t used = r->optional.headers_size;
	sha384_update(hash, r->file, checksum);
	sha384_update(hash, r->file + after_checksum, entry - after_checksum);
	sha384_update(hash, r->file + after_entry, used - after_entry);
	for (unsigned i = 0; i < r->count; i++) {
		const struct pe_section *section = &r->sections[i];
		sha384_update(hash, r->file + section->raw_offset, section->raw_size);
		used += section->raw_size;
	}
	uint64_t end = r->size - r->optional.certificates_size;
	if (used > end) {
		return pe_refuse(r, ST_BAD_FORMAT, "sections' data", used, r->headers.sections,
				 "overlap each other or the certificates");
	}
	sha384_update(hash, r->file + used, end - used);
	return ST_OK;
}

enum status pe_digest(const uint8_t *file, uint64_t size, uint8_t digest[SHA384_SIZE], char *error,
		      size_t error_size)
{
	struct pe_reader r = {
		.file = file, .size = size, .error = error, .error_size = error_size
	};
	struct payload_fault fault;
	struct sha384 hash;
	enum status status = pe_headers_read(file, size, &r.headers, &fault);
	if (status != ST_OK) {
		return pe_refuse(&r, status, payload_fault_field(&fault), fault.value, fault.offset,
				 payload_fault_text(&fault));
	}
	TRY(read_optional(&r));
	TRY(read_sections(&r));
	sha384_init(&hash);
	TRY(hash_all(&r, &hash));
	sha384_final(&hash, digest);
	return ST_OK;
}
