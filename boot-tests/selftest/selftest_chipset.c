// The q35 that a TD is given: nobody has touched it, the machine neither.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [QEMU hw/pci-host/q35.c mch_reset(), hw/isa/lpc_ich9.c ich9_lpc_reset()]
#include "arch/base/bits.h"
#include "boot-tests/machine/chipset.h"
#include "boot-tests/machine/exit.h"
#include "boot-tests/selftest/selftest.h"

#define PCI_COMMAND 0x04
#define PCI_COMMAND_ENABLED 0x7u /* I/O, memory, bus master */
#define PCI_BAR5 0x24

static const struct {
	unsigned device, function, where;
	uint32_t mask, value;
} registers[] = {
	{ 0, 0, 0x60, 0xFFFFFFFF, 0xB0000000 }, /* PCIEXBAR: not enabled */
	{ 0, 0, 0x64, 0xFFFFFFFF, 0 },
	{ 0, 0, 0x90, 0xFFFFFFFF, 0 }, /* PAM0 to PAM6: ROM at 0xC0000 to 0xFFFFF */
	{ 0, 0, 0x94, 0x00FFFFFF, 0 },
	{ 31, 0, 0x40, 0xFFFFFFFF, 1 },          /* PMBASE */
	{ 31, 0, 0x44, 0x000000FF, 0 },          /* ACPI_CNTL */
	{ 31, 0, 0x60, 0xFFFFFFFF, 0x80808080 }, /* PIRQA to PIRQD: not routed */
	{ 31, 0, 0x68, 0xFFFFFFFF, 0x80808080 },
	{ 31, 0, 0xF0, 0x00000001, 0 },                 /* RCBA: not enabled */
	{ 31, 2, PCI_COMMAND, PCI_COMMAND_ENABLED, 0 }, /* AHCI */
	{ 31, 2, PCI_BAR5, 0xFFFFFFFF, 0 },
	{ 31, 3, PCI_COMMAND, PCI_COMMAND_ENABLED, 0 }, /* SMBus */
	{ 31, 3, 0x20, 0xFFFFFFFF, 1 },
};

void selftest_chipset(const struct module_platform *platform)
{
	(void)platform;
	for (unsigned i = 0; i < ARRAY_COUNT(registers); i++) {
		uint32_t seen = chipset_read(registers[i].device, registers[i].function,
					     registers[i].where) &
				registers[i].mask;
		if (seen != registers[i].value) {
			machine_exit(EXIT_TD_STOPPED,
				     "register 0x%x of 00:%02x.%u is 0x%x, "
				     "not 0x%x",
				     registers[i].where, registers[i].device, registers[i].function,
				     seen, registers[i].value);
		}
	}
}
