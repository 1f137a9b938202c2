// The shim's low memory in a test process.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#define _DEFAULT_SOURCE
#include "boot-tests/unit/shim/low_memory.h"

#include <sys/mman.h>

#include "arch/base/addr.h"
#include "arch/base/check.h"
#include "linker/memmap.h"

void low_memory_map(uint64_t end)
{
	static uint64_t mapped;
	void *base = gpa_pointer(gpa(SHIM_RAM));
	CHECK(mapped == 0 || mapped == end);
	if (mapped == 0) {
		CHECK(mmap(base, end - SHIM_RAM, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1,
			   0) == base);
		mapped = end;
	}
}
