// The chipset of QEMU's q35: PCI configuration by ports, and what a firmware sets up in it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [Intel ICH9 datasheet 13.1 (LPC), Q35 datasheet PCIEXBAR]
#pragma once

#include "arch/base/bits.h"

#define PCI_PORT_ADDRESS 0xCF8
#define PCI_PORT_DATA 0xCFC
#define PCI_ADDRESS_ENABLE BIT32(31)
#define PCI_DEVICES 32  /* of a bus */
#define PCI_FUNCTIONS 8 /* of a device */
#define PCI_CLASS 0x08  /* in the high half of this register */
#define PCI_CLASS_HOST_BRIDGE 0x0600
#define PCI_CLASS_PCI_BRIDGE 0x0604

/* Device 31, function 0. */
#define ICH9_LPC_DEVICE 31
#define ICH9_PMBASE 0x40
#define ICH9_PMBASE_IO BIT32(0)
#define ICH9_ACPI_CNTL 0x44
#define ICH9_ACPI_EN BIT32(7)
/* The ACPI block's ports: where SeaBIOS and OVMF have them, too. */
#define ICH9_PM_PORTS 0x600

/* Device 0, function 0. */
#define Q35_PCIEXBAR 0x60
#define Q35_PCIEXBAR_ENABLE BIT32(0)
/* RAM below 4 GiB ends there at the latest. */
#define Q35_PCIEXBAR_BASE 0xB0000000
