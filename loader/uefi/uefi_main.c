// The application's boot, step by step.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <stdbool.h>

#include "arch/linux/efi.h"
#include "linker/memmap.h"
#include "loader/table/handover_table.h"
#include "loader/uefi/uefi_ap_piece.h"
#include "loader/uefi/uefi_aps.h"
#include "loader/uefi/uefi_left.h"
#include "loader/uefi/uefi_linux.h"
#include "loader/uefi/uefi_log.h"
#include "loader/uefi/uefi_measure.h"
#include "loader/uefi/uefi_memory_now.h"
#include "loader/uefi/uefi_options.h"
#include "loader/uefi/uefi_services.h"

/* The map may change between two calls, by a timer of the firmware's: UEFI has it fail once
 * then. */
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

/* Where the RSDP is; 0: the firmware has no ACPI tables. */
static gpa_t find_rsdp(void)
{
	static const uint8_t guid[] = EFI_ACPI_20_GUID;
	return uefi_find_table(guid);
}

/* The hand-over table has 4, and no way leads from one to the other in 64-bit mode. */
static uefi_status_t check_paging(void)
{
	if (uefi_five_levels()) {
		return uefi_refuse(UEFI_STATUS(UNSUPPORTED),
				   "the firmware's page table has 5 levels, must be 4");
	}
	return UEFI_SUCCESS;
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

/* All that is made before the firmware is left. */
struct uefi_boot {
	struct uefi_linux payload;
	struct uefi_aps aps;
	struct uefi_left left;
	gpa_t rsdp;
	gpa_t root;       /* of the hand-over table */
	bool no_way_back; /* the firmware has lost APs, or services */
};

/* What a TD has beside a plain VM: APs, and ACPI tables by which the payload wakes them. */
static uefi_status_t prepare_machine(struct uefi_boot *boot)
{
	const struct uefi_ap_head *head = NULL;
	boot->rsdp = find_rsdp();
	if (uefi_in_td()) {
		UEFI_TRY(uefi_aps_prepare(boot->rsdp, &boot->aps));
		boot->rsdp = boot->aps.rsdp;
		head = uefi_ap_head(gpa_pointer(boot->aps.piece));
	}
	return uefi_left_prepare(boot->payload.accepts_memory, head, &boot->left);
}

/* What the firmware leaves is known by the very map with whose key it is left. */
static uefi_status_t leave_firmware(struct uefi_boot *boot)
{
	static struct uefi_memory memory;
	uefi_status_t status = UEFI_SUCCESS;
	for (unsigned i = 0; i < EXIT_TRIES; i++) {
		uint64_t key;
		UEFI_TRY(uefi_memory_now(UEFI_MEMORY_LEFT, &memory, &key));
		struct linux_efi_info efi = uefi_left_settle(&boot->left, &memory, boot->rsdp);
		enum status filled = uefi_linux_fill(&boot->payload, &memory, boot->rsdp, &efi);
		if (filled != ST_OK) {
			return uefi_refuse(uefi_status_of(filled), "e820 table: %s",
					   status_text(filled));
		}
		boot->no_way_back = true;
		status = uefi_exit(key);
		if (status != UEFI_STATUS(INVALID_PARAMETER)) {
			break;
		}
	}
	/* The console may be gone: then these words are lost. */
	return status == UEFI_SUCCESS ? status : uefi_refuse(status, "ExitBootServices");
}

/* Returns when it failed, and the firmware is as it was. */
static uefi_status_t leave(struct uefi_boot *boot)
{
	uint64_t entry = boot->payload.window.base.v + LINUX_ENTRY_64;
	uefi_note("kernel at 0x%lx", entry);
	boot->no_way_back = boot->aps.count > 0;
	uefi_status_t status = uefi_aps_take(&boot->aps);
	if (status == UEFI_SUCCESS) {
		status = leave_firmware(boot);
	}
	if (status == UEFI_SUCCESS) {
		uefi_leave(entry, boot->payload.params.v, boot->root.v);
	}
	if (boot->no_way_back) {
		uefi_reset(status);
	}
	return status;
}

uefi_status_t uefi_main(void)
{
	static struct uefi_options options;
	static struct uefi_boot boot;
	UEFI_TRY(check_paging());
	UEFI_TRY(uefi_measure_start());
	UEFI_TRY(read_options(&options));
	UEFI_TRY(uefi_linux_load(&options, &boot.payload));
	UEFI_TRY(prepare_machine(&boot));
	UEFI_TRY(build_table(boot.payload.window, &boot.root));
	return leave(&boot);
}
