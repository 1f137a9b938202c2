// PCI configuration space by its ports, and three registers in it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/chipset.h"

#include "arch/base/bits.h"
#include "arch/x86/insn.h"

#define PORT_PCI_ADDRESS 0xCF8
#define PORT_PCI_DATA 0xCFC
#define PCI_ENABLE BIT32(31)

#define LPC_DEVICE 31
#define LPC_PMBASE 0x40
#define LPC_PMBASE_IO BIT32(0)
#define LPC_ACPI_CNTL 0x44
#define LPC_ACPI_ENABLE BIT32(7)
#define HOST_PCIEXBAR 0x60
#define HOST_PCIEXBAR_ENABLE BIT32(0)
#define PCIEXBAR_BASE 0xB0000000

static uint32_t pm_base, acpi_cntl; /* as found */

static void select(unsigned device, unsigned function, unsigned where)
{
	insn_out32(PORT_PCI_ADDRESS, PCI_ENABLE | device << 11 | function << 8 | where);
}

uint32_t chipset_read(unsigned device, unsigned function, unsigned where)
{
	select(device, function, where);
	uint32_t value = insn_in32(PORT_PCI_DATA);
	insn_out32(PORT_PCI_ADDRESS, 0);
	return value;
}

static void write(unsigned device, unsigned function, unsigned where, uint32_t value)
{
	select(device, function, where);
	insn_out32(PORT_PCI_DATA, value);
	insn_out32(PORT_PCI_ADDRESS, 0);
}

void chipset_pm_on(void)
{
	pm_base = chipset_read(LPC_DEVICE, 0, LPC_PMBASE);
	acpi_cntl = chipset_read(LPC_DEVICE, 0, LPC_ACPI_CNTL);
	write(LPC_DEVICE, 0, LPC_PMBASE, CHIPSET_PM_BASE | LPC_PMBASE_IO);
	write(LPC_DEVICE, 0, LPC_ACPI_CNTL, acpi_cntl | LPC_ACPI_ENABLE);
}

void chipset_pm_restore(void)
{
	write(LPC_DEVICE, 0, LPC_ACPI_CNTL, acpi_cntl);
	write(LPC_DEVICE, 0, LPC_PMBASE, pm_base);
}

void chipset_set_up(void)
{
	chipset_pm_on();
	write(0, 0, HOST_PCIEXBAR + 4, 0);
	write(0, 0, HOST_PCIEXBAR, PCIEXBAR_BASE | HOST_PCIEXBAR_ENABLE);
}
