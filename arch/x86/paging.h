// Page-table entry bits and geometry of 4-level (and 5-level) paging, nothing else.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [SDM 3A 4.5]
#pragma once

#include "arch/base/addr.h"
#include "arch/base/bits.h"

#define PTE_P BIT64(0)
#define PTE_W BIT64(1)
#define PTE_U BIT64(2)
#define PTE_PWT BIT64(3)
#define PTE_PCD BIT64(4)
#define PTE_A BIT64(5)
#define PTE_D BIT64(6)
#define PTE_PS BIT64(7)
#define PTE_G BIT64(8)
#define PTE_NX BIT64(63)
#define PTE_ADDRESS MASK64(51, 12)

#define PT_ENTRIES 512

/* Index of address in a table of level (PG_4K: the table of 4 KiB entries). */
static inline unsigned pt_index(uint64_t address, enum pg_level level)
{
	return (unsigned)(address >> (12u + 9u * (unsigned)level)) & (PT_ENTRIES - 1);
}
