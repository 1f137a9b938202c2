// Memory that the firmware has not accepted.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/uefi/uefi_left.h"

#include "loader/memory/unaccepted.h"
#include "loader/payload/efi_tables.h"
#include "loader/uefi/uefi_log.h"
#include "loader/uefi/uefi_memory_now.h"
#include "loader/uefi/uefi_services.h"

_Static_assert(UEFI_RESERVED_MAX <= EFI_TABLES_RESERVED_MAX,
	       "the EFI that is left tells all that is reserved");

/* 256 TiB from the first to the last unit. */
#define TABLE_MAX 0x1000000

static uint64_t unaccepted_bytes(const struct memory_map *map)
{
	uint64_t size = 0;
	for (unsigned i = 0; i < map->count; i++) {
		bool is = map->entries[i].kind == MEMORY_UNACCEPTED;
		size += is ? map->entries[i].range.size : 0;
	}
	return size;
}

static void leave_out(struct memory_map *map)
{
	for (unsigned i = 0; i < map->count; i++) {
		if (map->entries[i].kind == MEMORY_UNACCEPTED) {
			map->entries[i].kind = MEMORY_RESERVED;
		}
	}
}

uefi_status_t uefi_left_prepare(bool payload_accepts, const struct uefi_ap_head *head,
				struct uefi_left *out)
{
	static struct uefi_memory memory;
	uint64_t key;
	*out = (struct uefi_left){ 0 };
	UEFI_TRY(uefi_memory_now(UEFI_MEMORY_LEFT, &memory, &key));
	uint64_t all = unaccepted_bytes(&memory.map);
	if (payload_accepts && head != NULL) {
		unaccepted_leave(&memory.map, 0, TABLE_MAX);
	}
	uint64_t left = unaccepted_left(&memory.map);
	if (left < all) {
		uefi_note("%lu MiB that the firmware has not accepted stay unused",
			  (all - left + MIB - 1) / MIB);
	}
	if (left == 0) {
		return UEFI_SUCCESS;
	}
	uint64_t size = unaccepted_table_size(&memory.map);
	gpa_t tables;
	uefi_status_t status =
		uefi_allocate_below(FOUR_GIB, EFI_TABLES_SIZE + size, EFI_ACPI_RECLAIM, &tables);
	if (status != UEFI_SUCCESS) {
		return uefi_refuse(status, "EFI tables: 0x%lx bytes of memory below 4 GiB",
				   EFI_TABLES_SIZE + size);
	}
	*out = (struct uefi_left){ tables, size, gpa(head->efi_success),
				   gpa(head->efi_unsupported) };
	uefi_note("left %lu MiB to the kernel to accept", left / MIB);
	return UEFI_SUCCESS;
}

struct linux_efi_info uefi_left_settle(const struct uefi_left *left, struct uefi_memory *memory,
				       gpa_t rsdp)
{
	const struct efi_tables_parts parts = {
		.rsdp = rsdp,
		.unaccepted = gpa(left->tables.v + EFI_TABLES_SIZE),
		.success = left->success,
		.unsupported = left->unsupported,
		.reserved = memory->reserved,
		.reserved_count = memory->reserved_count,
	};
	if (left->tables.v != 0) {
		unaccepted_leave(&memory->map, 0, left->table_size);
	}
	leave_out(&memory->map);
	if (unaccepted_left(&memory->map) == 0) {
		return (struct linux_efi_info){ 0 };
	}
	unaccepted_table_fill(&memory->map, gpa_pointer(parts.unaccepted));
	return efi_tables_fill(gpa_pointer(left->tables), left->tables, &memory->map, &parts);
}
