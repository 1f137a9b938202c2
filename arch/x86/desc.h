// Segment, gate and task-state structures of 64-bit mode.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [SDM 3A 3.4.5, 6.14.1, 7.7]
#pragma once

#include <stdint.h>

#include "arch/base/abi.h"

/* Operand of LGDT and LIDT in 64-bit mode. */
struct PACKED desc_pointer {
	uint16_t limit;
	uint64_t base;
};
ABI_SIZE(struct desc_pointer, 10);

struct idt_gate {
	uint16_t offset_low;  /* 00 */
	uint16_t selector;    /* 02 */
	uint8_t ist;          /* 04: [2:0] */
	uint8_t type;         /* 05: 0x8E = present interrupt gate, DPL 0 */
	uint16_t offset_mid;  /* 06 */
	uint32_t offset_high; /* 08 */
	uint32_t reserved_0c; /* 0C */
};
ABI_SIZE(struct idt_gate, 16);
#define IDT_INTERRUPT_GATE 0x8E

struct PACKED tss64 {
	uint32_t reserved_00;
	uint64_t rsp[3]; /* 04 */
	uint64_t reserved_1c;
	uint64_t ist[7]; /* 24: ist[0] is IST1 */
	uint64_t reserved_5c;
	uint16_t reserved_64;
	uint16_t io_map_base; /* 66 */
};
ABI_SIZE(struct tss64, 104);
ABI_FIELD(struct tss64, ist, 0x24, 56);
ABI_FIELD(struct tss64, io_map_base, 0x66, 2);

/*
 * Flat descriptors with the accessed bit already set, so that loading one never writes the table.
 * G=1, P=1, DPL 0, S=1.
 */
#define GDT_CODE64 0x00AF9B000000FFFF
#define GDT_CODE32 0x00CF9B000000FFFF
#define GDT_DATA 0x00CF93000000FFFF

/* Selectors of the machine, in its stub's GDT and in its own. */
#define MACHINE_CODE64 0x08
#define MACHINE_DATA 0x10
#define MACHINE_CODE32 0x18
#define MACHINE_GDT_FLAT_COUNT 4 /* with the null descriptor; the TSS descriptors follow */

/* The flat descriptors have the same selectors in every GDT of the shim; the 64-bit ones are those
 * of the Linux boot protocol. */
#define SELECTOR_CODE32 0x08
#define SELECTOR_CODE64 0x10
#define SELECTOR_DATA 0x18
