// What of q35 the machine itself needs, and leaves as it found it: the TD's firmware is the first.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [Intel ICH9 datasheet 13.1 (LPC), Q35 datasheet PCIEXBAR; QEMU hw/isa/lpc_ich9.c]
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/qemu/q35.h"

/* The port of the ACPI timer. It answers from chipset_pm_on(), which turns the power-management
 * block on, to chipset_pm_restore(), which leaves the block as it was found. */
#define CHIPSET_PM_TIMER (ICH9_PM_PORTS + 8)
void chipset_pm_on(void);
void chipset_pm_restore(void);

/* Sets up what a firmware would and QEMU's ACPI tables name: ACPI ports, PCIe configuration window.
 * For TDs that share the chipset, of which no single one can do it. */
void chipset_set_up(void);

/* Power management and PCIe configuration window are again as chipset_pm_on() found them, whatever
 * a TD has made of them. */
void chipset_restore(void);

/* A register of a function on bus 0; where is a multiple of 4. Before any TD runs. */
uint32_t chipset_read(unsigned device, unsigned function, unsigned where);
/* Is there a bridge on bus 0 to other PCI buses, or to a root bus beside it? Before any TD runs. */
bool chipset_leads_on(void);
