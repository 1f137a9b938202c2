// Asks the firmware for its memory map, and reads it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/uefi/uefi_memory_now.h"

#include "loader/uefi/uefi_log.h"
#include "loader/uefi/uefi_services.h"

uefi_status_t uefi_memory_now(enum uefi_memory_when when, struct uefi_memory *out, uint64_t *key)
{
	struct uefi_map map;
	size_t at;
	uefi_status_t told = uefi_memory_map(&map, key);
	if (told != UEFI_SUCCESS) {
		return uefi_refuse(told, "memory map");
	}
	enum status status = uefi_memory_read(&map, when, out, &at);
	if (status != ST_OK) {
		return uefi_refuse(uefi_status_of(status), "memory map: descriptor %lu: %s", at,
				   status_text(status));
	}
	return UEFI_SUCCESS;
}
