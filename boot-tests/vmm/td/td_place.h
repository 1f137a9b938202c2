// What of the machine a TD is given.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "boot-tests/vmm/mmu/shared_half.h"

struct td_place {
	unsigned cpu_base; /* vCPU i runs on CPU cpu_base + i */
	unsigned vcpu_count;
	uint32_t hkid;
	uint64_t memory; /* bytes of RAM */
	struct shared_backing shared;
	void *tables;       /* for mmu_init() */
	bool q35;           /* QEMU's devices are its own: see devices.h */
	uint16_t serial;    /* else: the port of QEMU's that it finds at COM1 */
	bool one_bus;       /* there is PCI bus 0, and nothing that leads to others */
	bool ends_all;      /* its end is that of all TDs, and the run's verdict is its own */
	const char *prefix; /* of its name in the log: "" or "second " */
};
