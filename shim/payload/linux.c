// A Linux kernel: its header is read, it is loaded with what goes with it, and then told of both.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
//   0             SHIM_RAM      SHIM_RAM_END    window                 top of RAM below 2 GiB
//   +-------------+-------------+--------------+----------------------+--------+--------+
//   | RAM         | shim, boot  | (RAM)        | kernel, init_size    | (RAM)  | initrd |
//   |             | params,ACPI |              | bytes                |        |        |
//   +-------------+-------------+--------------+----------------------+--------+--------+
#include "shim/payload/linux.h"

#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "loader/memory/unaccepted.h"
#include "loader/payload/bzimage.h"
#include "loader/payload/efi_tables.h"
#include "loader/payload/uki.h"
#include "shim/payload/parts.h"
#include "shim/refusal.h"

/* efi_runtime.nasm */
extern const char efi_success[], efi_unsupported[];

/* ---- opening --------------------------------------------------------------------------------- */

static enum status linux_read_header(const uint8_t *setup, uint32_t size, struct linux_payload *out)
{
	struct payload_fault fault;
	enum status status = bzimage_header_read(setup, size, &out->header, &fault);
	if (status != ST_OK) {
		return parts_refuse(status, &fault);
	}
	out->accepts_memory = bzimage_accepts_memory(setup, size, &out->header);
	return ST_OK;
}

/* Is the setup part in the first size bytes, or those if the host has cut the kernel there? Cut
 * elsewhere, another kernel would be entered under the same measurement. */
static enum status check_setup(const struct linux_payload *payload, uint32_t size, bool is_cut)
{
	uint32_t setup = bzimage_body_offset(&payload->header);
	if (setup > size || (is_cut && setup < size)) {
		return refuse(setup > size ? ST_TRUNCATED : ST_BAD_FORMAT,
			      "kernel header: setup_sects %u, of 0x%x bytes",
			      payload->header.setup_sects, size);
	}
	return ST_OK;
}

enum status linux_open(const struct source *kernel, const uint8_t *setup, uint32_t size,
		       struct linux_payload *out)
{
	struct linux_payload payload = { 0 };
	TRY(linux_read_header(setup, size, &payload));
	TRY(check_setup(&payload, kernel->size, kernel->split));
	*out = payload;
	return ST_OK;
}

/* ---- loading --------------------------------------------------------------------------------- */

/* size: of the protected-mode part. */
static enum status place_kernel(struct linux_payload *payload, uint32_t size,
				const struct memory_map *map)
{
	const struct linux_setup_header *header = &payload->header;
	struct payload_fault fault;
	enum status status = bzimage_place_kernel(header, size, map, &payload->window, &fault);
	if (status != ST_OK) {
		return refuse(status, "kernel: %s 0x%lx, init_size 0x%x, syssize 0x%x",
			      payload_fault_field(&fault), fault.value, header->init_size,
			      header->syssize);
	}
	payload->parts.kernel = payload->window.base;
	payload->parts.cmdline = gpa(HANDOVER_CMDLINE);
	return ST_OK;
}

enum status linux_load(struct linux_payload *payload, const struct source *kernel,
		       const struct image_config *config, const struct memory_map *map)
{
	const struct linux_setup_header *header = &payload->header;
	uint32_t cut = bzimage_body_offset(header);
	struct parts_initrd initrd;
	/* One of the two is 0. */
	TRY(place_kernel(payload, kernel->size - cut + kernel->rest, map));
	TRY(source_load(kernel, cut, gpa_pointer(payload->window.base)));
	TRY(parts_load_cmdline(config, header->cmdline_size));
	TRY(parts_load_initrd(config, gpa_range_end(payload->window), bzimage_initrd_end(header),
			      map, &initrd));
	payload->parts.initrd = initrd.base;
	payload->parts.initrd_size = initrd.size;
	return ST_OK;
}

/* ---- loading of a UKI ------------------------------------------------------------------------ */

static enum status copy_cmdline(const struct linux_payload *payload, const uint8_t *bytes,
				uint32_t length)
{
	char *text = gpa_pointer(payload->parts.cmdline);
	if (length > payload->header.cmdline_size || length >= HANDOVER_CMDLINE_SIZE) {
		return refuse(ST_NO_SPACE, "UKI .cmdline: %u bytes, cmdline_size %u", length,
			      payload->header.cmdline_size);
	}
	memcpy(text, bytes, length);
	text[length] = 0;
	return ST_OK;
}

/* The sections of the UKI, taken out of the file: the initrd last, over what is no more needed. */
static enum status linux_take_apart(struct linux_payload *payload, struct gpa_range place,
				    const struct uki *uki, const struct memory_map *map)
{
	uint8_t *file = gpa_pointer(place.base);
	const uint8_t *kernel = file + uki->parts[UKI_LINUX].offset;
	uint32_t size = uki->parts[UKI_LINUX].size;
	TRY(linux_read_header(kernel, size, payload));
	TRY(check_setup(payload, size, false));
	uint32_t body = bzimage_body_offset(&payload->header);
	TRY(place_kernel(payload, size - body, map));
	if (gpa_range_end(payload->window) > place.base.v) {
		return refuse(ST_NO_MEMORY, "kernel: window up to 0x%lx, UKI at 0x%lx",
			      gpa_range_end(payload->window), place.base.v);
	}
	if (uki->parts[UKI_INITRD].size != 0 &&
	    place.base.v + uki->parts[UKI_INITRD].size > bzimage_initrd_end(&payload->header)) {
		return refuse(
			ST_NO_MEMORY, "UKI .initrd: 0x%x bytes at 0x%lx, initrd_addr_max 0x%x",
			uki->parts[UKI_INITRD].size, place.base.v, payload->header.initrd_addr_max);
	}
	memcpy(gpa_pointer(payload->window.base), kernel + body, size - body);
	TRY(copy_cmdline(payload, file + uki->parts[UKI_CMDLINE].offset,
			 uki->parts[UKI_CMDLINE].size));
	if (uki->parts[UKI_INITRD].size != 0) {
		memmove(file, file + uki->parts[UKI_INITRD].offset, uki->parts[UKI_INITRD].size);
		payload->parts.initrd = place.base;
		payload->parts.initrd_size = uki->parts[UKI_INITRD].size;
	}
	return ST_OK;
}

enum status linux_load_uki(struct linux_payload *out, struct gpa_range file, uint32_t size,
			   const struct image_config *config, const struct memory_map *map)
{
	struct linux_payload payload = { 0 };
	struct payload_fault fault;
	struct uki uki;
	/* What was beside it would be the host's to choose. */
	TRY(source_refuse(config, SOURCE_CMDLINE));
	TRY(source_refuse(config, SOURCE_INITRD));
	enum status status = uki_read(gpa_pointer(file.base), size, &uki, &fault);
	if (status != ST_OK) {
		return parts_refuse(status, &fault);
	}
	TRY(linux_take_apart(&payload, file, &uki, map));
	*out = payload;
	return ST_OK;
}

/* ---- handing over ---------------------------------------------------------------------------- */

/* A range of the map is an entry at most, and one that is reserved can cut another in two. */
_Static_assert(MEMORY_MAP_ENTRIES + 2 * REGIONS_RESERVED_MAX <= LINUX_E820_MAX,
	       "the e820 table of boot_params must hold every memory map");

/* The kernel learns by EFI's tables which memory is unaccepted. They and the table of that memory
 * stand where RAM is above them, as Linux must map them. */
static struct linux_efi_info hand_over_efi(const struct memory_map *map,
					   const struct handover *handover)
{
	const struct efi_tables_parts parts = {
		.rsdp = handover->rsdp,
		.unaccepted = gpa(UNACCEPTED_TABLE),
		.success = gpa((uintptr_t)efi_success),
		.unsupported = gpa((uintptr_t)efi_unsupported),
		.reserved = handover->reserved,
		.reserved_count = handover->reserved_count,
	};
	return efi_tables_fill(gpa_pointer(gpa(EFI_ARENA)), gpa(EFI_ARENA), map, &parts);
}

void linux_hand_over(const struct linux_payload *payload, const struct memory_map *map,
		     struct handover *handover)
{
	struct linux_boot_params *params = gpa_pointer(gpa(HANDOVER_BOOT_PARAMS));
	struct zero_page_parts parts = payload->parts;
	unsigned count = 0;
	parts.rsdp = handover->rsdp;
	zero_page_fill(params, &payload->header, &parts);
	CHECK(e820_build(map, handover->reserved, handover->reserved_count, params->e820_table,
			 LINUX_E820_MAX, &count) == ST_OK);
	params->e820_entries = (uint8_t)count;
	if (unaccepted_left(map) > 0) {
		params->efi_info = hand_over_efi(map, handover);
	}
	handover->entry = gpa(payload->window.base.v + LINUX_ENTRY_64);
	handover->argument = gpa(HANDOVER_BOOT_PARAMS);
	handover->window = payload->window;
}
