// IGVM files, as far as a TD is made of one.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [microsoft/igvm igvm_defs/src/lib.rs: there is no other definition]
//
//   0      fixed header: 24 bytes, in version 2 32
//          variable headers: type, length, structure, zeros up to a multiple of 8
//   then   file data: what a file_offset leads to, which counts from the start of the file
//
// Variable headers are commands to who builds the TD, in the order in which it is measured: first
// those of the platform, then of the initialization, then the directives. All is little endian.
#pragma once

#include <stdint.h>

#include "arch/base/abi.h"
#include "arch/base/bits.h"

#define IGVM_MAGIC 0x4D564749 /* "IGVM" */
#define IGVM_VERSION_1 1
#define IGVM_VERSION_2 2
#define IGVM_PAGE 0x1000u
/* Each variable header starts at a multiple of this. */
#define IGVM_ALIGN 8u
/* CRC-32 of fixed and variable headers with this field 0; file data is not in it. */
#define IGVM_CHECKSUM_OFFSET offsetof(struct igvm_fixed_header, checksum)

struct igvm_fixed_header {
	uint32_t magic;                  /* 00 */
	uint32_t format_version;         /* 04 */
	uint32_t variable_header_offset; /* 08: a multiple of IGVM_ALIGN */
	uint32_t variable_header_size;   /* 0C */
	uint32_t total_file_size;        /* 10 */
	uint32_t checksum;               /* 14 */
};
ABI_SIZE(struct igvm_fixed_header, 24);

/* Version 2: follows the fixed header of version 1. */
struct igvm_fixed_header_2 {
	uint32_t architecture; /* 00 */
	uint32_t page_size;    /* 04 */
};
ABI_SIZE(struct igvm_fixed_header_2, 8);
#define IGVM_ARCHITECTURE_X64 0

/* Sections of variable headers, by type; none goes back to an earlier one. */
#define IGVM_PLATFORM_FIRST 0x001
#define IGVM_PLATFORM_LAST 0x100
#define IGVM_INITIALIZATION_FIRST 0x101
#define IGVM_INITIALIZATION_LAST 0x200
#define IGVM_DIRECTIVE_FIRST 0x301
#define IGVM_DIRECTIVE_LAST 0x400

struct igvm_variable_header {
	uint32_t type;   /* 00 */
	uint32_t length; /* 04: of the structure, without these 8 bytes and what pads it */
};
ABI_SIZE(struct igvm_variable_header, 8);
/* In the type: who does not know it may skip it. */
#define IGVM_TYPE_OPTIONAL BIT32(31)

#define IGVM_NO_MASK UINT32_MAX
enum igvm_type {
#define IGVM_TYPE(name, type, bytes, mask) IGVM_##name = (type),
#include "arch/tdx/igvm_types.def"
#undef IGVM_TYPE
};

struct igvm_supported_platform {
	uint32_t compatibility_mask;  /* 00: one bit; later headers are for the bits in theirs */
	uint8_t highest_vtl;          /* 04: 0 or 2 */
	uint8_t platform_type;        /* 05 */
	uint16_t platform_version;    /* 06 */
	uint64_t shared_gpa_boundary; /* 08: 0: the guest knows */
};
ABI_SIZE(struct igvm_supported_platform, 16);
ABI_FIELD(struct igvm_supported_platform, shared_gpa_boundary, 8, 8);
#define IGVM_PLATFORM_TDX 3
#define IGVM_PLATFORM_TDX_VERSION 1

struct igvm_guest_policy {
	uint64_t policy;             /* 00 */
	uint32_t compatibility_mask; /* 08 */
	uint32_t reserved_0c;
};
ABI_SIZE(struct igvm_guest_policy, 16);
#define IGVM_TDX_POLICY_DEBUG_ALLOWED BIT64(0)
#define IGVM_TDX_POLICY_SEPT_VE_DISABLE BIT64(1)
#define IGVM_TDX_POLICY_MIGRATABLE BIT64(2)

/* Memory that parameters are written into, before PARAMETER_INSERT adds it, not measured. */
struct igvm_parameter_area {
	uint64_t number_of_bytes;      /* 00 */
	uint32_t parameter_area_index; /* 08 */
	uint32_t file_offset;          /* 0C: what stands in it at first, 0: zeros */
};
ABI_SIZE(struct igvm_parameter_area, 16);

struct igvm_parameter_insert {
	uint64_t gpa;                  /* 00 */
	uint32_t compatibility_mask;   /* 08 */
	uint32_t parameter_area_index; /* 0C: no more used after it */
};
ABI_SIZE(struct igvm_parameter_insert, 16);

struct igvm_parameter {
	uint32_t parameter_area_index; /* 00 */
	uint32_t byte_offset;          /* 04 */
};
ABI_SIZE(struct igvm_parameter, 8);

/* MEMORY_MAP is an array of these, ascending; an entry of no pages ends it. */
struct igvm_memory_map_entry {
	uint64_t starting_gpa_page_number; /* 00 */
	uint64_t number_of_pages;          /* 08 */
	uint16_t entry_type;               /* 10 */
	uint16_t flags;                    /* 12 */
	uint32_t reserved_14;
};
ABI_SIZE(struct igvm_memory_map_entry, 24);
#define IGVM_MEMORY 0
#define IGVM_MEMORY_PLATFORM_RESERVED 1
#define IGVM_MEMORY_PERSISTENT 2
#define IGVM_MEMORY_VTL2_PROTECTABLE 3
#define IGVM_MEMORY_SPECIFIC_PURPOSE 4
#define IGVM_MEMORY_HIDDEN 5

/* MMIO_RANGES: two of { page, pages }. */
#define IGVM_MMIO_RANGES_SIZE 32

struct igvm_page_data {
	uint64_t gpa;                /* 00 */
	uint32_t compatibility_mask; /* 08 */
	uint32_t file_offset;        /* 0C: 0: a page of zeros */
	uint32_t flags;              /* 10 */
	uint16_t data_type;          /* 14 */
	uint16_t reserved_16;
};
ABI_SIZE(struct igvm_page_data, 24);
#define IGVM_PAGE_2M BIT32(0)
#define IGVM_PAGE_UNMEASURED BIT32(1)
#define IGVM_PAGE_SHARED BIT32(2)
#define IGVM_DATA_NORMAL 0

struct igvm_required_memory {
	uint64_t gpa;                /* 00 */
	uint32_t compatibility_mask; /* 08 */
	uint32_t number_of_bytes;    /* 0C */
	uint32_t flags;              /* 10 */
	uint32_t reserved_14;
};
ABI_SIZE(struct igvm_required_memory, 24);
#define IGVM_REQUIRED_VTL2_PROTECTABLE BIT32(0)
