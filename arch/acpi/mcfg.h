// MCFG: where the PCIe configuration window is. Its first allocation; a PC has no other.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [PCI Firmware Specification 3.3, 4.1.2]
#pragma once

#include "arch/acpi/sdt.h"

#define ACPI_MCFG ACPI_SIGNATURE('M', 'C', 'F', 'G')

struct acpi_mcfg {
	struct acpi_header header; /* 00 */
	uint64_t reserved_24;      /* 24 */
	uint64_t base;             /* 2C */
	uint16_t segment;          /* 34 */
	uint8_t first_bus;         /* 36 */
	uint8_t last_bus;          /* 37 */
	uint32_t reserved_38;      /* 38 */
} PACKED;
ABI_SIZE(struct acpi_mcfg, 60);
ABI_FIELD(struct acpi_mcfg, last_bus, 0x37, 1);
