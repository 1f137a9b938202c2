// Port I/O and MMIO of the TD: QEMU's real q35 devices, without those that are the machine's own.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// They are the first TD's. A second one has a serial port (QEMU's COM2, which it finds at COM1), a
// fw_cfg of copies, PCI configuration space to read, the ACPI timer and the power switch; all else
// reads as where nothing is.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "boot-tests/vmm/td/host_td.h"

/* size: 1, 2 or 4. A write that powers the TD off or resets it ends the TD, and
 * never reaches the device. */
uint32_t port_read(struct host_td *td, uint16_t port, unsigned size);
void port_write(struct host_td *td, uint16_t port, unsigned size, uint32_t value);

/* address without the SHARED bit; size: 1, 2, 4 or 8. False: RAM or the machine is there. */
bool mmio_read(const struct host_td *td, uint64_t address, unsigned size, uint64_t *value);
bool mmio_write(const struct host_td *td, uint64_t address, unsigned size, uint64_t value);
