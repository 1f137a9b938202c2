// The fw_cfg device of QEMU: ports, items, directory, DMA descriptor, ACPI table-loader commands.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [QEMU docs/specs/fw_cfg.txt; hw/acpi/bios-linker-loader.c; hw/i386/fw_cfg.h]
#pragma once

#include <stdint.h>

#include "arch/base/abi.h"

#define FW_CFG_PORT_SELECT 0x510   /* 16 bits, little endian */
#define FW_CFG_PORT_DATA 0x511     /* 8 bits */
#define FW_CFG_PORT_DMA_HIGH 0x514 /* 32 bits, big endian; the low half starts the transfer */
#define FW_CFG_PORT_DMA_LOW 0x518
#define FW_CFG_PORTS 12 /* from FW_CFG_PORT_SELECT on */

#define FW_CFG_SIGNATURE 0x00 /* "QEMU" */
#define FW_CFG_ID 0x01
#define FW_CFG_NB_CPUS 0x05 /* 16 bits */
/* Where a 16-bit loader puts what follows; 32 bits. */
#define FW_CFG_KERNEL_ADDR 0x07
#define FW_CFG_INITRD_ADDR 0x0A
#define FW_CFG_KERNEL_ENTRY 0x10 /* of an ELF kernel */
#define FW_CFG_CMDLINE_ADDR 0x13
#define FW_CFG_SETUP_ADDR 0x16
#define FW_CFG_KERNEL_SIZE 0x08 /* the kernel's protected-mode part; sizes are 32 bits */
#define FW_CFG_INITRD_SIZE 0x0B
#define FW_CFG_KERNEL_DATA 0x11
#define FW_CFG_INITRD_DATA 0x12
#define FW_CFG_CMDLINE_SIZE 0x14 /* with the final NUL */
#define FW_CFG_CMDLINE_DATA 0x15
#define FW_CFG_SETUP_SIZE 0x17 /* the kernel's real-mode part, which holds the setup header */
#define FW_CFG_SETUP_DATA 0x18
#define FW_CFG_FILE_DIR 0x19

/* FW_CFG_SIGNATURE, as a little-endian number */
#define FW_CFG_SIGNATURE_VALUE 0x554D4551
/* FW_CFG_ID */
#define FW_CFG_ID_TRADITIONAL 1
#define FW_CFG_ID_DMA 2

/* FW_CFG_FILE_DIR: a big-endian 32-bit count, then this. All numbers are big endian. */
#define FW_CFG_NAME_SIZE 56
struct fw_cfg_file {
	uint32_t size;               /* 00 */
	uint16_t select;             /* 04 */
	uint16_t reserved_06;        /* 06 */
	char name[FW_CFG_NAME_SIZE]; /* 08: ends in NUL */
};
ABI_SIZE(struct fw_cfg_file, 64);
ABI_FIELD(struct fw_cfg_file, select, 0x04, 2);
ABI_FIELD(struct fw_cfg_file, name, 0x08, 56);

#define FW_CFG_DMA_ERROR 0x01
#define FW_CFG_DMA_READ 0x02
#define FW_CFG_DMA_SKIP 0x04
#define FW_CFG_DMA_SELECT 0x08
#define FW_CFG_DMA_WRITE 0x10
/* Big endian. The device leaves 0 or FW_CFG_DMA_ERROR in control. */
struct fw_cfg_dma {
	uint32_t control; /* 00: bits 31:16 the selector */
	uint32_t length;  /* 04 */
	uint64_t address; /* 08 */
};
ABI_SIZE(struct fw_cfg_dma, 16);
ABI_FIELD(struct fw_cfg_dma, address, 0x08, 8);

/* An entry of "etc/e820". Little endian; types as in the e820 table of Linux. */
struct fw_cfg_e820 {
	uint64_t base; /* 00 */
	uint64_t size; /* 08 */
	uint32_t type; /* 10 */
} PACKED;
ABI_SIZE(struct fw_cfg_e820, 20);

/* "etc/table-loader": little endian. Unknown commands are to be skipped. */
#define TABLE_LOADER_ALLOCATE 1
#define TABLE_LOADER_ADD_POINTER 2
#define TABLE_LOADER_ADD_CHECKSUM 3
#define TABLE_LOADER_WRITE_POINTER 4
struct table_loader_command {
	uint32_t command; /* 00 */
	union {
		struct {
			char file[FW_CFG_NAME_SIZE]; /* 04 */
			uint32_t align;              /* 3C: a power of two */
			uint8_t zone;                /* 40: 1 high, 2 F segment */
		} PACKED allocate;
		struct {
			char pointer_file[FW_CFG_NAME_SIZE]; /* 04: holds the pointer */
			char pointee_file[FW_CFG_NAME_SIZE]; /* 3C: what it points into */
			uint32_t offset;                     /* 74: of the pointer */
			uint8_t size;                        /* 78: of the pointer, 1, 2, 4 or 8 */
		} PACKED pointer;
		struct {
			char file[FW_CFG_NAME_SIZE]; /* 04 */
			uint32_t offset;             /* 3C: of the checksum byte */
			uint32_t start;              /* 40: of what is summed */
			uint32_t length;             /* 44 */
		} PACKED checksum;
		uint8_t bytes[124];
	};
};
ABI_SIZE(struct table_loader_command, 128);
ABI_FIELD(struct table_loader_command, allocate.align, 0x3C, 4);
ABI_FIELD(struct table_loader_command, allocate.zone, 0x40, 1);
ABI_FIELD(struct table_loader_command, pointer.pointee_file, 0x3C, 56);
ABI_FIELD(struct table_loader_command, pointer.offset, 0x74, 4);
ABI_FIELD(struct table_loader_command, pointer.size, 0x78, 1);
ABI_FIELD(struct table_loader_command, checksum.offset, 0x3C, 4);
ABI_FIELD(struct table_loader_command, checksum.length, 0x44, 4);
