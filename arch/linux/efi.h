// UEFI as it is after ExitBootServices(), as Linux reads it, and Linux's own table of unaccepted
// memory.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [UEFI 2.10 sections 4.2 to 4.6, 7.2; Linux include/linux/efi.h, struct efi_info of bootparam.h]
#pragma once

#include <stdint.h>

#include "arch/base/abi.h"

#define EFI_SYSTEM_TABLE_SIGNATURE UINT64_C(0x5453595320494249)  /* "IBI SYST" */
#define EFI_RUNTIME_TABLE_SIGNATURE UINT64_C(0x56524553544E5552) /* "RUNTSERV" */
#define EFI_REVISION_2_10 (2u << 16 | 100)

struct efi_table_header {
	uint64_t signature;   /* 00 */
	uint32_t revision;    /* 08 */
	uint32_t header_size; /* 0C */
	uint32_t crc32;       /* 10: Linux does not look at it */
	uint32_t reserved;    /* 14 */
};
ABI_SIZE(struct efi_table_header, 24);

struct efi_system_table {
	struct efi_table_header header; /* 00 */
	uint64_t firmware_vendor;       /* 18: UTF-16 */
	uint32_t firmware_revision;     /* 20 */
	uint32_t reserved_24;           /* 24 */
	uint64_t consoles[6];           /* 28: of the boot services */
	uint64_t runtime;               /* 58 */
	uint64_t boot;                  /* 60: 0 after ExitBootServices() */
	uint64_t table_count;           /* 68 */
	uint64_t tables;                /* 70: of struct efi_configuration_table */
};
ABI_SIZE(struct efi_system_table, 120);
ABI_FIELD(struct efi_system_table, firmware_vendor, 0x18, 8);
ABI_FIELD(struct efi_system_table, runtime, 0x58, 8);
ABI_FIELD(struct efi_system_table, table_count, 0x68, 8);
ABI_FIELD(struct efi_system_table, tables, 0x70, 8);

/* The order of the functions in the table of runtime services. */
#define EFI_RUNTIME_SERVICES 14
#define EFI_RUNTIME_SET_VIRTUAL_ADDRESS_MAP 4

struct efi_runtime_services {
	struct efi_table_header header;           /* 00 */
	uint64_t functions[EFI_RUNTIME_SERVICES]; /* 18 */
};
ABI_SIZE(struct efi_runtime_services, 136);

/* GUIDs as they stand in memory. */
#define EFI_GUID_SIZE 16
/* 8868e871-e4f1-11d3-bc22-0080c73c8881 */
#define EFI_ACPI_20_GUID                                                                      \
	{                                                                                     \
		0x71, 0xE8, 0x68, 0x88, 0xF1, 0xE4, 0xD3, 0x11, 0xBC, 0x22, 0x00, 0x80, 0xC7, \
			0x3C, 0x88, 0x81                                                      \
	}
/* eb66918a-7eef-402a-842e-931d21c38ae9 */
#define EFI_RT_PROPERTIES_GUID                                                                \
	{                                                                                     \
		0x8A, 0x91, 0x66, 0xEB, 0xEF, 0x7E, 0x2A, 0x40, 0x84, 0x2E, 0x93, 0x1D, 0x21, \
			0xC3, 0x8A, 0xE9                                                      \
	}
/* d5d1de3c-105c-44f9-9ea9-bcef98120031 */
#define LINUX_EFI_UNACCEPTED_GUID                                                             \
	{                                                                                     \
		0x3C, 0xDE, 0xD1, 0xD5, 0x5C, 0x10, 0xF9, 0x44, 0x9E, 0xA9, 0xBC, 0xEF, 0x98, \
			0x12, 0x00, 0x31                                                      \
	}

struct efi_configuration_table {
	uint8_t guid[EFI_GUID_SIZE]; /* 00 */
	uint64_t table;              /* 10 */
};
ABI_SIZE(struct efi_configuration_table, 24);

/* Which runtime services there are: a bit each. */
#define EFI_RT_PROPERTIES_VERSION 1
#define EFI_RT_SET_VIRTUAL_ADDRESS_MAP 0x80

struct efi_rt_properties {
	uint16_t version;   /* 00 */
	uint16_t length;    /* 02 */
	uint32_t supported; /* 04 */
};
ABI_SIZE(struct efi_rt_properties, 8);

#define EFI_RESERVED 0
#define EFI_LOADER_CODE 1
#define EFI_LOADER_DATA 2
#define EFI_BOOT_CODE 3
#define EFI_BOOT_DATA 4
#define EFI_RUNTIME_CODE 5
#define EFI_RUNTIME_DATA 6
#define EFI_CONVENTIONAL 7
#define EFI_UNUSABLE 8
#define EFI_ACPI_RECLAIM 9
#define EFI_ACPI_NVS 10
#define EFI_MMIO 11
#define EFI_MMIO_PORTS 12
#define EFI_PAL_CODE 13
#define EFI_PERSISTENT 14
#define EFI_UNACCEPTED 15

#define EFI_MEMORY_WB UINT64_C(8)
#define EFI_MEMORY_RUNTIME (UINT64_C(1) << 63)
#define EFI_DESCRIPTOR_VERSION 1

struct efi_memory_descriptor {
	uint32_t type;       /* 00 */
	uint32_t reserved;   /* 04 */
	uint64_t base;       /* 08 */
	uint64_t virtual;    /* 10 */
	uint64_t pages;      /* 18: of 4 KiB */
	uint64_t attributes; /* 20 */
};
ABI_SIZE(struct efi_memory_descriptor, 40);

/* efi_info of boot_params: how a loader hands an EFI on to a 64-bit kernel. */
#define LINUX_EFI_LOADER_64 0x34364C45 /* "EL64" */

struct linux_efi_info {
	uint32_t signature;          /* 00 */
	uint32_t system_table;       /* 04 */
	uint32_t descriptor_size;    /* 08: Linux divides by it */
	uint32_t descriptor_version; /* 0C */
	uint32_t map;                /* 10 */
	uint32_t map_size;           /* 14 */
	uint32_t system_table_high;  /* 18 */
	uint32_t map_high;           /* 1C */
};
ABI_SIZE(struct linux_efi_info, 32);

#define LINUX_UNACCEPTED_VERSION 1

/* [Linux include/linux/efi.h, struct efi_unaccepted_memory] */
struct linux_unaccepted_table {
	uint32_t version;   /* 00 */
	uint32_t unit_size; /* 04 */
	uint64_t base;      /* 08: address of bit 0, a multiple of the unit */
	uint64_t size;      /* 10: bytes of the bitmap */
	uint64_t bitmap[];  /* 18: a bit is set while its unit is unaccepted */
};
ABI_SIZE(struct linux_unaccepted_table, 24);
