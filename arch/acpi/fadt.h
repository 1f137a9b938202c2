// The FADT: where FACS, DSDT and the registers of power management are.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [ACPI 6.6 5.2.9 FADT, table 5.9; 4.8.3.2.1 PM1 control registers]
#pragma once

#include "arch/acpi/sdt.h"

#define ACPI_FADT ACPI_SIGNATURE('F', 'A', 'C', 'P')

/* [ACPI 6.6 5.2.3.2 Generic Address Structure] */
#define ACPI_GAS_MEMORY 0
struct acpi_gas {
	uint8_t space;       /* 00: 0 memory, 1 I/O ports, ... */
	uint8_t bit_width;   /* 01 */
	uint8_t bit_offset;  /* 02 */
	uint8_t access_size; /* 03 */
	uint64_t address;    /* 04 */
} PACKED;
ABI_SIZE(struct acpi_gas, 12);

/* Older tables end earlier: the length tells. */
struct acpi_fadt {
	struct acpi_header header;      /* 00 */
	uint32_t firmware_ctrl;         /* 24: FACS */
	uint32_t dsdt;                  /* 28 */
	uint8_t other_2c[20];           /* 2C */
	uint32_t pm1a_control;          /* 40: port of PM1a_CNT_BLK */
	uint8_t other_44[48];           /* 44 */
	struct acpi_gas reset_reg;      /* 74 */
	uint8_t other_80[4];            /* 80 */
	uint64_t x_firmware_ctrl;       /* 84 */
	uint64_t x_dsdt;                /* 8C */
	struct acpi_gas x_pm1a_event;   /* 94 */
	struct acpi_gas x_pm1b_event;   /* A0 */
	struct acpi_gas x_pm1a_control; /* AC */
	struct acpi_gas x_pm1b_control; /* B8 */
	struct acpi_gas x_pm2_control;  /* C4 */
	struct acpi_gas x_pm_timer;     /* D0 */
	struct acpi_gas x_gpe0;         /* DC */
	struct acpi_gas x_gpe1;         /* E8 */
	struct acpi_gas sleep_control;  /* F4 */
	struct acpi_gas sleep_status;   /* 100 */
	uint64_t hypervisor;            /* 10C */
} PACKED;
ABI_SIZE(struct acpi_fadt, 276);
ABI_FIELD(struct acpi_fadt, pm1a_control, 0x40, 4);
ABI_FIELD(struct acpi_fadt, x_dsdt, 0x8C, 8);
ABI_FIELD(struct acpi_fadt, sleep_status, 0x100, 12);

/* [ACPI 6.6 5.2.10 FACS]: no header like the others', and no checksum. */
#define ACPI_FACS ACPI_SIGNATURE('F', 'A', 'C', 'S')
#define ACPI_FACS_SIZE 64
struct acpi_facs_begin {
	uint32_t signature; /* 00 */
	uint32_t length;    /* 04 */
};
ABI_SIZE(struct acpi_facs_begin, 8);

#define ACPI_PM1_CONTROL_SLP_TYP MASK64(12, 10)
#define ACPI_PM1_CONTROL_SLP_EN BIT64(13)
/* What QEMU's \_S5 package says. */
#define ACPI_QEMU_S5_SLP_TYP 0
