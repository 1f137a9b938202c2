// An ELF file of 64 bits: its header and the program headers, by which it is loaded.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [System V ABI, gABI 4.1 chapters 4 and 5; x86-64 psABI 4.1]
#pragma once

#include <stdint.h>

#include "arch/base/abi.h"

#define ELF_MAGIC 0x464C457F /* "\x7fELF" */
/* The magic, then: 64 bits, little endian, version 1, System V. */
#define ELF_IDENT (UINT64_C(0x00010102) << 32 | ELF_MAGIC)
#define ELF_TYPE_EXEC 2
#define ELF_TYPE_DYN 3
#define ELF_MACHINE_X86_64 62

struct elf64_header {
	uint64_t ident;       /* 00: e_ident */
	uint64_t ident_rest;  /* 08 */
	uint16_t type;        /* 10 */
	uint16_t machine;     /* 12 */
	uint32_t version;     /* 14 */
	uint64_t entry;       /* 18 */
	uint64_t phoff;       /* 20 */
	uint64_t shoff;       /* 28 */
	uint32_t flags;       /* 30 */
	uint16_t ehsize;      /* 34 */
	uint16_t phentsize;   /* 36 */
	uint16_t phnum;       /* 38 */
	uint16_t sections[3]; /* 3A */
};
ABI_SIZE(struct elf64_header, 64);
ABI_FIELD(struct elf64_header, type, 0x10, 2);
ABI_FIELD(struct elf64_header, entry, 0x18, 8);
ABI_FIELD(struct elf64_header, phentsize, 0x36, 2);

#define ELF_SEGMENT_LOAD 1
#define ELF_SEGMENT_INTERP 3
#define ELF_SEGMENT_X 1

struct elf64_segment {
	uint32_t type;   /* 00 */
	uint32_t flags;  /* 04 */
	uint64_t offset; /* 08 */
	uint64_t vaddr;  /* 10 */
	uint64_t paddr;  /* 18 */
	uint64_t filesz; /* 20 */
	uint64_t memsz;  /* 28 */
	uint64_t align;  /* 30 */
};
ABI_SIZE(struct elf64_segment, 56);
ABI_FIELD(struct elf64_segment, paddr, 0x18, 8);
ABI_FIELD(struct elf64_segment, align, 0x30, 8);
