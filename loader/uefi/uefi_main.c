// The application's boot, step by step.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/linux/efi.h"
#include "linker/memmap.h"
#include "loader/table/handover_table.h"
#include "loader/uefi/uefi_linux.h"
#include "loader/uefi/uefi_log.h"
#include "loader/uefi/uefi_measure.h"
#include "loader/uefi/uefi_memory.h"
#include "loader/uefi/uefi_options.h"
#include "loader/uefi/uefi_services.h"

/* The map may change between two calls, by a timer of the firmware's: UEFI has it fail once then.
 */
#define EXIT_TRIES 8

static uefi_status_t read_options(struct uefi_options *out)
{
	struct uefi_options_fault fault;
	const void *text;
	size_t size;
	uefi_load_options(&text, &size);
	enum status status = uefi_options_parse(text, size, out, &fault);
	if (status != ST_OK) {
		return uefi_refuse(uefi_status_of(status), "load options: character %lu: %s: %s",
				   fault.at, fault.word, fault.rule);
	}
	return UEFI_SUCCESS;
}

/* 0: the firmware has no ACPI tables. */
static gpa_t find_rsdp(void)
{
	static const uint8_t guid[] = EFI_ACPI_20_GUID;
	return uefi_find_table(guid);
}

static uefi_status_t build_table(struct gpa_range window, gpa_t *root)
{
	const struct handover_piece code = {
		{ gpa(align_down((uintptr_t)uefi_leave_page, MEM_PAGE_SIZE)), MEM_PAGE_SIZE }, PT_RX
	};
	gpa_t pages;
	uefi_status_t status = uefi_allocate_below(
		FOUR_GIB, HANDOVER_TABLE_PAGES * (uint64_t)MEM_PAGE_SIZE, EFI_LOADER_DATA, &pages);
	if (status != UEFI_SUCCESS) {
		return uefi_refuse(status, "hand-over table: %u pages below 4 GiB",
				   HANDOVER_TABLE_PAGES);
	}
	const struct pt_arena arena = { gpa_pointer(pages), pages, HANDOVER_TABLE_PAGES };
	enum status built = handover_table_build(&arena, window, &code, 1, root);
	if (built != ST_OK) {
		return uefi_refuse(uefi_status_of(built),
				   "hand-over table: kernel window 0x%lx to 0x%lx, code 0x%lx",
				   window.base.v, gpa_range_end(window), code.range.base.v);
	}
	return UEFI_SUCCESS;
}

/* What the firmware leaves is known by the very map with which it is left. */
static uefi_status_t leave_firmware(const struct uefi_linux *payload, gpa_t rsdp)
{
	static struct uefi_memory memory;
	uefi_status_t status = UEFI_SUCCESS;
	for (unsigned i = 0; i < EXIT_TRIES; i++) {
		struct uefi_map map;
		uint64_t key;
		size_t at;
		status = uefi_memory_map(&map, &key);
		if (status != UEFI_SUCCESS) {
			return uefi_refuse(status, "memory map");
		}
		enum status read = uefi_memory_read(&map, &memory, &at);
		if (read != ST_OK) {
			return uefi_refuse(uefi_status_of(read), "memory map: descriptor %lu: %s",
					   at, status_text(read));
		}
		read = uefi_linux_fill(payload, &memory, rsdp);
		if (read != ST_OK) {
			return uefi_refuse(uefi_status_of(read), "e820 table: %s",
					   status_text(read));
		}
		status = uefi_exit(key);
		if (status != UEFI_STATUS(INVALID_PARAMETER)) {
			break;
		}
	}
	return status == UEFI_SUCCESS ? status : uefi_refuse(status, "ExitBootServices");
}

uefi_status_t uefi_main(void)
{
	static struct uefi_options options;
	static struct uefi_linux payload;
	gpa_t root;
	UEFI_TRY(uefi_measure_start());
	UEFI_TRY(read_options(&options));
	UEFI_TRY(uefi_linux_load(&options, &payload));
	UEFI_TRY(build_table(payload.window, &root));
	uefi_note("kernel at 0x%lx", payload.window.base.v + LINUX_ENTRY_64);
	UEFI_TRY(leave_firmware(&payload, find_rsdp()));
	uefi_leave(payload.window.base.v + LINUX_ENTRY_64, payload.params.v, root.v);
}
