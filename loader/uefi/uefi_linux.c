// A Linux bzImage of the application's volume: loaded with what goes with it, and then told of
// both.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/uefi/uefi_linux.h"

#include "arch/base/mem.h"
#include "linker/memmap.h"
#include "loader/payload/bzimage.h"
#include "loader/payload/payload_kind.h"
#include "loader/uefi/uefi_log.h"
#include "loader/uefi/uefi_measure.h"
#include "loader/uefi/uefi_memory_now.h"
#include "loader/uefi/uefi_services.h"

/* ---- files ----------------------------------------------------------------------------------- */

/* A path in texts. It is ASCII, see uefi_options.h. */
struct name {
	char text[UEFI_PATH_MAX];
};

static struct name name_of(const uint16_t *path)
{
	struct name name = { "" };
	for (unsigned i = 0; path[i] != 0; i++) {
		name.text[i] = (char)path[i];
	}
	return name;
}

/* Says nothing of a file that is not there. */
static uefi_status_t open_part(const uint16_t *path, uint64_t most, struct uefi_file *out)
{
	uefi_status_t status = uefi_file_open(path, out);
	if (status == UEFI_STATUS(NOT_FOUND)) {
		return status;
	}
	if (status != UEFI_SUCCESS) {
		return uefi_refuse(status, "%s: open", name_of(path).text);
	}
	if (out->size == 0 || out->size > most) {
		uefi_file_close(out);
		return uefi_refuse(UEFI_STATUS(UNSUPPORTED), "%s: %lu bytes, must be 1 to %lu",
				   name_of(path).text, out->size, most);
	}
	return UEFI_SUCCESS;
}

static uefi_status_t read_part(const uint16_t *path, const struct uefi_file *file, void *to)
{
	uefi_status_t status = uefi_file_read(file, to);
	if (status != UEFI_SUCCESS) {
		return uefi_refuse(status, "%s: read of %lu bytes", name_of(path).text, file->size);
	}
	return UEFI_SUCCESS;
}

static uefi_status_t not_there(uefi_status_t status, const uint16_t *path)
{
	if (status == UEFI_STATUS(NOT_FOUND)) {
		return uefi_refuse(status, "%s: open", name_of(path).text);
	}
	return status;
}

/* ---- memory ---------------------------------------------------------------------------------- */

static uefi_status_t uefi_linux_allocate(const char *what, uint64_t size, gpa_t *out)
{
	uefi_status_t status = uefi_allocate_below(FOUR_GIB, size, EFI_LOADER_DATA, out);
	if (status != UEFI_SUCCESS) {
		return uefi_refuse(status, "%s: 0x%lx bytes of memory below 4 GiB", what, size);
	}
	return UEFI_SUCCESS;
}

static uefi_status_t uefi_linux_allocate_at(const char *what, gpa_t base, uint64_t size)
{
	uefi_status_t status = uefi_allocate_at(base, size, EFI_LOADER_DATA);
	if (status != UEFI_SUCCESS) {
		return uefi_refuse(status, "%s: 0x%lx bytes of memory at 0x%lx", what, size,
				   base.v);
	}
	return UEFI_SUCCESS;
}

/* ---- loading --------------------------------------------------------------------------------- */

static uefi_status_t check_kind(const uint16_t *path, const uint8_t *bytes, uint64_t size)
{
	static const char *const others[] = {
		[PAYLOAD_ELF] = "an ELF file",
		[PAYLOAD_UKI] = "a UKI, which the firmware starts itself",
	};
	enum payload_kind kind = payload_kind_of(bytes, size);
	if (kind != PAYLOAD_BZIMAGE) {
		return uefi_refuse(UEFI_STATUS(UNSUPPORTED), "%s: %s: must be a bzImage",
				   name_of(path).text, others[kind]);
	}
	return UEFI_SUCCESS;
}

static uefi_status_t read_header(const uint8_t *bytes, uint32_t size, struct uefi_linux *payload)
{
	struct payload_fault fault;
	enum status status = bzimage_header_read(bytes, size, &payload->header, &fault);
	if (status != ST_OK) {
		return uefi_refuse(uefi_status_of(status), "kernel: %s 0x%lx at 0x%lx: %s",
				   payload_fault_field(&fault), fault.value, fault.offset,
				   payload_fault_text(&fault));
	}
	if (bzimage_body_offset(&payload->header) > size) {
		return uefi_refuse(UEFI_STATUS(LOAD_ERROR),
				   "kernel header: setup_sects %u, of 0x%x bytes",
				   payload->header.setup_sects, size);
	}
	payload->accepts_memory = bzimage_accepts_memory(bytes, size, &payload->header);
	return UEFI_SUCCESS;
}

/* What is free now; the map stays as it is until the next call. */
static uefi_status_t free_memory(const struct memory_map **out)
{
	static struct uefi_memory memory;
	uint64_t key;
	*out = &memory.map;
	return uefi_memory_now(UEFI_MEMORY_FREE, &memory, &key);
}

static uefi_status_t place_kernel(const uint8_t *bytes, uint32_t size, struct uefi_linux *payload)
{
	const struct memory_map *map;
	struct payload_fault fault;
	uint32_t cut = bzimage_body_offset(&payload->header);
	UEFI_TRY(free_memory(&map));
	enum status status =
		bzimage_find_place(&payload->header, size - cut, map, &payload->window, &fault);
	if (status != ST_OK) {
		return uefi_refuse(uefi_status_of(status), "kernel: %s 0x%lx, init_size 0x%x: %s",
				   payload_fault_field(&fault), fault.value,
				   payload->header.init_size, payload_fault_text(&fault));
	}
	UEFI_TRY(uefi_linux_allocate_at("kernel", payload->window.base, payload->window.size));
	payload->parts.kernel = payload->window.base;
	memcpy(gpa_pointer(payload->window.base), bytes + cut, size - cut);
	return UEFI_SUCCESS;
}

static uefi_status_t load_kernel(const struct uefi_options *options, struct uefi_linux *payload)
{
	struct uefi_file file;
	gpa_t whole;
	UEFI_TRY(not_there(open_part(options->kernel, UINT32_MAX, &file), options->kernel));
	uefi_status_t status = uefi_linux_allocate("kernel", file.size, &whole);
	if (status != UEFI_SUCCESS) {
		uefi_file_close(&file);
		return status;
	}
	UEFI_TRY(read_part(options->kernel, &file, gpa_pointer(whole)));
	UEFI_TRY(uefi_measure_kernel(gpa_pointer(whole), file.size));
	UEFI_TRY(check_kind(options->kernel, gpa_pointer(whole), file.size));
	UEFI_TRY(read_header(gpa_pointer(whole), (uint32_t)file.size, payload));
	return place_kernel(gpa_pointer(whole), (uint32_t)file.size, payload);
}

/* What an editor leaves at the end of a text is no part of it. */
static bool ends_text(char character)
{
	return character == '\n' || character == '\r' || character == ' ' || character == 0;
}

/* The file's text, or none. out: UEFI_CMDLINE_MAX bytes. */
static uefi_status_t read_cmdline_file(char *out)
{
	static const uint16_t path[] = UEFI_CMDLINE_FILE;
	struct uefi_file file;
	uefi_status_t status = open_part(path, UEFI_CMDLINE_MAX - 1, &file);
	out[0] = 0;
	if (status == UEFI_STATUS(NOT_FOUND) || status == UEFI_STATUS(NO_MEDIA)) {
		return UEFI_SUCCESS;
	}
	UEFI_TRY(status);
	UEFI_TRY(read_part(path, &file, out));
	uint64_t size = file.size;
	while (size > 0 && ends_text(out[size - 1])) {
		size--;
	}
	out[size] = 0;
	if (strlen(out) != size) {
		return uefi_refuse(UEFI_STATUS(LOAD_ERROR), "%s: byte %lu of %lu is a NUL",
				   name_of(path).text, strlen(out), size);
	}
	return UEFI_SUCCESS;
}

static uefi_status_t load_cmdline(const struct uefi_options *options, struct uefi_linux *payload)
{
	UEFI_TRY(uefi_linux_allocate("command line", UEFI_CMDLINE_MAX, &payload->parts.cmdline));
	char *text = gpa_pointer(payload->parts.cmdline);
	if (options->cmdline_given) {
		memcpy(text, options->cmdline, UEFI_CMDLINE_MAX);
	} else {
		UEFI_TRY(read_cmdline_file(text));
	}
	UEFI_TRY(uefi_measure_cmdline(text));
	/* The kernel would cut it, and with it what the user relies on. */
	if (strlen(text) > payload->header.cmdline_size) {
		return uefi_refuse(UEFI_STATUS(BAD_BUFFER_SIZE),
				   "command line: %lu bytes, cmdline_size %u", strlen(text),
				   payload->header.cmdline_size);
	}
	return UEFI_SUCCESS;
}

static uefi_status_t place_initrd(uint32_t size, struct uefi_linux *payload)
{
	const struct linux_setup_header *header = &payload->header;
	uint64_t lowest = gpa_range_end(payload->window);
	const struct memory_map *map;
	UEFI_TRY(free_memory(&map));
	enum status status =
		bzimage_place_initrd(header, size, lowest, map, &payload->parts.initrd);
	if (status != ST_OK) {
		return uefi_refuse(uefi_status_of(status),
				   "initrd: 0x%x bytes above 0x%lx, initrd_addr_max 0x%x", size,
				   lowest, header->initrd_addr_max);
	}
	payload->parts.initrd_size = size;
	return uefi_linux_allocate_at("initrd", payload->parts.initrd, size);
}

static uefi_status_t load_initrd(const struct uefi_options *options, struct uefi_linux *payload)
{
	struct uefi_file file;
	if (options->initrd[0] == 0) {
		return UEFI_SUCCESS;
	}
	uefi_status_t status = open_part(options->initrd, UINT32_MAX, &file);
	if (status == UEFI_STATUS(NOT_FOUND) && !options->initrd_given) {
		return UEFI_SUCCESS;
	}
	UEFI_TRY(not_there(status, options->initrd));
	status = place_initrd((uint32_t)file.size, payload);
	if (status != UEFI_SUCCESS) {
		uefi_file_close(&file);
		return status;
	}
	UEFI_TRY(read_part(options->initrd, &file, gpa_pointer(payload->parts.initrd)));
	return uefi_measure_initrd(gpa_pointer(payload->parts.initrd), file.size);
}

uefi_status_t uefi_linux_load(const struct uefi_options *options, struct uefi_linux *out)
{
	memset(out, 0, sizeof(*out));
	UEFI_TRY(load_kernel(options, out));
	UEFI_TRY(load_cmdline(options, out));
	UEFI_TRY(load_initrd(options, out));
	return uefi_linux_allocate("boot_params", sizeof(struct linux_boot_params), &out->params);
}

/* ---- handing over ---------------------------------------------------------------------------- */

enum status uefi_linux_fill(const struct uefi_linux *payload, const struct uefi_memory *memory,
			    gpa_t rsdp, const struct linux_efi_info *efi)
{
	struct linux_boot_params *params = gpa_pointer(payload->params);
	struct zero_page_parts parts = payload->parts;
	unsigned count = 0;
	parts.rsdp = rsdp;
	zero_page_fill(params, &payload->header, &parts);
	TRY(e820_build(&memory->map, memory->reserved, memory->reserved_count, params->e820_table,
		       LINUX_E820_MAX, &count));
	params->e820_entries = (uint8_t)count;
	params->efi_info = *efi;
	return ST_OK;
}
