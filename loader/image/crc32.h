// CRC-32 of IEEE 802.3, as zlib and IGVM have it: reflected, polynomial 0x04C11DB7.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stddef.h>
#include <stdint.h>

/* crc: 0 at first, then what the bytes before these gave. */
uint32_t crc32_update(uint32_t crc, const void *bytes, size_t size);
