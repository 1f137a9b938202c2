// An entry of the tables that map guest memory, in x86 format, and the values that map nothing.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [boot-tests/module/seamcall.h, "The shared EPT"; linux arch/x86/kvm/mmu/spte.h]
//
//   63..52   51..12   11..8     7    6  5   4  3   2  1  0
//     0       HPA       0       PS   D  A   0  0   U  W  P     leads to a table, or is a leaf
//     0        0     suppress   0    0  0   0  0   0  0  0     TDP_ABSENT: an access is a TD exit
//     0        0        0       0    0  0   0  0   0  0  0     TDP_MMIO: an access is a #VE
//     0        0     software values with P, W, U 0            TDP_FROZEN: somebody changes it
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/x86/paging.h"
#include "boot-tests/module/seamcall.h"

#define TDP_ABSENT NPT_SUPPRESS_VE
#define TDP_MMIO UINT64_C(0)
/* [linux FROZEN_SPTE] */
#define TDP_FROZEN (NPT_SUPPRESS_VE | UINT64_C(0x5A0))

/* Accessed and dirty are preset: the CPU need not write here. */
#define TDP_LINK_BITS (PTE_P | PTE_W | PTE_U | PTE_A)
#define TDP_LEAF_BITS (TDP_LINK_BITS | PTE_D)

static inline bool tdp_present(uint64_t entry)
{
	return (entry & PTE_P) != 0;
}

static inline bool tdp_is_leaf(uint64_t entry, enum pg_level level)
{
	return tdp_present(entry) && (level == PG_4K || (entry & PTE_PS) != 0);
}

static inline bool tdp_is_link(uint64_t entry, enum pg_level level)
{
	return tdp_present(entry) && !tdp_is_leaf(entry, level);
}

static inline hpa_t tdp_frame(uint64_t entry)
{
	return hpa(entry & PTE_ADDRESS);
}

static inline uint64_t tdp_leaf(hpa_t frame, enum pg_level level)
{
	return frame.v | TDP_LEAF_BITS | (level == PG_4K ? 0 : PTE_PS);
}

static inline uint64_t tdp_link(hpa_t table)
{
	return table.v | TDP_LINK_BITS;
}
