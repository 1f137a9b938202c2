// The headers of a PE file, checked.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/payload/pe_headers.h"

#include <stddef.h>

#include "arch/base/mem.h"

enum status pe_headers_read(const uint8_t *file, uint64_t size, struct pe_headers *out,
			    struct payload_fault *fault)
{
	struct pe_header *pe = &out->pe;
	uint32_t at;
	if (size < PE_LFANEW + sizeof(at)) {
		return payload_refused(fault, RULE_PE_SIZE, 0, size);
	}
	memcpy(&at, file + PE_LFANEW, sizeof(at));
	if (at > size || size - at < sizeof(*pe)) {
		return payload_refused(fault, RULE_PE_LFANEW, PE_LFANEW, at);
	}
	memcpy(pe, file + at, sizeof(*pe));
	if (pe->magic != PE_MAGIC) {
		return payload_refused(fault, RULE_PE_SIGNATURE, at, pe->magic);
	}
	if (pe->machine != PE_MACHINE_X86_64) {
		return payload_refused(fault, RULE_PE_MACHINE,
				       at + offsetof(struct pe_header, machine), pe->machine);
	}
	out->optional = at + sizeof(*pe);
	out->sections = out->optional + pe->optional_size;
	if (pe->sections > PE_SECTIONS_MAX || out->sections > size ||
	    pe->sections > (size - out->sections) / sizeof(struct pe_section)) {
		return payload_refused(fault, RULE_PE_SECTIONS,
				       at + offsetof(struct pe_header, sections), pe->sections);
	}
	return ST_OK;
}
