// The Linux x86 boot protocol: setup header, zero page, e820.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [Linux Documentation/arch/x86/boot.rst, zero-page.rst; uapi/asm/bootparam.h]
#pragma once

#include <stdint.h>

#include "arch/base/abi.h"
#include "arch/linux/efi.h"

#define LINUX_BOOT_FLAG 0xAA55
#define LINUX_HEADER_MAGIC 0x53726448 /* "HdrS" */
/* The first version with xloadflags, hence with a 64-bit entry one can ask for. */
#define LINUX_VERSION_MIN 0x020C
#define LINUX_SECTOR_SIZE 512
/* setup_sects = 0 means 4. */
#define LINUX_SETUP_SECTS_DEFAULT 4

#define LINUX_LOADER_UNDEFINED 0xFF
#define LINUX_LOADFLAG_LOADED_HIGH 0x01
#define LINUX_XLOADFLAG_KERNEL_64 0x0001
/* The longest command line that every x86 kernel takes, without its NUL. */
#define LINUX_CMDLINE_MAX 2047
/* The 64-bit entry, relative to the protected-mode part. */
#define LINUX_ENTRY_64 0x200

/* Offsets in the file and in boot_params alike. The header ends at 0x202 + the byte at 0x201. */
#define LINUX_HEADER_OFFSET 0x1F1
#define LINUX_HEADER_JUMP_END 0x202
#define LINUX_HEADER_END_MAX 0x290
/* What kernel_version counts from. */
#define LINUX_VERSION_TEXT_BASE 0x200

struct linux_setup_header {
	uint8_t setup_sects;            /* 1F1 */
	uint16_t root_flags;            /* 1F2 */
	uint32_t syssize;               /* 1F4: protected-mode part in units of 16 bytes */
	uint16_t ram_size;              /* 1F8 */
	uint16_t vid_mode;              /* 1FA */
	uint16_t root_dev;              /* 1FC */
	uint16_t boot_flag;             /* 1FE */
	uint8_t jump;                   /* 200 */
	uint8_t jump_offset;            /* 201 */
	uint32_t header;                /* 202 */
	uint16_t version;               /* 206 */
	uint32_t realmode_swtch;        /* 208 */
	uint16_t start_sys_seg;         /* 20C */
	uint16_t kernel_version;        /* 20E: of a text, less 0x200; 0: there is none */
	uint8_t type_of_loader;         /* 210 */
	uint8_t loadflags;              /* 211 */
	uint16_t setup_move_size;       /* 212 */
	uint32_t code32_start;          /* 214 */
	uint32_t ramdisk_image;         /* 218 */
	uint32_t ramdisk_size;          /* 21C */
	uint32_t bootsect_kludge;       /* 220 */
	uint16_t heap_end_ptr;          /* 224 */
	uint8_t ext_loader_ver;         /* 226 */
	uint8_t ext_loader_type;        /* 227 */
	uint32_t cmd_line_ptr;          /* 228 */
	uint32_t initrd_addr_max;       /* 22C: inclusive */
	uint32_t kernel_alignment;      /* 230 */
	uint8_t relocatable_kernel;     /* 234 */
	uint8_t min_alignment;          /* 235 */
	uint16_t xloadflags;            /* 236 */
	uint32_t cmdline_size;          /* 238: without the NUL */
	uint32_t hardware_subarch;      /* 23C */
	uint64_t hardware_subarch_data; /* 240 */
	uint32_t payload_offset;        /* 248 */
	uint32_t payload_length;        /* 24C */
	uint64_t setup_data;            /* 250 */
	uint64_t pref_address;          /* 258 */
	uint32_t init_size;             /* 260 */
	uint32_t handover_offset;       /* 264 */
	uint32_t kernel_info_offset;    /* 268 */
	uint8_t later[36];              /* 26C: of later versions */
} PACKED;
ABI_SIZE(struct linux_setup_header, LINUX_HEADER_END_MAX - LINUX_HEADER_OFFSET);
ABI_FIELD(struct linux_setup_header, boot_flag, 0x1FE - 0x1F1, 2);
ABI_FIELD(struct linux_setup_header, header, 0x202 - 0x1F1, 4);
ABI_FIELD(struct linux_setup_header, cmd_line_ptr, 0x228 - 0x1F1, 4);
ABI_FIELD(struct linux_setup_header, xloadflags, 0x236 - 0x1F1, 2);
ABI_FIELD(struct linux_setup_header, pref_address, 0x258 - 0x1F1, 8);
ABI_FIELD(struct linux_setup_header, kernel_info_offset, 0x268 - 0x1F1, 4);

#define E820_RAM 1
#define E820_RESERVED 2
#define E820_ACPI 3
#define E820_NVS 4
struct e820_entry {
	uint64_t base; /* 00 */
	uint64_t size; /* 08 */
	uint32_t type; /* 10 */
} PACKED;
ABI_SIZE(struct e820_entry, 20);

#define LINUX_E820_MAX 128
struct linux_boot_params {
	uint8_t screen_info[0x70];                    /* 000: all zero means no VGA text */
	uint64_t acpi_rsdp_addr;                      /* 070 */
	uint8_t other_078[0x48];                      /* 078 */
	uint32_t ext_ramdisk_image;                   /* 0C0: bits 63:32 */
	uint32_t ext_ramdisk_size;                    /* 0C4 */
	uint32_t ext_cmd_line_ptr;                    /* 0C8 */
	uint8_t other_0cc[0xF4];                      /* 0CC */
	struct linux_efi_info efi_info;               /* 1C0: all zero means no EFI */
	uint8_t other_1e0[8];                         /* 1E0 */
	uint8_t e820_entries;                         /* 1E8 */
	uint8_t other_1e9[6];                         /* 1E9 */
	uint8_t sentinel;                             /* 1EF: 0, or all but header is lost */
	uint8_t other_1f0;                            /* 1F0 */
	struct linux_setup_header header;             /* 1F1 */
	uint8_t edd_mbr_sig_buffer[0x40];             /* 290 */
	struct e820_entry e820_table[LINUX_E820_MAX]; /* 2D0 */
	uint8_t other_cd0[0x330];                     /* CD0 */
} PACKED;
ABI_SIZE(struct linux_boot_params, 4096);
ABI_FIELD(struct linux_boot_params, acpi_rsdp_addr, 0x070, 8);
ABI_FIELD(struct linux_boot_params, ext_ramdisk_image, 0x0C0, 4);
ABI_FIELD(struct linux_boot_params, efi_info, 0x1C0, 32);
ABI_FIELD(struct linux_boot_params, e820_entries, 0x1E8, 1);
ABI_FIELD(struct linux_boot_params, sentinel, 0x1EF, 1);
ABI_FIELD(struct linux_boot_params, header, 0x1F1, 159);
ABI_FIELD(struct linux_boot_params, e820_table, 0x2D0, 2560);
