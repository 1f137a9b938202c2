// bzImage: the setup header, checked once, and the places that follow from it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/payload/bzimage.h"

#include <stddef.h>

#include "arch/base/bits.h"
#include "arch/base/mem.h"
#include "linker/memmap.h"

#define KERNEL_ALIGNMENT_MAX 0x40000000

static uint8_t setup_sectors(uint8_t setup_sects)
{
	return setup_sects != 0 ? setup_sects : LINUX_SETUP_SECTS_DEFAULT;
}

/* The place of a field of the setup header in the file. */
#define FIELD(name) (LINUX_HEADER_OFFSET + offsetof(struct linux_setup_header, name))

/* What a loader of 64-bit kernels asks of the header. */
static enum status check_header(const struct linux_setup_header *header,
				struct payload_fault *fault)
{
	uint32_t alignment = header->kernel_alignment;
	if (header->boot_flag != LINUX_BOOT_FLAG) {
		return payload_refused(fault, RULE_BZ_BOOT_FLAG, FIELD(boot_flag),
				       header->boot_flag);
	}
	if (header->header != LINUX_HEADER_MAGIC) {
		return payload_refused(fault, RULE_BZ_HEADER, FIELD(header), header->header);
	}
	if (header->version < LINUX_VERSION_MIN) {
		return payload_refused(fault, RULE_BZ_VERSION, FIELD(version), header->version);
	}
	if ((header->loadflags & LINUX_LOADFLAG_LOADED_HIGH) == 0) {
		return payload_refused(fault, RULE_BZ_LOADFLAGS, FIELD(loadflags),
				       header->loadflags);
	}
	if ((header->xloadflags & LINUX_XLOADFLAG_KERNEL_64) == 0) {
		return payload_refused(fault, RULE_BZ_XLOADFLAGS, FIELD(xloadflags),
				       header->xloadflags);
	}
	if (header->relocatable_kernel != 0 &&
	    (alignment < MEM_PAGE_SIZE || alignment > KERNEL_ALIGNMENT_MAX ||
	     (alignment & (alignment - 1)) != 0)) {
		return payload_refused(fault, RULE_BZ_ALIGNMENT, FIELD(kernel_alignment),
				       alignment);
	}
	if (header->init_size == 0) {
		return payload_refused(fault, RULE_BZ_INIT_SIZE, FIELD(init_size), 0);
	}
	return ST_OK;
}

enum status bzimage_header_read(const uint8_t *setup, uint32_t size, struct linux_setup_header *out,
				struct payload_fault *fault)
{
	struct linux_setup_header header = { 0 };
	if (size < LINUX_HEADER_END_MAX) {
		return payload_refused(fault, RULE_BZ_SIZE, 0, size);
	}
	/* The byte before the end tells the length; what lies after is code. */
	uint32_t end = LINUX_HEADER_JUMP_END + setup[LINUX_HEADER_JUMP_END - 1];
	if (end > LINUX_HEADER_END_MAX) {
		return payload_refused(fault, RULE_BZ_JUMP, FIELD(jump), end);
	}
	memcpy(&header, setup + LINUX_HEADER_OFFSET, end - LINUX_HEADER_OFFSET);
	TRY(check_header(&header, fault));
	header.setup_sects = setup_sectors(header.setup_sects);
	*out = header;
	return ST_OK;
}

uint32_t bzimage_body_offset(const struct linux_setup_header *header)
{
	return (header->setup_sects + 1u) * LINUX_SECTOR_SIZE;
}

/* Reads a number of 1 to 4 digits at *at, and moves after it. */
static bool bzimage_read_number(const uint8_t *text, uint32_t size, uint32_t *at, unsigned *number)
{
	uint32_t start = *at;
	*number = 0;
	for (; *at < size && *at - start < 4 && text[*at] >= '0' && text[*at] <= '9'; *at += 1) {
		*number = *number * 10 + (text[*at] - '0');
	}
	return *at > start;
}

/*
 * Linux 6.5 brought it (CONFIG_UNACCEPTED_MEMORY), and CONFIG_INTEL_TDX_GUEST, without which a
 * kernel does not run in a TD, has selected it from then on. No field of the header tells.
 */
bool bzimage_accepts_memory(const uint8_t *setup, uint32_t size,
			    const struct linux_setup_header *header)
{
	uint32_t at = LINUX_VERSION_TEXT_BASE + header->kernel_version;
	uint32_t end = bzimage_body_offset(header);
	unsigned major;
	unsigned minor;
	end = size < end ? size : end;
	if (header->kernel_version == 0 || !bzimage_read_number(setup, end, &at, &major) ||
	    at >= end || setup[at++] != '.' || !bzimage_read_number(setup, end, &at, &minor)) {
		return false;
	}
	return major > 6 || (major == 6 && minor >= 5);
}

static enum status check_size(const struct linux_setup_header *header, uint32_t size,
			      struct payload_fault *fault)
{
	/* The decompressor needs the whole window, and its entry point to begin with. */
	if (size <= LINUX_ENTRY_64 || size < (uint64_t)header->syssize * 16) {
		return payload_refused(fault, RULE_BZ_BODY_SHORT, 0, size);
	}
	if (size > header->init_size) {
		return payload_refused(fault, RULE_BZ_BODY_LONG, 0, size);
	}
	return ST_OK;
}

static enum status preferred_base(const struct linux_setup_header *header, uint64_t *out,
				  struct payload_fault *fault)
{
	uint64_t base = header->pref_address;
	/* A relocatable kernel below its preferred address would move itself there, out of the
	 * window. */
	if (header->relocatable_kernel != 0 && base < KERNEL_BASE) {
		base = KERNEL_BASE;
	}
	if (base < SHIM_RAM_END || base >= FOUR_GIB) {
		return payload_refused(fault, RULE_BZ_PREF_RANGE, FIELD(pref_address), base);
	}
	if (header->relocatable_kernel != 0) {
		base = align_up(base, header->kernel_alignment);
	}
	if (!is_aligned(base, MEM_PAGE_SIZE)) {
		return payload_refused(fault, RULE_BZ_PREF_ALIGN, FIELD(pref_address), base);
	}
	*out = base;
	return ST_OK;
}

/* Where the kernel would go if there were memory everywhere. */
static enum status preferred_window(const struct linux_setup_header *header, uint32_t size,
				    struct gpa_range *out, struct payload_fault *fault)
{
	TRY(check_size(header, size, fault));
	out->size = align_up(header->init_size, MEM_PAGE_SIZE);
	return preferred_base(header, &out->base.v, fault);
}

static bool has_window(const struct memory_map *map, struct gpa_range window)
{
	return window.base.v < FOUR_GIB && window.size <= FOUR_GIB - window.base.v &&
	       memory_map_covers(map, window.base.v, window.size, MEMORY_ACCEPTED);
}

enum status bzimage_place_kernel(const struct linux_setup_header *header, uint32_t size,
				 const struct memory_map *map, struct gpa_range *out,
				 struct payload_fault *fault)
{
	struct gpa_range window;
	TRY(preferred_window(header, size, &window, fault));
	if (!has_window(map, window)) {
		return payload_refused(fault, RULE_BZ_WINDOW_AT, 0, window.base.v);
	}
	*out = window;
	return ST_OK;
}

enum status bzimage_find_place(const struct linux_setup_header *header, uint32_t size,
			       const struct memory_map *map, struct gpa_range *out,
			       struct payload_fault *fault)
{
	struct gpa_range window;
	TRY(preferred_window(header, size, &window, fault));
	uint64_t lowest = window.base.v;
	if (header->relocatable_kernel == 0 || has_window(map, window)) {
		return bzimage_place_kernel(header, size, map, out, fault);
	}
	for (unsigned i = 0; i < map->count; i++) {
		uint64_t start = map->entries[i].range.base.v;
		start = start < lowest ? lowest : start;
		window.base.v = align_up(start, header->kernel_alignment);
		if (has_window(map, window)) {
			*out = window;
			return ST_OK;
		}
	}
	return payload_refused(fault, RULE_BZ_WINDOW_FROM, 0, lowest);
}

uint64_t bzimage_initrd_end(const struct linux_setup_header *header)
{
	uint64_t end = (uint64_t)header->initrd_addr_max + 1;
	return end < BZIMAGE_INITRD_END_MAX ? end : BZIMAGE_INITRD_END_MAX;
}

enum status bzimage_place_initrd(const struct linux_setup_header *header, uint32_t size,
				 uint64_t lowest, const struct memory_map *map, gpa_t *out)
{
	return memory_map_place(map, size, lowest, bzimage_initrd_end(header), out);
}
