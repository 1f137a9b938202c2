// The shim's low memory in a test process, at the addresses of linker/memmap.h.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

/* Maps [SHIM_RAM, end) zeroed, once per process; ends the process when that cannot be done. */
void low_memory_map(uint64_t end);
