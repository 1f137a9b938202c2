// What of the machine a TD is given.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "boot-tests/vmm/mmu/shared_table.h"

struct td_place {
	unsigned cpu_base; /* vCPU i runs on CPU cpu_base + i */
	unsigned vcpu_count;
	uint32_t hkid;
	uint64_t memory; /* bytes of RAM */
	struct shared_backing shared;
	bool host_test; /* it may talk to the test of host_test.h */
	bool second;    /* QEMU's devices are another TD's: see ports.h */
};
