// Ports of QEMU's q35, as functions for device_table.h; power control is looked at on its way.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/device/ports.h"

#include <stdbool.h>

#include "arch/base/bits.h"
#include "arch/qemu/q35.h"
#include "arch/x86/insn.h"
#include "arch/x86/pc.h"
#include "boot-tests/machine/spinlock.h"
#include "boot-tests/vmm/device/device_table.h"
#include "boot-tests/vmm/verdict.h"

#define KEYBOARD_RESET 0xFE
#define SYSTEM_CONTROL_A_RESET BIT32(0)
#define RESET_CONTROL_CPU BIT32(2)

#define LPC_PMBASE_ADDRESS MASK64(15, 7)
#define PM1A_CONTROL 4
#define PM_TIMER 8
#define PM1A_SLEEP_ENABLE BIT32(13)
#define PM1A_SLEEP_TYPE MASK64(12, 10)
#define SLEEP_TYPE_SOFT_OFF 0

/* Ports 0xCF8 to 0xCFF of QEMU: address and data belong together. */
static struct spinlock pci_lock;

static uint32_t in(uint64_t port, unsigned size)
{
	switch (size) {
	case 1:
		return insn_in8((uint16_t)port);
	case 2:
		return insn_in16((uint16_t)port);
	default:
		return insn_in32((uint16_t)port);
	}
}

static void out(uint64_t port, unsigned size, uint64_t value)
{
	switch (size) {
	case 1:
		insn_out8((uint16_t)port, (uint8_t)value);
		break;
	case 2:
		insn_out16((uint16_t)port, (uint16_t)value);
		break;
	default:
		insn_out32((uint16_t)port, (uint32_t)value);
		break;
	}
}

static uint32_t lpc_read(uint32_t offset)
{
	insn_out32(PCI_PORT_ADDRESS, PCI_ADDRESS_ENABLE | ICH9_LPC_DEVICE << 11 | offset);
	return insn_in32(PCI_PORT_DATA);
}

/* Where the ACPI ports are now; 0 while they are off. What the TD selected stays selected. */
static uint16_t pm_base(void)
{
	spin_lock(&pci_lock);
	uint32_t selected = insn_in32(PCI_PORT_ADDRESS);
	uint32_t base = lpc_read(ICH9_PMBASE);
	bool enabled = (lpc_read(ICH9_ACPI_CNTL) & ICH9_ACPI_EN) != 0;
	insn_out32(PCI_PORT_ADDRESS, selected);
	spin_unlock(&pci_lock);
	return enabled ? (uint16_t)(base & LPC_PMBASE_ADDRESS) : 0;
}

static void check_sleep(uint64_t port, unsigned size, uint64_t value, struct verdict *verdict)
{
	if (size < 2 || (value & PM1A_SLEEP_ENABLE) == 0 || port % 8 != PM1A_CONTROL) {
		return;
	}
	uint16_t base = pm_base();
	if (base == 0 || port != (uint64_t)base + PM1A_CONTROL) {
		return;
	}
	uint64_t type = field_get(PM1A_SLEEP_TYPE, value);
	if (type == SLEEP_TYPE_SOFT_OFF) {
		verdict_power_off(verdict);
	} else {
		verdict_sleep(verdict, (unsigned)type);
	}
}

static void check_reset(uint64_t port, uint64_t value, struct verdict *verdict)
{
	uint8_t byte = (uint8_t)value;
	if ((port == PC_RESET_CONTROL && (byte & RESET_CONTROL_CPU) != 0) ||
	    (port == PORT_KEYBOARD_COMMAND && byte == KEYBOARD_RESET) ||
	    (port == PORT_SYSTEM_CONTROL_A && (byte & SYSTEM_CONTROL_A_RESET) != 0)) {
		verdict_reset(verdict, byte, (uint16_t)port);
	}
}

/* --- the q35 of a TD -------------------------------------------------------------------------- */

uint64_t port_host_read(void *device, uint64_t port, unsigned size)
{
	(void)device;
	return in(port, size);
}

void port_host_write(void *device, uint64_t port, unsigned size, uint64_t value,
		     struct verdict *verdict)
{
	(void)device;
	(void)verdict;
	out(port, size, value);
}

void port_power_write(void *device, uint64_t port, unsigned size, uint64_t value,
		      struct verdict *verdict)
{
	(void)device;
	check_sleep(port, size, value, verdict);
	if (!verdict->given) {
		out(port, size, value);
	}
}

void port_reset_write(void *device, uint64_t port, unsigned size, uint64_t value,
		      struct verdict *verdict)
{
	(void)device;
	check_reset(port, value, verdict);
	if (!verdict->given) {
		out(port, size, value);
	}
}

void port_serial_print(const char *text)
{
	for (; *text != 0; text++) {
		insn_out8(PC_COM1, (uint8_t)*text);
	}
}

uint64_t port_pci_read(void *device, uint64_t port, unsigned size)
{
	(void)device;
	spin_lock(&pci_lock);
	uint32_t value = in(port, size);
	spin_unlock(&pci_lock);
	return value;
}

void port_pci_write(void *device, uint64_t port, unsigned size, uint64_t value,
		    struct verdict *verdict)
{
	(void)device;
	check_reset(port, value, verdict);
	if (!verdict->given) {
		spin_lock(&pci_lock);
		out(port, size, value);
		spin_unlock(&pci_lock);
	}
}

/* --- a TD whose q35 is another TD's ----------------------------------------------------------- */

uint64_t port_serial_read(void *device, uint64_t port, unsigned size)
{
	const uint16_t *base = device;
	return in(*base + (port - PC_COM1), size);
}

void port_serial_write(void *device, uint64_t port, unsigned size, uint64_t value,
		       struct verdict *verdict)
{
	const uint16_t *base = device;
	(void)verdict;
	out(*base + (port - PC_COM1), size, value);
}

uint64_t port_bare_pci_read(void *device, uint64_t port, unsigned size)
{
	const uint32_t *address = device;
	if (port < PCI_PORT_DATA) {
		return *address;
	}
	spin_lock(&pci_lock);
	uint32_t selected = insn_in32(PCI_PORT_ADDRESS);
	insn_out32(PCI_PORT_ADDRESS, *address);
	uint32_t value = in(port, size);
	insn_out32(PCI_PORT_ADDRESS, selected);
	spin_unlock(&pci_lock);
	return value;
}

void port_bare_pci_write(void *device, uint64_t port, unsigned size, uint64_t value,
			 struct verdict *verdict)
{
	uint32_t *address = device;
	check_reset(port, value, verdict);
	if (port == PCI_PORT_ADDRESS && size == 4) {
		*address = (uint32_t)value;
	}
}

void port_bare_reset_write(void *device, uint64_t port, unsigned size, uint64_t value,
			   struct verdict *verdict)
{
	(void)device;
	(void)size;
	check_reset(port, value, verdict);
}

uint64_t port_bare_read(void *device, uint64_t port, unsigned size)
{
	uint16_t base = pm_base();
	if (base != 0 && port == (uint64_t)base + PM_TIMER) {
		return in(port, size);
	}
	return device_absent_read(device, port, size);
}

void port_bare_write(void *device, uint64_t port, unsigned size, uint64_t value,
		     struct verdict *verdict)
{
	(void)device;
	check_sleep(port, size, value, verdict);
}
