// Ports of QEMU's q35, as functions for device_table.h; power control is looked at on its way.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [Intel ICH9 datasheet 12.8, 13.7, 13.8; QEMU hw/acpi/core.c, hw/isa/lpc_ich9.c]
//
// A write that powers the TD off or resets it gives the verdict, and never reaches the device.
#pragma once

#include <stdint.h>

struct verdict;

#define PORT_COM2 0x2F8
#define COM_PORTS 8
#define PORT_KEYBOARD_COMMAND 0x64
#define PORT_SYSTEM_CONTROL_A 0x92
/* From PCI_PORT_ADDRESS on: address, among it PC_RESET_CONTROL, then data. */
#define PORT_PCI_COUNT 8

/* QEMU's device at the same port. */
uint64_t port_host_read(void *device, uint64_t port, unsigned size);
void port_host_write(void *device, uint64_t port, unsigned size, uint64_t value,
		     struct verdict *verdict);
/* QEMU's device; the ACPI power switch, wherever the chipset has it, ends the TD. */
void port_power_write(void *device, uint64_t port, unsigned size, uint64_t value,
		      struct verdict *verdict);
/* QEMU's keyboard controller and system control port A; a reset ends the TD. */
void port_reset_write(void *device, uint64_t port, unsigned size, uint64_t value,
		      struct verdict *verdict);
/* A text on QEMU's first serial port, as the TD's own. */
void port_serial_print(const char *text);
/* QEMU's PCI configuration ports, where address and data belong together; a reset ends the TD. */
uint64_t port_pci_read(void *device, uint64_t port, unsigned size);
void port_pci_write(void *device, uint64_t port, unsigned size, uint64_t value,
		    struct verdict *verdict);

/*
 * For a TD whose q35 is another TD's. A serial port of QEMU's, shown at COM1; device is a uint16_t,
 * its real base.
 */
uint64_t port_serial_read(void *device, uint64_t port, unsigned size);
void port_serial_write(void *device, uint64_t port, unsigned size, uint64_t value,
		       struct verdict *verdict);
/* For a TD whose q35 is another TD's: PCI configuration space to read; device is a uint32_t, the
 * address that the TD has selected. A reset ends the TD. */
uint64_t port_bare_pci_read(void *device, uint64_t port, unsigned size);
void port_bare_pci_write(void *device, uint64_t port, unsigned size, uint64_t value,
			 struct verdict *verdict);
/* For a TD whose q35 is another TD's: a reset ends the TD, any other write is lost. */
void port_bare_reset_write(void *device, uint64_t port, unsigned size, uint64_t value,
			   struct verdict *verdict);
/* For a TD whose q35 is another TD's: the ACPI timer and the power switch, wherever the chipset has
 * them, and nothing else. */
uint64_t port_bare_read(void *device, uint64_t port, unsigned size);
void port_bare_write(void *device, uint64_t port, unsigned size, uint64_t value,
		     struct verdict *verdict);
