// Asks the firmware for its memory map, and reads it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/uefi/uefi_memory_now.h"

#include "loader/uefi/uefi_log.h"
#include "loader/uefi/uefi_services.h"

static uefi_status_t get_map(struct uefi_map *out, uint64_t *key)
{
	uefi_status_t status = uefi_memory_map(out, key);
	return status == UEFI_SUCCESS ? status : uefi_refuse(status, "memory map");
}

static uefi_status_t outcome(enum status status, size_t at)
{
	if (status == ST_OK) {
		return UEFI_SUCCESS;
	}
	return uefi_refuse(uefi_status_of(status), "memory map: descriptor %lu: %s", at,
			   status_text(status));
}

uefi_status_t uefi_memory_now(struct uefi_memory *out, uint64_t *key)
{
	struct uefi_map map;
	size_t at;
	UEFI_TRY(get_map(&map, key));
	enum status status = uefi_memory_read(&map, out, &at);
	return outcome(status, at);
}

uefi_status_t uefi_memory_free_now(struct memory_map *out)
{
	struct uefi_map map;
	uint64_t key;
	size_t at;
	UEFI_TRY(get_map(&map, &key));
	enum status status = uefi_memory_free(&map, out, &at);
	return outcome(status, at);
}
