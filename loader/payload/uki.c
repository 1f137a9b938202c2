// The sections of a UKI, among those of its PE file.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/payload/uki.h"

#include <stddef.h>

#include "arch/base/mem.h"
#include "arch/exe/pe.h"
#include "loader/payload/pe_headers.h"

/* The part that a section is of, or NULL. */
static struct uki_part *part_of(const struct pe_section *section, struct uki *uki)
{
	static const char names[UKI_SECTIONS][sizeof(section->name) + 1] = {
		[UKI_LINUX] = ".linux",
		[UKI_INITRD] = ".initrd",
		[UKI_CMDLINE] = ".cmdline",
	};
	for (unsigned i = 0; i < UKI_SECTIONS; i++) {
		if (memcmp(section->name, names[i], sizeof(section->name)) == 0) {
			return &uki->parts[i];
		}
	}
	return NULL;
}

/* The header of the section is at this offset of the file. */
static enum status uki_read_section(const uint8_t *file, uint64_t size, uint64_t at,
				    struct uki *uki, struct payload_fault *fault)
{
	struct pe_section section;
	memcpy(&section, file + at, sizeof(section));
	if (memcmp(section.name, ".profile", sizeof(section.name)) == 0) {
		return payload_refused(fault, RULE_UKI_PROFILE, at, section.raw_offset);
	}
	struct uki_part *part = part_of(&section, uki);
	if (part == NULL) {
		return ST_OK;
	}
	/* The file has the section up to a multiple of its alignment; memory may have zeros
	 * more. */
	uint32_t bytes =
		section.virtual_size < section.raw_size ? section.virtual_size : section.raw_size;
	if (section.raw_offset > size || bytes > size - section.raw_offset) {
		return payload_refused(fault, RULE_PE_DATA,
				       at + offsetof(struct pe_section, raw_offset),
				       section.raw_offset);
	}
	if (part->size != 0) {
		return payload_refused(fault, RULE_UKI_TWICE, at, section.raw_offset);
	}
	*part = (struct uki_part){ section.raw_offset, bytes };
	return ST_OK;
}

/* A text in a file may have zeros after it. */
static uint32_t text_length(const uint8_t *text, uint32_t size)
{
	uint32_t length = 0;
	while (length < size && text[length] != 0) {
		length++;
	}
	return length;
}

enum status uki_read(const uint8_t *file, uint64_t size, struct uki *out,
		     struct payload_fault *fault)
{
	struct pe_headers headers;
	memset(out, 0, sizeof(*out));
	TRY(pe_headers_read(file, size, &headers, fault));
	for (unsigned i = 0; i < headers.pe.sections; i++) {
		TRY(uki_read_section(file, size, headers.sections + i * sizeof(struct pe_section),
				     out, fault));
	}
	if (out->parts[UKI_LINUX].size == 0) {
		return payload_refused(fault, RULE_UKI_LINUX, headers.sections,
				       headers.pe.sections);
	}
	struct uki_part *cmdline = &out->parts[UKI_CMDLINE];
	cmdline->size = text_length(file + cmdline->offset, cmdline->size);
	return ST_OK;
}
