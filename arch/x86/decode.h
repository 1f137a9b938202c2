// Decoder of x86 instructions: length, prefixes, memory operand, and what the data movers do.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [SDM 2A chapter 2, 2D appendix A]
//
// Pure. The shim decodes an instruction that caused a #VE on MMIO; the machine finds the linear
// address and the length of an instruction that left the TD.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/status.h"

#define INSN_MAX_LENGTH 15

/* Code-segment mode; the value is the default size of an operand in bits (DECODE_64: of an
 * address). */
enum decode_mode { DECODE_16 = 16, DECODE_32 = 32, DECODE_64 = 64 };

/* Hardware numbers of the general registers. */
enum insn_register {
	INSN_RAX,
	INSN_RCX,
	INSN_RDX,
	INSN_RBX,
	INSN_RSP,
	INSN_RBP,
	INSN_RSI,
	INSN_RDI,
	/* 8 to 15: R8 to R15 */
	INSN_REGISTER_COUNT = 16,
	INSN_RIP, /* as base only */
	INSN_NO_REGISTER,
};

/* Hardware numbers of the segment registers. */
enum insn_segment { INSN_ES, INSN_CS, INSN_SS, INSN_DS, INSN_FS, INSN_GS, INSN_NO_SEGMENT };

enum insn_repeat { INSN_NO_REPEAT, INSN_REPNE, INSN_REP };

/* The order of INSN_ADD to INSN_CMP and of INSN_BT to INSN_BTC is that of the opcode's bits. */
enum insn_kind {
	INSN_OTHER, /* only length, prefixes, opcode bytes and memory operand are known */
	INSN_ADD,
	INSN_OR,
	INSN_ADC,
	INSN_SBB,
	INSN_AND,
	INSN_SUB,
	INSN_XOR,
	INSN_CMP,
	INSN_BT,
	INSN_BTS,
	INSN_BTR,
	INSN_BTC,
	INSN_TEST,
	INSN_NOT,
	INSN_NEG,
	INSN_INC,
	INSN_DEC,
	INSN_MOV,
	INSN_MOVZX,
	INSN_MOVSX, /* MOVSXD too */
	INSN_XCHG,
	INSN_STOS,
	INSN_LODS,
	INSN_MOVS,
	INSN_CMPS,
	INSN_SCAS,
	INSN_INS,
	INSN_OUTS,
};

enum insn_map { INSN_MAP_ONE_BYTE, INSN_MAP_0F, INSN_MAP_0F38, INSN_MAP_0F3A };

struct insn {
	enum decode_mode mode;
	enum insn_map map;
	uint8_t opcode;
	uint8_t modrm; /* the byte itself; 0 when there is none */
	uint8_t rex;   /* 0 when there is none */
	uint8_t length;
	uint8_t operand_size; /* 2, 4, 8 */
	uint8_t address_size; /* 2, 4, 8 */
	bool lock;
	enum insn_repeat repeat;

	/*
	 * The memory operand, also that of a string instruction ([RSI], or [RDI] when it has no
	 * source in memory) and of MOV with an absolute offset. LEA, NOP and prefetches have one
	 * that is not accessed. Implicit operands (stack, XLAT, MASKMOV) are not described.
	 */
	bool has_memory;
	enum insn_segment segment;
	enum insn_register base, index;
	uint8_t scale;
	int64_t displacement;

	/* What follows is meaningful when kind is not INSN_OTHER. Without a memory operand
	 * (register forms) only kind is. */
	enum insn_kind kind;
	uint8_t memory_size;   /* bytes accessed */
	uint8_t register_size; /* bytes of the register operand; differs for MOVZX, MOVSX */
	bool to_memory;        /* the memory operand is the (first) destination, else the source */
	bool has_immediate;    /* the other operand is immediate, else it is reg */
	bool reg_high;         /* reg (0 to 3) is AH, CH, DH, BH */
	enum insn_register reg;
	uint64_t immediate; /* sign-extended */
};

/*
 * Decodes the instruction at bytes, of which count may be read: each once, in order, and none
 * after the instruction's end or after INSN_MAX_LENGTH.
 * ST_TRUNCATED: the instruction goes on after count. ST_BAD_FORMAT: longer than 15 bytes, or LOCK
 * where it faults. ST_UNSUPPORTED: not an instruction in this mode, or one of VEX, EVEX, XOP,
 * 3DNow! and the few others whose length this decoder does not know.
 */
MUST_CHECK enum status decode_insn(const uint8_t *bytes, unsigned count, enum decode_mode mode,
				   struct insn *out);

/*
 * Linear address of the memory operand; for MOVS and CMPS that of the source. gpr is in hardware
 * order, RAX first; rip_next is the address after the instruction. A bit test with the offset in a
 * register addresses the word that holds the bit. Segments other than FS and GS count as based at
 * 0. Only when insn->has_memory.
 */
uint64_t decode_effective_address(const struct insn *insn, const uint64_t gpr[16],
				  uint64_t rip_next, uint64_t fs_base, uint64_t gs_base);

/* Linear address of [RDI], where STOS, MOVS and INS write, and which CMPS and SCAS read. */
uint64_t decode_destination_address(const struct insn *insn, const uint64_t gpr[16]);
