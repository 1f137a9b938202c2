// The MADT's processor structures: local APIC and local x2APIC.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [ACPI 6.6 5.2.12.2 Processor Local APIC, 5.2.12.12 Processor Local x2APIC]
#pragma once

#include "arch/acpi/sdt.h"

#define ACPI_MADT_LOCAL_APIC 0
#define ACPI_MADT_LOCAL_X2APIC 9
#define ACPI_MADT_CPU_ENABLED 1

struct acpi_madt_local_apic {
	struct acpi_madt_entry entry; /* 00 */
	uint8_t uid;                  /* 02 */
	uint8_t apic_id;              /* 03 */
	uint32_t flags;               /* 04 */
} PACKED;
ABI_SIZE(struct acpi_madt_local_apic, 8);
ABI_FIELD(struct acpi_madt_local_apic, flags, 4, 4);

struct acpi_madt_local_x2apic {
	struct acpi_madt_entry entry; /* 00 */
	uint16_t reserved_02;         /* 02 */
	uint32_t apic_id;             /* 04 */
	uint32_t flags;               /* 08 */
	uint32_t uid;                 /* 0C */
} PACKED;
ABI_SIZE(struct acpi_madt_local_x2apic, 16);
ABI_FIELD(struct acpi_madt_local_x2apic, flags, 8, 4);
