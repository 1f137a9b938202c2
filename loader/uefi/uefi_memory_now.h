// Asks the firmware for its memory map, and reads it; what is wrong with it is said.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

#include "loader/uefi/uefi_memory.h"
#include "loader/uefi/uefi_status.h"

/* key: that of the map. */
uefi_status_t uefi_memory_now(enum uefi_memory_when when, struct uefi_memory *out,
			      uint64_t *key) MUST_CHECK;
