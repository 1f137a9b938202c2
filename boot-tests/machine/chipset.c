// PCI configuration space by its ports, and three registers in it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/chipset.h"

#include "arch/base/bits.h"
#include "arch/qemu/q35.h"
#include "arch/x86/insn.h"

static uint32_t pm_base, acpi_cntl, pciexbar; /* as found */

static void select(unsigned device, unsigned function, unsigned where)
{
	insn_out32(PCI_PORT_ADDRESS, PCI_ADDRESS_ENABLE | device << 11 | function << 8 | where);
}

uint32_t chipset_read(unsigned device, unsigned function, unsigned where)
{
	select(device, function, where);
	uint32_t value = insn_in32(PCI_PORT_DATA);
	insn_out32(PCI_PORT_ADDRESS, 0);
	return value;
}

bool chipset_leads_on(void)
{
	/* The first function is the q35's own host bridge. */
	for (unsigned i = 1; i < PCI_DEVICES * PCI_FUNCTIONS; i++) {
		uint32_t class =
			chipset_read(i / PCI_FUNCTIONS, i % PCI_FUNCTIONS, PCI_CLASS) >> 16;
		if (class == PCI_CLASS_PCI_BRIDGE || class == PCI_CLASS_HOST_BRIDGE) {
			return true;
		}
	}
	return false;
}

static void write(unsigned device, unsigned function, unsigned where, uint32_t value)
{
	select(device, function, where);
	insn_out32(PCI_PORT_DATA, value);
	insn_out32(PCI_PORT_ADDRESS, 0);
}

void chipset_pm_on(void)
{
	pm_base = chipset_read(ICH9_LPC_DEVICE, 0, ICH9_PMBASE);
	acpi_cntl = chipset_read(ICH9_LPC_DEVICE, 0, ICH9_ACPI_CNTL);
	pciexbar = chipset_read(0, 0, Q35_PCIEXBAR);
	write(ICH9_LPC_DEVICE, 0, ICH9_PMBASE, ICH9_PM_PORTS | ICH9_PMBASE_IO);
	write(ICH9_LPC_DEVICE, 0, ICH9_ACPI_CNTL, acpi_cntl | ICH9_ACPI_EN);
}

void chipset_pm_restore(void)
{
	write(ICH9_LPC_DEVICE, 0, ICH9_ACPI_CNTL, acpi_cntl);
	write(ICH9_LPC_DEVICE, 0, ICH9_PMBASE, pm_base);
}

void chipset_restore(void)
{
	chipset_pm_restore();
	write(0, 0, Q35_PCIEXBAR, pciexbar);
}

void chipset_set_up(void)
{
	chipset_pm_on();
	write(0, 0, Q35_PCIEXBAR + 4, 0);
	write(0, 0, Q35_PCIEXBAR, Q35_PCIEXBAR_BASE | Q35_PCIEXBAR_ENABLE);
}
