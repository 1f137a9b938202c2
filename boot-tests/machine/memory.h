// Host physical memory as the machine sees it: identity mapped, so an hpa_t is one cast from a
// pointer.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "arch/base/addr.h"
#include "linker/memmap.h"

static inline void *hpa_ptr(hpa_t address)
{
	return (void *)(uintptr_t)address.v;
}

static inline hpa_t ptr_hpa(const void *pointer)
{
	return hpa((uint64_t)(uintptr_t)pointer);
}

/* Where this program is linked, and has MACHINE_WINDOW bytes. */
hpa_t memory_base(void);
/* The frame pool is [memory_pool(), memory_top()): of the RAM after that window all but the tables
 * at its end, which memory_init() makes. */
hpa_t memory_pool(void);
hpa_t memory_top(void);

/* Builds the machine's own page tables and loads them: [0, 2^47) identity, the machine's window by
 * 4 KiB pages (code not writable, data not executable), the pool by 2 MiB whose dirty bits tell
 * what was written (page_marks.h). Once, on the BSP. Null, or why it cannot be. */
const char *memory_init(uint64_t ram_end);
/* Takes one 4 KiB page of the machine's window out of the map. Before other CPUs run. */
void memory_guard(const void *page);
