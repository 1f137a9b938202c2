// The ELF header, checked, and the segments that follow from it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/payload/elf.h"

#include <stdbool.h>
#include <stddef.h>

#include "arch/base/bits.h"
#include "arch/base/mem.h"
#include "arch/exe/elf64.h"
#include "linker/memmap.h"

/* The largest alignment of a segment: what a bzImage may ask for, too. */
#define ALIGN_MAX 0x40000000

#define HEADER(field) offsetof(struct elf64_header, field)

struct reader {
	const uint8_t *file;
	uint64_t size;
	struct payload_fault *fault;
	struct elf *elf;
	uint64_t align; /* the largest of the segments */
	uint64_t free;  /* the end of the segment before */
	bool has_entry; /* it is in one of the segments */
	struct elf64_header header;
};

static enum status elf_read_header(struct reader *r)
{
	struct elf64_header *h = &r->header;
	if (r->size < sizeof(*h)) {
		return payload_refused(r->fault, RULE_ELF_SIZE, 0, r->size);
	}
	memcpy(h, r->file, sizeof(*h));
	if (h->ident != ELF_IDENT) {
		return payload_refused(r->fault, RULE_ELF_IDENT, 0, h->ident);
	}
	if (h->machine != ELF_MACHINE_X86_64) {
		return payload_refused(r->fault, RULE_ELF_MACHINE, HEADER(machine), h->machine);
	}
	if (h->type != ELF_TYPE_EXEC && h->type != ELF_TYPE_DYN) {
		return payload_refused(r->fault, RULE_ELF_TYPE, HEADER(type), h->type);
	}
	if (h->phentsize != sizeof(struct elf64_segment)) {
		return payload_refused(r->fault, RULE_ELF_PHENTSIZE, HEADER(phentsize),
				       h->phentsize);
	}
	if (h->phoff > r->size || h->phnum > (r->size - h->phoff) / sizeof(struct elf64_segment)) {
		return payload_refused(r->fault, RULE_ELF_PHOFF, HEADER(phoff), h->phoff);
	}
	return ST_OK;
}

/* What holds of a segment by itself. at: of its header in the file. */
static enum status check_segment(const struct reader *r, uint64_t at, const struct elf64_segment *s)
{
	if (s->filesz > s->memsz) {
		return payload_refused(r->fault, RULE_ELF_FILESZ, at, s->filesz);
	}
	if (s->offset > r->size || s->filesz > r->size - s->offset) {
		return payload_refused(r->fault, RULE_ELF_OFFSET, at, s->offset);
	}
	if (s->memsz > FOUR_GIB || s->paddr > FOUR_GIB - s->memsz) {
		return payload_refused(r->fault, RULE_ELF_PADDR, at, s->paddr);
	}
	uint32_t align = (uint32_t)s->align;
	if (s->align > ALIGN_MAX || (align & (align - 1)) != 0) {
		return payload_refused(r->fault, RULE_ELF_ALIGN, at, s->align);
	}
	return ST_OK;
}

static enum status add_segment(struct reader *r, uint64_t at, const struct elf64_segment *s)
{
	struct elf *elf = r->elf;
	TRY(check_segment(r, at, s));
	if (r->free == 0) {
		elf->base = align_down(s->paddr, MEM_PAGE_SIZE);
	} else if (s->paddr < r->free) {
		return payload_refused(r->fault, RULE_ELF_ORDER, at, s->paddr);
	}
	r->free = s->paddr + s->memsz;
	r->align = s->align > r->align ? s->align : r->align;
	uint64_t entry = r->header.entry - s->vaddr;
	if (entry < s->filesz && (s->flags & ELF_SEGMENT_X) != 0) {
		elf->entry = s->paddr - elf->base + entry;
		r->has_entry = true;
	}
	return ST_OK;
}

/* Copies a program header; true: it is of a segment that is loaded. */
static bool next_segment(const uint8_t *file, uint64_t at, struct elf64_segment *segment)
{
	memcpy(segment, file + at, sizeof(*segment));
	return segment->type == ELF_SEGMENT_LOAD && segment->memsz != 0;
}

static enum status read_segments(struct reader *r)
{
	uint64_t at = r->header.phoff;
	struct elf64_segment segment;
	for (unsigned i = 0; i < r->header.phnum; i++, at += sizeof(segment)) {
		if (next_segment(r->file, at, &segment)) {
			TRY(add_segment(r, at, &segment));
		} else if (segment.type == ELF_SEGMENT_INTERP) {
			return payload_refused(r->fault, RULE_ELF_INTERP, at, segment.type);
		}
	}
	if (!r->has_entry) {
		return payload_refused(r->fault, RULE_ELF_ENTRY, HEADER(entry), r->header.entry);
	}
	return ST_OK;
}

enum status elf_read(const uint8_t *file, uint64_t size, struct elf *out,
		     struct payload_fault *fault)
{
	struct reader r = {
		.file = file, .size = size, .fault = fault, .elf = out, .align = MEM_PAGE_SIZE
	};
	TRY(elf_read_header(&r));
	TRY(read_segments(&r));
	out->size = align_up(r.free - out->base, MEM_PAGE_SIZE);
	out->align = r.header.type == ELF_TYPE_DYN ? r.align : 0;
	return ST_OK;
}

enum status elf_place(const struct elf *elf, const struct memory_map *map, struct gpa_range *out,
		      struct payload_fault *fault)
{
	uint64_t base = elf->base;
	if (elf->align != 0) {
		/* The distance to where it is linked is a multiple of the alignment. */
		base = KERNEL_BASE + ((base - KERNEL_BASE) & (elf->align - 1));
	}
	if (base < SHIM_RAM_END || elf->size > FOUR_GIB - base) {
		return payload_refused(fault, RULE_ELF_PLACE, 0, base);
	}
	if (!memory_map_covers(map, base, elf->size, MEMORY_ACCEPTED)) {
		return payload_refused(fault, RULE_ELF_RAM, 0, base);
	}
	*out = (struct gpa_range){ gpa(base), elf->size };
	return ST_OK;
}

void elf_load(const struct elf *elf, const uint8_t *file, void *place)
{
	struct elf64_header header;
	struct elf64_segment segment;
	uint8_t *to = place;
	memcpy(&header, file, sizeof(header));
	memset(to, 0, elf->size);
	uint64_t at = header.phoff;
	for (unsigned i = 0; i < header.phnum; i++, at += sizeof(segment)) {
		if (next_segment(file, at, &segment)) {
			memcpy(to + (segment.paddr - elf->base), file + segment.offset,
			       segment.filesz);
		}
	}
}
