// IGVM's memory map: the host's description of memory where no TD HOB is, validated before use.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arch/base/status.h"
#include "loader/memory/memory_map.h"

/*
 * Reads a MEMORY_MAP out of the shim's own copy of the parameter area. image_size: bytes of the
 * image that ends at 4 GiB; gpaw: 48 or 52. *map_size: bytes in front of the entry that ends it,
 * which is what gets measured. Memory is unaccepted, but for the pages that the file added; what is
 * not memory for everybody's use is reserved. Refuses, with *map and *map_size untouched:
 *   ST_TRUNCATED    no entry ends it within size bytes
 *   ST_BAD_FORMAT   flags or a reserved field
 *   ST_UNSUPPORTED  a type of memory that is not known
 *   ST_BAD_RANGE    not ascending, at or above the SHARED bit, on the image
 *   ST_NO_MEMORY    the pages that the file added are not in memory
 *   ST_NO_SPACE     more ranges than a memory map holds
 */
enum status igvm_map_read(const void *copy, size_t size, unsigned gpaw, uint64_t image_size,
			  struct memory_map *map, size_t *map_size) MUST_CHECK;
