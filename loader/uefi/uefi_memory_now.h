// Asks the firmware for its memory map, and reads it; what is wrong with it is said.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

#include "loader/uefi/uefi_memory.h"
#include "loader/uefi/uefi_status.h"

/* What the firmware would leave now; key: that of the map. */
uefi_status_t uefi_memory_now(struct uefi_memory *out, uint64_t *key) MUST_CHECK;

/* What is free now. */
uefi_status_t uefi_memory_free_now(struct memory_map *out) MUST_CHECK;
