// A PE file: what leads to its sections. A unified kernel image (UKI) is one.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [Microsoft PE/COFF 11.0 sections 2 to 4; UAPI group specification 5, UKI]
#pragma once

#include <stdint.h>

#include "arch/base/abi.h"

#define PE_DOS_MAGIC 0x5A4D /* "MZ" */
/* Where the file says where struct pe_header is. */
#define PE_LFANEW 0x3C
#define PE_MAGIC 0x00004550 /* "PE\0\0" */
#define PE_MACHINE_X86_64 0x8664
#define PE_SECTIONS_MAX 96

/* The optional header follows, then the sections. */
struct pe_header {
	uint32_t magic;         /* 00 */
	uint16_t machine;       /* 04 */
	uint16_t sections;      /* 06 */
	uint32_t time;          /* 08 */
	uint32_t symbols;       /* 0C */
	uint32_t symbol_count;  /* 10 */
	uint16_t optional_size; /* 14 */
	uint16_t flags;         /* 16 */
};
ABI_SIZE(struct pe_header, 24);
ABI_FIELD(struct pe_header, optional_size, 0x14, 2);

/* The optional header of PE32+, up to the entry of the certificates: the fields that say what is
 * signed and measured. */
#define PE_OPTIONAL_MAGIC 0x20B
struct pe_optional {
	uint16_t magic;             /* 00 */
	uint8_t reserved_02[58];    /* 02 */
	uint32_t headers_size;      /* 3C: with those of the sections, padded */
	uint32_t checksum;          /* 40 */
	uint8_t reserved_44[40];    /* 44 */
	uint32_t directory_count;   /* 6C: entries that follow */
	uint8_t reserved_70[32];    /* 70: four of them */
	uint32_t certificates;      /* 90: offset in the file */
	uint32_t certificates_size; /* 94 */
};
#define PE_DIRECTORIES_MIN 5
ABI_SIZE(struct pe_optional, 0x98);
ABI_FIELD(struct pe_optional, headers_size, 0x3C, 4);
ABI_FIELD(struct pe_optional, checksum, 0x40, 4);
ABI_FIELD(struct pe_optional, certificates, 0x90, 4);

struct pe_section {
	char name[8] NONSTRING;   /* 00: no NUL after eight letters */
	uint32_t virtual_size;    /* 08 */
	uint32_t virtual_address; /* 0C */
	uint32_t raw_size;        /* 10: a multiple of the file's alignment */
	uint32_t raw_offset;      /* 14 */
	uint32_t relocations;     /* 18 */
	uint32_t line_numbers;    /* 1C */
	uint16_t counts[2];       /* 20 */
	uint32_t flags;           /* 24 */
};
ABI_SIZE(struct pe_section, 40);
ABI_FIELD(struct pe_section, raw_offset, 0x14, 4);
