// The ACPI tables that Lintel reads or makes: RSDP, the common header, RSDT/XSDT, MADT, CCEL.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [ACPI 6.6 5.2.5 RSDP, 5.2.6 header, 5.2.7 RSDT, 5.2.8 XSDT, 5.2.12 MADT, 5.2.34 CCEL]
#pragma once

#include <stdint.h>

#include "arch/base/abi.h"

/* Four letters as the little-endian number that a table begins with. */
#define ACPI_SIGNATURE(a, b, c, d) \
	((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)
#define ACPI_RSDT ACPI_SIGNATURE('R', 'S', 'D', 'T')
#define ACPI_XSDT ACPI_SIGNATURE('X', 'S', 'D', 'T')
#define ACPI_MADT ACPI_SIGNATURE('A', 'P', 'I', 'C')
#define ACPI_CCEL ACPI_SIGNATURE('C', 'C', 'E', 'L')
#define ACPI_DSDT ACPI_SIGNATURE('D', 'S', 'D', 'T')
/* From here on its integers have 64 bits. */
#define ACPI_DSDT_REVISION 2
#define ACPI_TPM2 ACPI_SIGNATURE('T', 'P', 'M', '2')

/* "RSD PTR ", little endian */
#define ACPI_RSDP_SIGNATURE 0x2052545020445352
#define ACPI_RSDP_V1_SIZE 20
struct acpi_rsdp {
	uint64_t signature; /* 00 */
	uint8_t checksum;   /* 08: over the first 20 bytes */
	uint8_t oem_id[6];  /* 09 */
	uint8_t revision;   /* 0F: 0 in ACPI 1.0, else at least 2 */
	uint32_t rsdt;      /* 10 */
	/* From revision 2 on. */
	uint32_t length;           /* 14 */
	uint64_t xsdt;             /* 18 */
	uint8_t extended_checksum; /* 20: over length bytes */
	uint8_t reserved_21[3];    /* 21 */
} PACKED;
ABI_SIZE(struct acpi_rsdp, 36);
ABI_FIELD(struct acpi_rsdp, revision, 0x0F, 1);
ABI_FIELD(struct acpi_rsdp, xsdt, 0x18, 8);
ABI_FIELD(struct acpi_rsdp, extended_checksum, 0x20, 1);

struct acpi_header {
	uint32_t signature;                /* 00 */
	uint32_t length;                   /* 04: of the whole table */
	uint8_t revision;                  /* 08 */
	uint8_t checksum;                  /* 09: the bytes of the table add up to 0 */
	uint8_t oem_id[6] NONSTRING;       /* 0A */
	uint8_t oem_table_id[8] NONSTRING; /* 10 */
	uint32_t oem_revision;             /* 18 */
	uint32_t creator_id;               /* 1C */
	uint32_t creator_revision;         /* 20 */
} PACKED;
ABI_SIZE(struct acpi_header, 36);
ABI_FIELD(struct acpi_header, length, 0x04, 4);
ABI_FIELD(struct acpi_header, checksum, 0x09, 1);

/* The sum of the bytes: 0 of a table that is whole. */
static inline uint8_t acpi_byte_sum(const void *bytes, uint32_t size)
{
	const uint8_t *next = bytes;
	uint8_t sum = 0;
	while (size-- > 0) {
		sum = (uint8_t)(sum + *next++);
	}
	return sum;
}

/* Makes the bytes of a table add up to 0. */
static inline void acpi_fix_checksum(struct acpi_header *table)
{
	table->checksum = (uint8_t)(table->checksum - acpi_byte_sum(table, table->length));
}

struct acpi_madt {
	struct acpi_header header; /* 00 */
	uint32_t local_apic;       /* 24 */
	uint32_t flags;            /* 28 */
} PACKED;
ABI_SIZE(struct acpi_madt, 44);
#define ACPI_MADT_PCAT_COMPAT 1u /* there are 8259s, too */

/* Begins every interrupt controller structure. */
struct acpi_madt_entry {
	uint8_t type;   /* 00 */
	uint8_t length; /* 01 */
};
ABI_SIZE(struct acpi_madt_entry, 2);

/* [ACPI 6.6 5.2.12.19 Multiprocessor Wakeup Structure] */
#define ACPI_MADT_WAKEUP 0x10
#define ACPI_MADT_WAKEUP_VERSION 1
struct acpi_madt_wakeup {
	struct acpi_madt_entry entry; /* 00 */
	uint16_t version;             /* 02 */
	uint32_t reserved_04;         /* 04 */
	uint64_t mailbox;             /* 08 */
	uint64_t reset_vector;        /* 10: from version 1 on */
} PACKED;
ABI_SIZE(struct acpi_madt_wakeup, 24);
ABI_FIELD(struct acpi_madt_wakeup, mailbox, 0x08, 8);
ABI_FIELD(struct acpi_madt_wakeup, reset_vector, 0x10, 8);

/* Where the event log of a confidential guest is (arch/tdx/event_log.h). */
#define ACPI_CCEL_REVISION 1
#define ACPI_CCEL_TDX 2
struct acpi_ccel {
	struct acpi_header header; /* 00 */
	uint8_t type;              /* 24 */
	uint8_t subtype;           /* 25 */
	uint16_t reserved_26;      /* 26 */
	uint64_t log_size;         /* 28 */
	uint64_t log;              /* 30 */
} PACKED;
ABI_SIZE(struct acpi_ccel, 56);
ABI_FIELD(struct acpi_ccel, log_size, 0x28, 8);
ABI_FIELD(struct acpi_ccel, log, 0x30, 8);

/* [TCG ACPI Specification 1.3, 8 TPM2]; older ones end before the log. */
struct acpi_tpm2 {
	struct acpi_header header;    /* 00 */
	uint16_t platform_class;      /* 24 */
	uint16_t reserved_26;         /* 26 */
	uint64_t control;             /* 28: registers */
	uint32_t start_method;        /* 30 */
	uint8_t start_parameters[12]; /* 34 */
	uint32_t log_length;          /* 40: LAML */
	uint64_t log;                 /* 44: LASA */
} PACKED;
ABI_SIZE(struct acpi_tpm2, 76);
ABI_FIELD(struct acpi_tpm2, log, 0x44, 8);
