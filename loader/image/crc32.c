// CRC-32, bit by bit: what it is taken of is small.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/image/crc32.h"

/* The polynomial, lowest bit first. */
#define CRC32_REFLECTED 0xEDB88320u

uint32_t crc32_update(uint32_t crc, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	crc = ~crc;
	for (size_t i = 0; i < size; i++) {
		crc ^= at[i];
		for (unsigned bit = 0; bit < 8; bit++) {
			crc = (crc >> 1) ^ ((crc & 1) != 0 ? CRC32_REFLECTED : 0);
		}
	}
	return ~crc;
}
