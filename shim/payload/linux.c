// Loads a Linux bzImage, its initrd and command line, and fills boot_params for the 64-bit entry.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
//   0             SHIM_RAM      SHIM_RAM_END    window                 top of RAM below 2 GiB
//   +-------------+-------------+--------------+----------------------+--------+--------+
//   | RAM         | shim, boot  | (RAM)        | kernel, init_size    | (RAM)  | initrd |
//   |             | params,ACPI |              | bytes                |        |        |
//   +-------------+-------------+--------------+----------------------+--------+--------+
//
// In a TD each part that is the host's is checked in private memory, then measured, then used. What
// is embedded in the image is in MRTD, and in no event.
#include "shim/payload/linux.h"

#include <stdbool.h>

#include "arch/base/bits.h"
#include "arch/base/mem.h"
#include "arch/linux/boot_params.h"
#include "loader/memory/e820.h"
#include "loader/payload/bzimage.h"
#include "shim/host/acpi.h"
#include "shim/host/fw_cfg_read.h"
#include "shim/log.h"
#include "shim/measure/rtmr.h"
#include "shim/refusal.h"

/*
 * What the host calls a part of the payload. Where there is the file (QEMU since 10.0, the kernel's
 * at least), its bytes are those that the user named. Else the two items: the kernel's then is its
 * setup part alone, which QEMU 10.1.0 to 10.1.5 change for a TD, too. Each part is looked for by
 * itself, and measured as it was found; but a kernel's two parts are always of one origin.
 */
struct part {
	const char *name;
	const char *file;
	uint16_t size_selector;
	uint16_t data_selector;
};
static const struct part kernel_part = { "kernel", "etc/boot/kernel", FW_CFG_SETUP_SIZE,
					 FW_CFG_SETUP_DATA };
static const struct part initrd_part = { "initrd", "etc/boot/initrd", FW_CFG_INITRD_SIZE,
					 FW_CFG_INITRD_DATA };
static const struct part cmdline_part = { "command line", "etc/boot/cmdline", FW_CFG_CMDLINE_SIZE,
					  FW_CFG_CMDLINE_DATA };

/* Where the bytes of a part are: in the image, or an item of the host, from start on. */
struct source {
	const char *name;
	const uint8_t *embedded; /* NULL: fw_cfg */
	uint16_t selector;
	bool file; /* the part as the user named it, not QEMU's cut of it */
	uint32_t start;
	uint32_t size;
};

/* A bzImage in its two parts. */
struct kernel {
	struct linux_setup_header header;
	struct source setup; /* the host's: a copy stands at HANDOFF_SETUP */
	struct source body;  /* the protected-mode part */
};

static enum status source_read(const struct source *source, uint32_t offset, void *to,
			       uint32_t size)
{
	if (offset > source->size || size > source->size - offset) {
		return refuse(ST_TRUNCATED, "%s: 0x%x bytes from 0x%x on, of 0x%x", source->name,
			      size, offset, source->size);
	}
	if (size == 0) {
		return ST_OK; /* also of a host without fw_cfg */
	}
	if (source->embedded != NULL) {
		memcpy(to, source->embedded + source->start + offset, size);
		return ST_OK;
	}
	return fw_cfg_read(source->selector, source->start + offset, to, size);
}

/* size 0: the host does not have it. */
static enum status items_open(const char *name, uint16_t size_selector, uint16_t data_selector,
			      struct source *out)
{
	struct source source = { .name = name, .selector = data_selector };
	enum status status = fw_cfg_read_u32(size_selector, &source.size);
	if (status != ST_OK && status != ST_NOT_FOUND) {
		return status;
	}
	*out = source;
	return ST_OK;
}

static enum status host_open(const struct part *part, struct source *out)
{
	struct fw_cfg_item item;
	enum status status = fw_cfg_file_find(part->file, &item);
	if (status == ST_NOT_FOUND) {
		return items_open(part->name, part->size_selector, part->data_selector, out);
	}
	if (status != ST_OK) {
		return status;
	}
	*out = (struct source){
		.name = part->name, .selector = item.selector, .size = item.size, .file = true
	};
	return ST_OK;
}

/*
 * size 0: neither the image nor the host has it. What goes with an embedded kernel is embedded or
 * absent: a host that could add a command line or an initrd would steer a measured kernel.
 */
static enum status source_open(const struct image_config *config, const struct part *part,
			       const struct image_span *span, struct source *out)
{
	if (span->base == 0 && config->kernel.base == 0) {
		return host_open(part, out);
	}
	if (span->size > UINT32_MAX) {
		return refuse(ST_NO_SPACE, "%s: 0x%lx bytes in the image", part->name, span->size);
	}
	*out = (struct source){ .name = part->name,
				.embedded = gpa_pointer(gpa(span->base)),
				.size = span->base != 0 ? (uint32_t)span->size : 0,
				.file = true };
	return ST_OK;
}

/* ---- the kernel ------------------------------------------------------------------------------ */

/* The header and all that precedes the protected-mode part, checked in memory of our own. */
static enum status read_setup(const struct source *source, struct linux_setup_header *header)
{
	uint8_t *copy = gpa_pointer(gpa(HANDOFF_SETUP));
	const uint8_t *setup = source->embedded;
	uint32_t size = source->size;
	if (setup == NULL) {
		if (source->file && size > HANDOFF_SETUP_SIZE) {
			size = HANDOFF_SETUP_SIZE;
		}
		if (size > HANDOFF_SETUP_SIZE) {
			return refuse(ST_NO_SPACE, "kernel setup part: 0x%x bytes, at most 0x%x",
				      size, HANDOFF_SETUP_SIZE);
		}
		TRY(source_read(source, 0, copy, size));
		setup = copy;
	}
	struct bzimage_fault fault;
	enum status status = bzimage_header_read(setup, size, header, &fault);
	if (status != ST_OK) {
		return refuse(status, "kernel header: %s 0x%lx", fault.field, fault.value);
	}
	return ST_OK;
}

/* Reads the header and opens both parts. ST_NOT_FOUND: there is no kernel. */
static enum status open_kernel(const struct image_config *config, struct kernel *out)
{
	struct kernel kernel;
	struct source file;
	TRY(source_open(config, &kernel_part, &config->kernel, &file));
	if (file.size == 0) {
		return refuse(ST_NOT_FOUND, "kernel: none in the image, none of the host");
	}
	TRY(read_setup(&file, &kernel.header));
	uint32_t cut = bzimage_body_offset(&kernel.header);
	/* Cut elsewhere, another kernel would be entered under the same measurement. */
	if (cut > file.size || (!file.file && cut < file.size)) {
		return refuse(cut > file.size ? ST_TRUNCATED : ST_BAD_FORMAT,
			      "kernel header: setup_sects %u, of 0x%x bytes",
			      kernel.header.setup_sects, file.size);
	}
	kernel.setup = kernel.body = file;
	kernel.setup.size = cut;
	if (file.file) {
		kernel.body.start = cut;
		kernel.body.size = file.size - cut;
	} else {
		TRY(items_open("kernel", FW_CFG_KERNEL_SIZE, FW_CFG_KERNEL_DATA, &kernel.body));
	}
	*out = kernel;
	return ST_OK;
}

/* Both parts are one file again: its digest is what sha384sum says of the bzImage. */
static enum status measure_kernel(const struct kernel *kernel, gpa_t body)
{
	const struct tcg_kernel_event blob = {
		.description_size = sizeof(KERNEL_DESCRIPTION),
		.description = KERNEL_DESCRIPTION,
		.base = body.v,
		.size = (uint64_t)kernel->setup.size + kernel->body.size,
	};
	const struct rtmr_event event = { CC_MR_RTMR1, EV_EFI_PLATFORM_FIRMWARE_BLOB2, &blob,
					  sizeof(blob) };
	struct sha384 hash;
	if (kernel->setup.embedded != NULL || !rtmr_active()) {
		return ST_OK;
	}
	sha384_init(&hash);
	sha384_update(&hash, gpa_pointer(gpa(HANDOFF_SETUP)), kernel->setup.size);
	sha384_update(&hash, gpa_pointer(body), kernel->body.size);
	return rtmr_extend(&event, &hash);
}

static enum status load_kernel(const struct kernel *kernel, const struct memory_map *map,
			       struct gpa_range *window)
{
	const struct linux_setup_header *header = &kernel->header;
	struct bzimage_fault fault;
	enum status status = bzimage_place_kernel(header, kernel->body.size, map, window, &fault);
	if (status != ST_OK) {
		return refuse(status, "kernel: %s 0x%lx, init_size 0x%x, syssize 0x%x", fault.field,
			      fault.value, header->init_size, header->syssize);
	}
	TRY(source_read(&kernel->body, 0, gpa_pointer(window->base), kernel->body.size));
	return measure_kernel(kernel, window->base);
}

/* ---- what goes with it ----------------------------------------------------------------------- */

static enum status measure_initrd(const struct source *initrd, gpa_t base)
{
	static const struct tcg_initrd_event tag = {
		.id = INITRD_EVENT_ID,
		.size = sizeof(INITRD_DESCRIPTION),
		.description = INITRD_DESCRIPTION,
	};
	const struct rtmr_event event = { CC_MR_RTMR2, EV_EVENT_TAG, &tag, sizeof(tag) };
	if (initrd->embedded != NULL) {
		return ST_OK;
	}
	return rtmr_measure(&event, gpa_pointer(base), initrd->size);
}

static enum status load_initrd(const struct image_config *config, struct gpa_range kernel_window,
			       const struct memory_map *map, struct linux_boot_params *params)
{
	struct source initrd;
	gpa_t base;
	TRY(source_open(config, &initrd_part, &config->initrd, &initrd));
	if (initrd.size == 0) {
		return ST_OK;
	}
	enum status status = bzimage_place_initrd(&params->header, initrd.size,
						  gpa_range_end(kernel_window), map, &base);
	if (status != ST_OK) {
		return refuse(status, "initrd: 0x%x bytes above 0x%lx, initrd_addr_max 0x%x",
			      initrd.size, gpa_range_end(kernel_window),
			      params->header.initrd_addr_max);
	}
	TRY(source_read(&initrd, 0, gpa_pointer(base), initrd.size));
	TRY(measure_initrd(&initrd, base));
	params->header.ramdisk_image = (uint32_t)base.v;
	params->header.ramdisk_size = initrd.size;
	return ST_OK;
}

/* The host's even if it is empty: it is handed on all the same. */
static enum status measure_cmdline(const struct image_config *config, const char *text)
{
	uint32_t size = (uint32_t)strlen(text);
	const struct rtmr_event event = { CC_MR_RTMR2, EV_IPL, text, size };
	if (config->cmdline.base != 0 || config->kernel.base != 0) {
		return ST_OK;
	}
	return rtmr_measure(&event, text, size);
}

static enum status load_cmdline(const struct image_config *config, struct linux_boot_params *params)
{
	struct source cmdline;
	char *text = gpa_pointer(gpa(HANDOFF_CMDLINE));
	TRY(source_open(config, &cmdline_part, &config->cmdline, &cmdline));
	if (cmdline.size >= HANDOFF_CMDLINE_SIZE) {
		return refuse(ST_NO_SPACE, "command line: %u bytes, at most %u", cmdline.size,
			      HANDOFF_CMDLINE_SIZE - 1);
	}
	TRY(source_read(&cmdline, 0, text, cmdline.size));
	text[cmdline.size] = 0;
	/* The kernel would cut it, and with it what the user relies on. */
	if (strlen(text) > params->header.cmdline_size) {
		return refuse(ST_NO_SPACE, "command line: %lu bytes, cmdline_size %u", strlen(text),
			      params->header.cmdline_size);
	}
	/* What the host has behind the first NUL is not measured, and goes no further. */
	memset(text + strlen(text), 0, cmdline.size - strlen(text));
	TRY(measure_cmdline(config, text));
	params->header.cmd_line_ptr = HANDOFF_CMDLINE;
	return ST_OK;
}

/* No tables: *rsdp = 0 and nothing used. Ends what the host configures. */
static enum status load_acpi(const struct image_config *config, const struct mailbox_info *mp,
			     struct acpi_arena *arena, gpa_t *rsdp)
{
	enum status status = acpi_install(arena, config, mp, rsdp);
	if (status == ST_NOT_FOUND) {
		log_note("acpi: the host has no tables");
		*rsdp = gpa(0);
	} else if (status != ST_OK) {
		return status;
	}
	TRY(rtmr_separate(CC_MR_RTMR0));
	return rtmr_separate(CC_MR_RTMR1);
}

static enum status fill_e820(const struct memory_map *map, const struct acpi_arena *arena,
			     const struct mailbox_info *mp, struct linux_boot_params *params)
{
	struct e820_overlay overlays[3];
	unsigned overlay_count = 0;
	struct e820_entry entries[LINUX_E820_MAX];
	unsigned count;
	if (arena->used > 0) {
		overlays[overlay_count++] = (struct e820_overlay){
			{ arena->base, align_up(arena->used, MEM_PAGE_SIZE) }, E820_ACPI
		};
	}
	if (mp != NULL) {
		overlays[overlay_count++] =
			(struct e820_overlay){ { gpa(EVENT_LOG), EVENT_LOG_SIZE }, E820_NVS };
		/* The mailbox page, and around it in the image what an AP runs on when it comes
		 * back: park loop, AP table, GDT. Type 4, as type 2 would be mapped shared. */
		overlays[overlay_count++] =
			(struct e820_overlay){ { gpa(AP_TABLE), FOUR_GIB - AP_TABLE }, E820_NVS };
	}
	enum status status =
		e820_build(map, overlays, overlay_count, entries, LINUX_E820_MAX, &count);
	if (status != ST_OK) {
		return refuse(status, "e820: more than %u entries", LINUX_E820_MAX);
	}
	memcpy(params->e820_table, entries, count * sizeof(entries[0]));
	params->e820_entries = (uint8_t)count;
	return ST_OK;
}

enum status linux_boot_prepare(const struct image_config *config, const struct memory_map *map,
			       const struct mailbox_info *mp, struct linux_boot *out)
{
	struct linux_boot_params *params = gpa_pointer(gpa(HANDOFF_BOOT_PARAMS));
	struct acpi_arena arena = {
		.memory = gpa_pointer(gpa(ACPI_ARENA)),
		.base = gpa(ACPI_ARENA),
		.size = ACPI_ARENA_SIZE,
	};
	struct kernel kernel;
	struct linux_boot boot = { .boot_params = gpa(HANDOFF_BOOT_PARAMS) };
	TRY(open_kernel(config, &kernel));
	TRY(load_acpi(config, mp, &arena, &boot.rsdp));
	TRY(load_kernel(&kernel, map, &boot.kernel_window));
	boot.entry = gpa(boot.kernel_window.base.v + LINUX_ENTRY_64);

	/* What the host left in the fields of a boot loader goes no further. */
	memset(params, 0, sizeof(*params));
	struct linux_setup_header header = kernel.header;
	header.type_of_loader = LINUX_LOADER_UNDEFINED;
	header.loadflags = LINUX_LOADFLAG_LOADED_HIGH;
	header.code32_start = (uint32_t)boot.kernel_window.base.v;
	header.ramdisk_image = 0;
	header.ramdisk_size = 0;
	header.heap_end_ptr = 0;
	header.ext_loader_ver = 0;
	header.ext_loader_type = 0;
	header.setup_data = 0;
	params->header = header;
	TRY(load_cmdline(config, params));
	TRY(load_initrd(config, boot.kernel_window, map, params));
	params->acpi_rsdp_addr = boot.rsdp.v;
	TRY(fill_e820(map, &arena, mp, params));
	*out = boot;
	return ST_OK;
}
