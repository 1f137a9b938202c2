// bzImage: the setup header, checked once, and the places that follow from it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/payload/bzimage.h"

#include "arch/base/bits.h"
#include "arch/base/mem.h"
#include "linker/memmap.h"

#define KERNEL_ALIGNMENT_MAX 0x40000000

static uint8_t setup_sectors(uint8_t setup_sects)
{
	return setup_sects != 0 ? setup_sects : LINUX_SETUP_SECTS_DEFAULT;
}

static enum status bzimage_refused(struct bzimage_fault *fault, enum status status,
				   const char *field, uint64_t value, const char *rule)
{
	*fault = (struct bzimage_fault){ field, value, rule };
	return status;
}

/* What a loader of 64-bit kernels asks of the header. */
static enum status check_header(const struct linux_setup_header *header,
				struct bzimage_fault *fault)
{
	uint32_t alignment = header->kernel_alignment;
	if (header->boot_flag != LINUX_BOOT_FLAG) {
		return bzimage_refused(fault, ST_BAD_FORMAT, "boot_flag", header->boot_flag,
				       "must be 0xaa55");
	}
	if (header->header != LINUX_HEADER_MAGIC) {
		return bzimage_refused(fault, ST_BAD_FORMAT, "header", header->header,
				       "not a bzImage (no \"HdrS\")");
	}
	if (header->version < LINUX_VERSION_MIN) {
		return bzimage_refused(fault, ST_UNSUPPORTED, "version", header->version,
				       "boot protocol 0x20c or later is needed");
	}
	if ((header->loadflags & LINUX_LOADFLAG_LOADED_HIGH) == 0) {
		return bzimage_refused(fault, ST_UNSUPPORTED, "loadflags", header->loadflags,
				       "bit 0, LOADED_HIGH, must be set");
	}
	if ((header->xloadflags & LINUX_XLOADFLAG_KERNEL_64) == 0) {
		return bzimage_refused(fault, ST_UNSUPPORTED, "xloadflags", header->xloadflags,
				       "the kernel has no 64-bit entry");
	}
	if (header->relocatable_kernel != 0 &&
	    (alignment < MEM_PAGE_SIZE || alignment > KERNEL_ALIGNMENT_MAX ||
	     (alignment & (alignment - 1)) != 0)) {
		return bzimage_refused(fault, ST_BAD_FORMAT, "kernel_alignment", alignment,
				       "must be a power of two from 4 KiB to 1 GiB");
	}
	if (header->init_size == 0) {
		return bzimage_refused(fault, ST_BAD_FORMAT, "init_size", 0, "must not be 0");
	}
	return ST_OK;
}

enum status bzimage_header_read(const uint8_t *setup, uint32_t size, struct linux_setup_header *out,
				struct bzimage_fault *fault)
{
	struct linux_setup_header header = { 0 };
	if (size < LINUX_HEADER_END_MAX) {
		return bzimage_refused(fault, ST_TRUNCATED, "size", size,
				       "too small for a bzImage");
	}
	/* The byte before the end tells the length; what lies after is code. */
	uint32_t end = LINUX_HEADER_JUMP_END + setup[LINUX_HEADER_JUMP_END - 1];
	if (end > LINUX_HEADER_END_MAX) {
		return bzimage_refused(fault, ST_BAD_FORMAT, "jump", end,
				       "the header must end at or below 0x290");
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
			      struct bzimage_fault *fault)
{
	/* The decompressor needs the whole window, and its entry point to begin with. */
	if (size <= LINUX_ENTRY_64 || size < (uint64_t)header->syssize * 16) {
		return bzimage_refused(fault, ST_TRUNCATED, "protected-mode size", size,
				       "the file ends before the 64-bit entry or syssize");
	}
	if (size > header->init_size) {
		return bzimage_refused(fault, ST_BAD_FORMAT, "protected-mode size", size,
				       "is above init_size");
	}
	return ST_OK;
}

static enum status preferred_base(const struct linux_setup_header *header, uint64_t *out,
				  struct bzimage_fault *fault)
{
	uint64_t base = header->pref_address;
	/* A relocatable kernel below its preferred address would move itself there, out of the
	 * window. */
	if (header->relocatable_kernel != 0 && base < KERNEL_BASE) {
		base = KERNEL_BASE;
	}
	if (base < SHIM_RAM_END || base >= FOUR_GIB) {
		return bzimage_refused(fault, ST_UNSUPPORTED, "pref_address", base,
				       "must be in [16 MiB, 4 GiB), or the kernel relocatable");
	}
	if (header->relocatable_kernel != 0) {
		base = align_up(base, header->kernel_alignment);
	}
	if (!is_aligned(base, MEM_PAGE_SIZE)) {
		return bzimage_refused(fault, ST_BAD_FORMAT, "pref_address", base,
				       "must be a multiple of 4 KiB");
	}
	*out = base;
	return ST_OK;
}

static bool has_window(const struct memory_map *map, uint64_t base, uint64_t window)
{
	return base < FOUR_GIB && window <= FOUR_GIB - base &&
	       memory_map_covers(map, base, window, MEMORY_ACCEPTED);
}

enum status bzimage_place_kernel(const struct linux_setup_header *header, uint32_t size,
				 const struct memory_map *map, struct gpa_range *out,
				 struct bzimage_fault *fault)
{
	uint64_t base;
	uint64_t window = align_up(header->init_size, MEM_PAGE_SIZE);
	TRY(check_size(header, size, fault));
	TRY(preferred_base(header, &base, fault));
	if (!has_window(map, base, window)) {
		return bzimage_refused(fault, ST_NO_MEMORY, "window at", base,
				       "no RAM of init_size there");
	}
	*out = (struct gpa_range){ gpa(base), window };
	return ST_OK;
}

enum status bzimage_find_place(const struct linux_setup_header *header, uint32_t size,
			       const struct memory_map *map, struct gpa_range *out,
			       struct bzimage_fault *fault)
{
	uint64_t base;
	uint64_t window = align_up(header->init_size, MEM_PAGE_SIZE);
	enum status status = bzimage_place_kernel(header, size, map, out, fault);
	if (status != ST_NO_MEMORY || header->relocatable_kernel == 0) {
		return status;
	}
	TRY(preferred_base(header, &base, fault));
	for (unsigned i = 0; i < map->count; i++) {
		uint64_t start = map->entries[i].range.base.v;
		start = align_up(start < base ? base : start, header->kernel_alignment);
		if (has_window(map, start, window)) {
			*out = (struct gpa_range){ gpa(start), window };
			return ST_OK;
		}
	}
	return bzimage_refused(fault, ST_NO_MEMORY, "window from", base,
			       "no RAM of init_size there");
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
