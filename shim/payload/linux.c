// A Linux bzImage: its header is read, it is loaded with what goes with it, and then told of both.
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
#include "shim/refusal.h"

/* efi_runtime.nasm */
extern const char efi_success[], efi_unsupported[];

/* ---- opening --------------------------------------------------------------------------------- */

static enum status read_header(struct linux_payload *payload)
{
	const uint8_t *setup;
	uint32_t size;
	struct bzimage_fault fault;
	TRY(source_peek(&payload->kernel, &setup, &size));
	enum status status = bzimage_header_read(setup, size, &payload->header, &fault);
	if (status != ST_OK) {
		return refuse(status, "kernel header: %s 0x%lx", fault.field, fault.value);
	}
	payload->accepts_memory = bzimage_accepts_memory(setup, size, &payload->header);
	return ST_OK;
}

enum status linux_open(const struct image_config *config, struct linux_payload *out)
{
	struct linux_payload payload = { 0 };
	struct source *kernel = &payload.kernel;
	TRY(source_open(config, SOURCE_KERNEL, kernel));
	if (kernel->size == 0) {
		return refuse(ST_NOT_FOUND, "kernel: none in the image, none of the host");
	}
	TRY(read_header(&payload));
	uint32_t cut = bzimage_body_offset(&payload.header);
	/* Cut elsewhere, another kernel would be entered under the same measurement. */
	if (cut > kernel->size || (kernel->split && cut < kernel->size)) {
		return refuse(cut > kernel->size ? ST_TRUNCATED : ST_BAD_FORMAT,
			      "kernel header: setup_sects %u, of 0x%x bytes",
			      payload.header.setup_sects, kernel->size);
	}
	*out = payload;
	return ST_OK;
}

/* ---- loading --------------------------------------------------------------------------------- */

static enum status load_kernel(struct linux_payload *payload, const struct memory_map *map)
{
	const struct linux_setup_header *header = &payload->header;
	const struct source *kernel = &payload->kernel;
	uint32_t cut = bzimage_body_offset(header);
	struct bzimage_fault fault;
	/* One of the two is 0. */
	enum status status = bzimage_place_kernel(header, kernel->size - cut + kernel->rest, map,
						  &payload->window, &fault);
	if (status != ST_OK) {
		return refuse(status, "kernel: %s 0x%lx, init_size 0x%x, syssize 0x%x", fault.field,
			      fault.value, header->init_size, header->syssize);
	}
	payload->parts.kernel = payload->window.base;
	return source_load(kernel, cut, gpa_pointer(payload->window.base));
}

static enum status load_cmdline(struct linux_payload *payload, const struct image_config *config)
{
	const char *text = gpa_pointer(gpa(HANDOVER_CMDLINE));
	struct source cmdline;
	TRY(source_open(config, SOURCE_CMDLINE, &cmdline));
	if (cmdline.size >= HANDOVER_CMDLINE_SIZE) {
		return refuse(ST_NO_SPACE, "command line: %u bytes, at most %u", cmdline.size,
			      HANDOVER_CMDLINE_SIZE - 1);
	}
	payload->parts.cmdline = gpa(HANDOVER_CMDLINE);
	TRY(source_load(&cmdline, 0, gpa_pointer(payload->parts.cmdline)));
	/* The kernel would cut it, and with it what the user relies on. */
	if (strlen(text) > payload->header.cmdline_size) {
		return refuse(ST_NO_SPACE, "command line: %lu bytes, cmdline_size %u", strlen(text),
			      payload->header.cmdline_size);
	}
	return ST_OK;
}

static enum status load_initrd(struct linux_payload *payload, const struct image_config *config,
			       const struct memory_map *map)
{
	const struct linux_setup_header *header = &payload->header;
	uint64_t lowest = gpa_range_end(payload->window);
	struct source initrd;
	TRY(source_open(config, SOURCE_INITRD, &initrd));
	if (initrd.size == 0) {
		return ST_OK;
	}
	enum status status =
		bzimage_place_initrd(header, initrd.size, lowest, map, &payload->parts.initrd);
	if (status != ST_OK) {
		return refuse(status, "initrd: 0x%x bytes above 0x%lx, initrd_addr_max 0x%x",
			      initrd.size, lowest, header->initrd_addr_max);
	}
	payload->parts.initrd_size = initrd.size;
	return source_load(&initrd, 0, gpa_pointer(payload->parts.initrd));
}

enum status linux_load(struct linux_payload *payload, const struct image_config *config,
		       const struct memory_map *map)
{
	TRY(load_kernel(payload, map));
	TRY(load_cmdline(payload, config));
	return load_initrd(payload, config, map);
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
	handover->rsi = gpa(HANDOVER_BOOT_PARAMS);
	handover->window = payload->window;
}
