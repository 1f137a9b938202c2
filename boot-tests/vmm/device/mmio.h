// MMIO of QEMU's devices, which stand at the same host address. Functions for device_table.h.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

struct verdict;

uint64_t mmio_host_read(void *device, uint64_t address, unsigned size);
void mmio_host_write(void *device, uint64_t address, unsigned size, uint64_t value,
		     struct verdict *verdict);
