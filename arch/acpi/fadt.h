// What of the FADT a guest needs to power itself off.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [ACPI 6.6 5.2.9 FADT, 4.8.3.2.1 PM1 control registers]
#pragma once

#include "arch/acpi/tables.h"

#define ACPI_FADT ACPI_SIGNATURE('F', 'A', 'C', 'P')

struct acpi_fadt_begin {
	struct acpi_header header;     /* 00 */
	uint8_t other_24[28];          /* 24 */
	uint32_t pm1a_control;         /* 40: port of PM1a_CNT_BLK */
} PACKED;
ABI_SIZE(struct acpi_fadt_begin, 68);
ABI_FIELD(struct acpi_fadt_begin, pm1a_control, 0x40, 4);

#define ACPI_PM1_CONTROL_SLP_TYP MASK64(12, 10)
#define ACPI_PM1_CONTROL_SLP_EN BIT64(13)
/* What QEMU's \_S5 package says. */
#define ACPI_QEMU_S5_SLP_TYP 0
