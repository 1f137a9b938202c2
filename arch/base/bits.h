// Bits, masks and alignment, so that no .c file needs a bare shift.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define BIT32(n) (UINT32_C(1) << (n))
#define BIT64(n) (UINT64_C(1) << (n))
/* Bits hi to lo, both inclusive. */
#define MASK64(hi, lo) ((UINT64_MAX >> (63 - (hi))) & (UINT64_MAX << (lo)))

#define MIB UINT64_C(0x100000)

#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))

static inline uint64_t field_get(uint64_t mask, uint64_t value)
{
	return (value & mask) >> __builtin_ctzll(mask);
}

static inline uint64_t field_put(uint64_t mask, uint64_t value)
{
	return (value << __builtin_ctzll(mask)) & mask;
}

/* Of a value of size bytes, 1 to 8, that has no other bits. */
static inline uint64_t sign_extend(uint64_t value, unsigned size)
{
	uint64_t sign = BIT64(8 * size - 1);
	return (value ^ sign) - sign;
}

/* size must be a power of two in all four. */
static inline uint64_t align_down(uint64_t value, uint64_t size)
{
	return value & ~(size - 1);
}

/* Wraps to 0 when value is within size of 2^64: check the range first. */
static inline uint64_t align_up(uint64_t value, uint64_t size)
{
	return (value + size - 1) & ~(size - 1);
}

static inline bool is_aligned(uint64_t value, uint64_t size)
{
	return (value & (size - 1)) == 0;
}
