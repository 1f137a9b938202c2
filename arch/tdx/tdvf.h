// TDX metadata of a firmware image and the GUIDed table that leads to it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDVF design guide 11; QEMU hw/i386/tdvf.c, pc_sysfw_ovmf.c]
//
//   image end - 0x10   reset vector
//   image end - 0x20   u32: offset of the descriptor from the image's start (td-shim's pointer)
//   image end - 0x30   footer GUID of the table
//   image end - 0x32   u16: length of the table, footer included
//   below              entries, each: data, u16 length of the entry, GUID
#pragma once

#include <stdint.h>

#include "arch/base/abi.h"

#define TDVF_SIGNATURE 0x46564454 /* "TDVF" */
#define TDVF_VERSION 1
#define TDVF_POINTER_FROM_END 0x20
#define TDVF_FOOTER_FROM_END 0x30

enum tdvf_section_type {
	TDVF_SECTION_BFV = 0,
	TDVF_SECTION_CFV = 1,
	TDVF_SECTION_TD_HOB = 2,
	TDVF_SECTION_TEMP_MEM = 3,
};
#define TDVF_SECTION_TYPE_COUNT 4

#define TDVF_ATTRIBUTE_MR_EXTEND 1
#define TDVF_ATTRIBUTE_PAGE_AUG 2

struct tdvf_descriptor {
	uint32_t signature;          /* 00 */
	uint32_t length;             /* 04: 16 + 32 * number_of_sections */
	uint32_t version;            /* 08 */
	uint32_t number_of_sections; /* 0C */
};
ABI_SIZE(struct tdvf_descriptor, 16);

struct tdvf_section {
	uint32_t data_offset;      /* 00: from the image's start */
	uint32_t raw_data_size;    /* 04 */
	uint64_t memory_address;   /* 08 */
	uint64_t memory_data_size; /* 10 */
	uint32_t type;             /* 18 */
	uint32_t attributes;       /* 1C */
};
ABI_SIZE(struct tdvf_section, 32);
ABI_FIELD(struct tdvf_section, type, 0x18, 4);

/* clang-format off */
/* GUIDs as they stand in memory. */
#define TDVF_FOOTER_GUID \
	{ 0xDE, 0x82, 0xB5, 0x96, 0xB2, 0x1F, 0xF7, 0x45, \
	  0xBA, 0xEA, 0xA3, 0x66, 0xC5, 0x5A, 0x08, 0x2D }
#define TDVF_METADATA_OFFSET_GUID \
	{ 0x35, 0x65, 0x7A, 0xE4, 0x4A, 0x98, 0x98, 0x47, \
	  0x86, 0x5E, 0x46, 0x85, 0xA7, 0xBF, 0x8E, 0xC2 }
#define TDVF_DESCRIPTOR_GUID \
	{ 0xF3, 0xF9, 0xEA, 0xE9, 0x8E, 0x16, 0xD5, 0x44, \
	  0xA8, 0xEB, 0x7F, 0x4D, 0x87, 0x38, 0xF6, 0xAE }
#define TDVF_GUID_SIZE 16
/* clang-format on */
