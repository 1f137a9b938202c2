// SHA-384, small and freestanding.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [FIPS 180-4 sections 5 and 6.4, 6.5]
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "arch/tdx/module.h"

#define SHA384_BLOCK_SIZE 128

struct sha384 {
	uint64_t state[8];
	uint64_t size; /* bytes taken so far; below 2^61 */
	uint8_t block[SHA384_BLOCK_SIZE];
};

void sha384_init(struct sha384 *hash);
void sha384_update(struct sha384 *hash, const void *data, size_t size);
/* The hash is used up: call sha384_init() before the next message. */
void sha384_final(struct sha384 *hash, uint8_t digest[SHA384_SIZE]);
