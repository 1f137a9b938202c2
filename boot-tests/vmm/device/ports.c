// Port I/O: fw_cfg and power control are looked at, all else reaches QEMU.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [Intel ICH9 datasheet 12.8, 13.7, 13.8; QEMU hw/acpi/core.c, hw/isa/lpc_ich9.c]
#include "boot-tests/vmm/device/ports.h"

#include "arch/lintel/exit_status.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/vmm/host_test_entry.h"
#include "boot-tests/vmm/td/run.h"

#define PORT_COM1 0x3F8
#define PORT_COM2 0x2F8
#define COM_PORTS 8

#define PORT_KEYBOARD_COMMAND 0x64
#define KEYBOARD_RESET 0xFE
#define PORT_SYSTEM_CONTROL_A 0x92
#define SYSTEM_CONTROL_A_RESET BIT32(0)
#define PORT_RESET_CONTROL 0xCF9
#define RESET_CONTROL_CPU BIT32(2)

#define PORT_PCI_ADDRESS 0xCF8
#define PORT_PCI_DATA 0xCFC
/* 00:1f.0, the LPC bridge. */
#define PCI_LPC_BRIDGE 0x8000F800
#define LPC_PMBASE 0x40
#define LPC_PMBASE_ADDRESS MASK64(15, 7)
#define LPC_ACPI_CONTROL 0x44
#define LPC_ACPI_ENABLE BIT32(7)
#define PM1A_CONTROL 4
#define PM_TIMER 8
#define PM1A_SLEEP_ENABLE BIT32(13)
#define PM1A_SLEEP_TYPE MASK64(12, 10)
#define SLEEP_TYPE_SOFT_OFF 0

/* Ports 0xCF8 to 0xCFF of QEMU: address and data belong together. */
static struct spinlock pci_lock;

static bool in_block(uint16_t port, uint16_t base, unsigned count)
{
	return port >= base && port - base < (int)count;
}

/* COM2 is the second TD's, if there is one. */
static bool is_hidden_port(const struct host_td *td, uint16_t port)
{
	return port == MACHINE_LOG_PORT || port == MACHINE_EXIT_PORT ||
	       (td->place.vcpu_count < cpu_count() && in_block(port, PORT_COM2, COM_PORTS));
}

static bool is_pci_port(uint16_t port)
{
	return in_block(port, PORT_PCI_ADDRESS, 8);
}

static uint32_t host_read(uint16_t port, unsigned size)
{
	switch (size) {
	case 1:
		return insn_in8(port);
	case 2:
		return insn_in16(port);
	default:
		return insn_in32(port);
	}
}

static void host_write(uint16_t port, unsigned size, uint32_t value)
{
	switch (size) {
	case 1:
		insn_out8(port, (uint8_t)value);
		break;
	case 2:
		insn_out16(port, (uint16_t)value);
		break;
	default:
		insn_out32(port, value);
		break;
	}
}

static uint32_t lpc_read(uint32_t offset)
{
	insn_out32(PORT_PCI_ADDRESS, PCI_LPC_BRIDGE | offset);
	return insn_in32(PORT_PCI_DATA);
}

/* Where the ACPI ports are now; 0 while they are off. What the TD selected stays selected. */
static uint16_t pm_base(void)
{
	spin_lock(&pci_lock);
	uint32_t selected = insn_in32(PORT_PCI_ADDRESS);
	uint32_t base = lpc_read(LPC_PMBASE);
	bool enabled = (lpc_read(LPC_ACPI_CONTROL) & LPC_ACPI_ENABLE) != 0;
	insn_out32(PORT_PCI_ADDRESS, selected);
	spin_unlock(&pci_lock);
	return enabled ? (uint16_t)(base & LPC_PMBASE_ADDRESS) : 0;
}

static void check_sleep(struct host_td *td, uint16_t port, unsigned size, uint32_t value)
{
	if (size < 2 || (value & PM1A_SLEEP_ENABLE) == 0 || port % 8 != PM1A_CONTROL) {
		return;
	}
	uint16_t base = pm_base();
	if (base == 0 || port != base + PM1A_CONTROL) {
		return;
	}
	uint64_t type = field_get(PM1A_SLEEP_TYPE, value);
	if (type == SLEEP_TYPE_SOFT_OFF) {
		run_end(td, EXIT_POWER_OFF, "TD powered itself off");
	} else {
		run_end(td, EXIT_TD_STOPPED, "TD asked for sleep type %u", (unsigned)type);
	}
}

static void check_reset(struct host_td *td, uint16_t port, uint32_t value)
{
	uint8_t byte = (uint8_t)value;
	if ((port == PORT_RESET_CONTROL && (byte & RESET_CONTROL_CPU)) ||
	    (port == PORT_KEYBOARD_COMMAND && byte == KEYBOARD_RESET) ||
	    (port == PORT_SYSTEM_CONTROL_A && (byte & SYSTEM_CONTROL_A_RESET))) {
		run_end(td, EXIT_RESET, "TD asked for a reset: 0x%x to port 0x%x", byte, port);
	}
}

/* --- the second TD ---------------------------------------------------------------------------- */

static uint32_t second_pci_read(const struct host_td *td, uint16_t port, unsigned size)
{
	if (port < PORT_PCI_DATA) {
		return td->pci_address;
	}
	spin_lock(&pci_lock);
	uint32_t selected = insn_in32(PORT_PCI_ADDRESS);
	insn_out32(PORT_PCI_ADDRESS, td->pci_address);
	uint32_t value = host_read(port, size);
	insn_out32(PORT_PCI_ADDRESS, selected);
	spin_unlock(&pci_lock);
	return value;
}

static uint32_t second_read(const struct host_td *td, uint16_t port, unsigned size)
{
	if (in_block(port, PORT_COM1, COM_PORTS)) {
		return host_read((uint16_t)(port - PORT_COM1 + PORT_COM2), size);
	}
	if (is_pci_port(port)) {
		return second_pci_read(td, port, size);
	}
	uint16_t base = pm_base();
	if (base != 0 && port == base + PM_TIMER) {
		return host_read(port, size);
	}
	return (uint32_t)MASK64(8 * size - 1, 0);
}

static void second_write(struct host_td *td, uint16_t port, unsigned size, uint32_t value)
{
	if (in_block(port, PORT_COM1, COM_PORTS)) {
		host_write((uint16_t)(port - PORT_COM1 + PORT_COM2), size, value);
	} else if (port == PORT_PCI_ADDRESS && size == 4) {
		td->pci_address = value;
	}
}

/* --- both ------------------------------------------------------------------------------------- */

uint32_t port_read(struct host_td *td, uint16_t port, unsigned size)
{
	uint32_t value;
	if (is_hidden_port(td, port)) {
		return (uint32_t)MASK64(8 * size - 1, 0);
	}
	if (td->place.host_test && host_test_read(td, port, size, &value)) {
		return value;
	}
	if (fw_cfg_remap_read(td->fw_cfg, port, size, &value)) {
		return value;
	}
	if (td->place.second) {
		return second_read(td, port, size);
	}
	if (!is_pci_port(port)) {
		return host_read(port, size);
	}
	spin_lock(&pci_lock);
	value = host_read(port, size);
	spin_unlock(&pci_lock);
	return value;
}

void port_write(struct host_td *td, uint16_t port, unsigned size, uint32_t value)
{
	check_reset(td, port, value);
	check_sleep(td, port, size, value);
	if (run_ending(td) || is_hidden_port(td, port) ||
	    (td->place.host_test && host_test_write(td, port, size, value)) ||
	    fw_cfg_remap_write(td->fw_cfg, &td->mmu, port, size, value)) {
		return;
	}
	if (td->place.second) {
		second_write(td, port, size, value);
		return;
	}
	if (!is_pci_port(port)) {
		host_write(port, size, value);
		return;
	}
	spin_lock(&pci_lock);
	host_write(port, size, value);
	spin_unlock(&pci_lock);
}
