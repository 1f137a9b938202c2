// IGVM's memory map, of the RAM that a TD has.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stddef.h>

#include "arch/base/status.h"
#include "boot-tests/vmm/td/td_layout.h"

/*
 * Writes the map to out, with the entry that ends it. ST_NO_SPACE: it does not fit into size bytes;
 * nothing is written.
 */
enum status td_memory_map_build(const struct td_layout *layout, void *out, size_t size) MUST_CHECK;
