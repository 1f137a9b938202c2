// Host physical memory as the machine sees it: identity mapped, so an hpa_t is one cast from a pointer.
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

/* First byte behind the RAM above 4 GiB; the frame pool is [MACHINE_POOL, memory_top()). */
hpa_t memory_top(void);
