// Address types: a guest-physical number cannot slip into a host-physical parameter.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// A gpa_t never carries the SHARED bit; sharing is enum share, and the two are put together only
// where a page-table entry, a MapGPA operand or an MMIO operand is made (gpa_with_share()).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/bits.h"

typedef struct {
	uint64_t v;
} gpa_t; /* guest physical */
typedef struct {
	uint64_t v;
} hpa_t; /* host physical */
typedef struct {
	uint64_t v;
} gva_t; /* guest linear */

static inline gpa_t gpa(uint64_t raw)
{
	return (gpa_t){ raw };
}

static inline hpa_t hpa(uint64_t raw)
{
	return (hpa_t){ raw };
}

static inline gva_t gva(uint64_t raw)
{
	return (gva_t){ raw };
}

/* The bytes at a guest-physical address, for programs that map memory one to one. */
static inline void *gpa_pointer(gpa_t address)
{
	return (void *)(uintptr_t)address.v;
}

enum share { SHARE_PRIVATE, SHARE_SHARED };

/* Level 0 is the 4 KiB page, the numbering TDX uses: shift = 12 + 9 * level. */
enum pg_level { PG_4K, PG_2M, PG_1G, PG_512G, PG_256T };

static inline uint64_t pg_size(enum pg_level level)
{
	return BIT64(12u + 9u * (unsigned)level);
}

/* The raw value of a GPA in page-table entries and host calls; gpaw is 48 or 52. */
static inline uint64_t gpa_with_share(gpa_t address, enum share share, unsigned gpaw)
{
	return address.v | (share == SHARE_SHARED ? BIT64(gpaw - 1) : 0);
}

/* [base, base + size): page aligned, size > 0, no wrap. Made by gpa_range_make() only. */
struct gpa_range {
	gpa_t base;
	uint64_t size;
};

/* False when the operands do not make a range; *out is then untouched. */
static inline bool gpa_range_make(uint64_t base, uint64_t size, struct gpa_range *out)
{
	if (size == 0 || !is_aligned(base, 4096) || !is_aligned(size, 4096) ||
	    base + size - 1 < base) {
		return false;
	}
	*out = (struct gpa_range){ { base }, size };
	return true;
}

/* First address after the range; 0 when it ends at 2^64. */
static inline uint64_t gpa_range_end(struct gpa_range range)
{
	return range.base.v + range.size;
}

/* Do [a, a + a_size) and [b, b + b_size) share a byte? Neither may wrap. */
static inline bool ranges_overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a_size != 0 && b_size != 0 && (a < b ? b - a < a_size : a - b < b_size);
}
