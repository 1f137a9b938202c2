// The TD HOB list: the host's description of memory, validated whole before any of it is used.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stddef.h>

#include "arch/base/status.h"
#include "loader/memory/memory_map.h"

/*
 * Reads a HOB list out of the shim's own copy (the host's page must have been copied before).
 * image_size: bytes of the image that ends at 4 GiB; gpaw: 48 or 52. *list_size: bytes in front of
 * the END block, which is what gets measured. Resources come in any order; CPU, MEMORY_ALLOCATION,
 * GUID and UNUSED blocks and I/O resources are passed over. Refuses, with *map and *list_size
 * untouched:
 *   ST_TRUNCATED    the list does not end within size bytes
 *   ST_BAD_FORMAT   a block's type, length, reserved field, version, attributes, or the end pointer
 *   ST_UNSUPPORTED  a block or resource type that a TD HOB of a TDX host does not have
 *   ST_BAD_RANGE    unaligned, empty, wrapping, overlapping, at or above the SHARED bit,
 *                   on the image; unaccepted on pages that metadata sections added, or accepted
 *                   outside them
 *   ST_NO_SPACE     more ranges than a memory map holds
 */
enum status hob_read(const void *copy, size_t size, unsigned gpaw, uint64_t image_size,
		     struct memory_map *map, size_t *list_size) MUST_CHECK;
