// The devices that a TD finds.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/device/devices.h"

#include <stddef.h>

#include "arch/base/bits.h"
#include "arch/lintel/exit_status.h"
#include "arch/qemu/q35.h"
#include "arch/x86/pc.h"
#include "boot-tests/machine/lapic_page.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/vmm/device/fw_cfg_remap.h"
#include "boot-tests/vmm/device/mmio.h"
#include "boot-tests/vmm/device/ports.h"

#define PORTS 0x10000
#define HOST_ADDRESS_END BIT64(47)
/* The machine's own APICs: a TD has x2APIC only. */
#define LAPIC_SIZE UINT64_C(0x100000)
/* There is no TPM; an empty page of QEMU reads 0, which OVMF takes for one that is slow. */
#define TPM_BASE UINT64_C(0xFED40000)
#define TPM_SIZE UINT64_C(0x5000)

#define ABSENT NULL, device_absent_read, device_absent_write

static void add_all(struct device_table *table, const struct device_row *rows, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		device_add(table, rows[i]);
	}
}

static void make_q35_ports(struct host_td *td)
{
	const struct device_row rows[] = {
		{ 0, PORTS, NULL, port_host_read, port_power_write },
		{ PORT_KEYBOARD_COMMAND, 1, NULL, port_host_read, port_reset_write },
		{ PORT_SYSTEM_CONTROL_A, 1, NULL, port_host_read, port_reset_write },
		{ PCI_PORT_ADDRESS, PORT_PCI_COUNT, NULL, port_pci_read, port_pci_write },
		{ FW_CFG_PORT_SELECT, FW_CFG_PORTS, td->fw_cfg, fw_cfg_port_read,
		  fw_cfg_port_write },
		{ MACHINE_LOG_PORT, 1, ABSENT },
		{ MACHINE_EXIT_PORT, 1, ABSENT },
	};
	add_all(&td->ports, rows, ARRAY_COUNT(rows));
	if (td->place.vcpu_count < cpu_count()) { /* another TD's */
		device_add(&td->ports, (struct device_row){ PORT_COM2, COM_PORTS, ABSENT });
	}
}

static void make_bare_ports(struct host_td *td)
{
	const struct device_row rows[] = {
		{ 0, PORTS, NULL, port_bare_read, port_bare_write },
		{ PORT_KEYBOARD_COMMAND, 1, NULL, device_absent_read, port_bare_reset_write },
		{ PORT_SYSTEM_CONTROL_A, 1, NULL, device_absent_read, port_bare_reset_write },
		{ PCI_PORT_ADDRESS, PORT_PCI_COUNT, &td->pci_address, port_bare_pci_read,
		  port_bare_pci_write },
		{ FW_CFG_PORT_SELECT, FW_CFG_PORTS, td->fw_cfg, fw_cfg_port_read,
		  fw_cfg_port_write },
		{ PC_COM1, COM_PORTS, &td->place.serial, port_serial_read, port_serial_write },
	};
	add_all(&td->ports, rows, ARRAY_COUNT(rows));
}

/* Memory comes last: no device is seen where RAM or the machine is. */
static void make_mmio(struct host_td *td)
{
	const struct device_row rows[] = {
		{ 0, HOST_ADDRESS_END, NULL, mmio_host_read, mmio_host_write },
		{ LAPIC_BASE, LAPIC_SIZE, ABSENT },
		{ TPM_BASE, TPM_SIZE, ABSENT },
	};
	const struct device_row bare = { 0, HOST_ADDRESS_END, ABSENT };
	const struct device_row memory[] = {
		{ .base = 0, .count = td->mmu.memory.low_size },
		{ .base = FOUR_GIB, .count = memory_top().v - FOUR_GIB },
		{ .base = HOST_ADDRESS_END, .count = BIT64(63) },
	};
	if (td->place.q35) {
		add_all(&td->mmio, rows, ARRAY_COUNT(rows));
	} else {
		device_add(&td->mmio, bare);
	}
	add_all(&td->mmio, memory, ARRAY_COUNT(memory));
}

void devices_make(struct host_td *td)
{
	if (td->place.q35) {
		make_q35_ports(td);
	} else {
		make_bare_ports(td);
	}
	make_mmio(td);
}
