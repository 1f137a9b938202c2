// How much memory QEMU has.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

/* The end of the RAM in which the machine is loaded; memory_pool() if none follows that. */
uint64_t ram_end(void);
