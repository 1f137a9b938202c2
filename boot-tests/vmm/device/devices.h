// The devices that a TD finds.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// QEMU's real q35 devices, without those that are the machine's own, are one TD's. Any other has a
// serial port of QEMU's (which it finds at COM1), a fw_cfg of copies, PCI configuration space to
// read, the ACPI timer and the power switch; all else reads as where nothing is.
#pragma once

#include "boot-tests/vmm/td/host_td.h"

/* Makes the tables of a TD that is built: its place says which devices it has. To add one: a row
 * here, and its functions. */
void devices_make(struct host_td *td);
