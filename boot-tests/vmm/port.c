// Port I/O: fw_cfg and power control are looked at, all else reaches QEMU.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [Intel ICH9 datasheet 12.8, 13.7, 13.8; QEMU hw/acpi/core.c, hw/isa/lpc_ich9.c]
#include "boot-tests/vmm/port.h"

#include "arch/x86/insn.h"
#include "boot-tests/vmm/run.h"

/* The machine's own devices. */
#define PORT_DEBUG_CONSOLE 0x403
#define PORT_DEBUG_EXIT 0x501

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
#define PM1A_SLEEP_ENABLE BIT32(13)
#define PM1A_SLEEP_TYPE MASK64(12, 10)
#define SLEEP_TYPE_SOFT_OFF 0

static bool is_machine_port(uint16_t port)
{
	return port == PORT_DEBUG_CONSOLE || port == PORT_DEBUG_EXIT;
}

static bool is_pci_port(uint16_t port)
{
	return port >= PORT_PCI_ADDRESS && port < PORT_PCI_DATA + 4;
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

/* Where PM1a_CNT is now; 0 while the ACPI ports are off. What the TD selected stays selected. */
static uint16_t pm1a_control(struct td *td)
{
	spin_lock(&td->pci_lock);
	uint32_t selected = insn_in32(PORT_PCI_ADDRESS);
	uint32_t base = lpc_read(LPC_PMBASE);
	bool enabled = (lpc_read(LPC_ACPI_CONTROL) & LPC_ACPI_ENABLE) != 0;
	insn_out32(PORT_PCI_ADDRESS, selected);
	spin_unlock(&td->pci_lock);
	return enabled ? (uint16_t)((base & LPC_PMBASE_ADDRESS) + PM1A_CONTROL) : 0;
}

static void check_sleep(struct td *td, uint16_t port, unsigned size, uint32_t value)
{
	if (size < 2 || (value & PM1A_SLEEP_ENABLE) == 0 || port % 8 != PM1A_CONTROL ||
	    port != pm1a_control(td)) {
		return;
	}
	uint64_t type = field_get(PM1A_SLEEP_TYPE, value);
	if (type == SLEEP_TYPE_SOFT_OFF) {
		run_end(td, EXIT_POWER_OFF, "TD powered itself off");
	} else {
		run_end(td, EXIT_TD_STOPPED, "TD asked for sleep type %u", (unsigned)type);
	}
}

static void check_reset(struct td *td, uint16_t port, uint32_t value)
{
	uint8_t byte = (uint8_t)value;
	if ((port == PORT_RESET_CONTROL && (byte & RESET_CONTROL_CPU)) ||
	    (port == PORT_KEYBOARD_COMMAND && byte == KEYBOARD_RESET) ||
	    (port == PORT_SYSTEM_CONTROL_A && (byte & SYSTEM_CONTROL_A_RESET))) {
		run_end(td, EXIT_TD_STOPPED, "TD asked for a reset: 0x%x to port 0x%x", byte, port);
	}
}

uint32_t port_read(struct td *td, uint16_t port, unsigned size)
{
	uint32_t value;
	if (is_machine_port(port)) {
		return (uint32_t)MASK64(8 * size - 1, 0);
	}
	if (fw_cfg_remap_read(&td->fw_cfg, port, size, &value)) {
		return value;
	}
	if (!is_pci_port(port)) {
		return host_read(port, size);
	}
	spin_lock(&td->pci_lock);
	value = host_read(port, size);
	spin_unlock(&td->pci_lock);
	return value;
}

void port_write(struct td *td, uint16_t port, unsigned size, uint32_t value)
{
	check_reset(td, port, value);
	check_sleep(td, port, size, value);
	if (run_ending(td) || is_machine_port(port) ||
	    fw_cfg_remap_write(&td->fw_cfg, &td->mmu, port, size, value)) {
		return;
	}
	if (!is_pci_port(port)) {
		host_write(port, size, value);
		return;
	}
	spin_lock(&td->pci_lock);
	host_write(port, size, value);
	spin_unlock(&td->pci_lock);
}
