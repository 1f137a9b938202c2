// The firmware's memory map as the rest of the loader has it: kinds of memory, and what of it the
// payload must leave alone.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stddef.h>

#include "arch/base/status.h"
#include "loader/memory/e820.h"
#include "loader/memory/memory_map.h"
#include "loader/uefi/uefi_map.h"

#define UEFI_RESERVED_MAX 32

enum uefi_memory_when {
	UEFI_MEMORY_FREE, /* all that is free while the firmware is there, and nothing else */
	UEFI_MEMORY_LEFT, /* what the firmware leaves to a payload when it has gone */
};

struct uefi_memory {
	struct memory_map map; /* MEMORY_ACCEPTED: free, or the firmware's while it is there */
	/* ACPI tables and what ACPI calls NVS, with types of an e820 table: also accepted
	 * memory. */
	unsigned reserved_count;
	struct e820_overlay reserved[UEFI_RESERVED_MAX];
};

/*
 * Reads a map. *at is the descriptor that is refused. ST_BAD_FORMAT: a descriptor is smaller than
 * UEFI's, or not whole; ST_BAD_RANGE: it is empty, unaligned, wraps or overlaps another;
 * ST_NO_SPACE: more ranges than *out can have.
 */
enum status uefi_memory_read(const struct uefi_map *map, enum uefi_memory_when when,
			     struct uefi_memory *out, size_t *at) MUST_CHECK;
