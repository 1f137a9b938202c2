// Decoder of x86 instructions: length, prefixes, memory operand, and what the data movers do.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/x86/decode.h"

#include "arch/base/bits.h"
#include "arch/base/mem.h"

#define MODRM_MOD MASK64(7, 6)
#define MODRM_REG MASK64(5, 3)
#define MODRM_RM MASK64(2, 0)
#define SIB_SCALE MASK64(7, 6)
#define SIB_INDEX MASK64(5, 3)
#define SIB_BASE MASK64(2, 0)
#define REX_B BIT32(0)
#define REX_X BIT32(1)
#define REX_R BIT32(2)
#define REX_W BIT32(3)

/*
 * What follows an opcode; a capital letter has a ModRM byte [SDM 2D tables ]:
 *
 *   .  nothing                             M  ModRM
 *   b  8-bit immediate                     B  ModRM, b
 *   w  16-bit immediate                    Z  ModRM, z
 *   z  16 or 32 bits, by operand size      G  ModRM, and b or z when reg is 0 or 1 (TEST)
 *   v  16, 32, 64 bits, by operand size    S  ModRM, b or z; defined for reg 0 only
 *   j  as z, but 32 bits in 64-bit mode    P  ModRM; defined for reg 0 only (POP)
 *   e  w and b (ENTER)                     R  ModRM that always names a register
 *   o  offset, by address size             F  ModRM; defined with F3 only (POPCNT)
 *   x  a prefix, or nothing known here
 * Not in 64-bit mode:
 *   n  nothing                             K  as B
 *   i  as b                                E  ModRM; a register form there is VEX or EVEX
 *   p  far pointer
 */
static const char after_opcode[256 + 1] = "MMMMbznnMMMMbznx"
					  "MMMMbznnMMMMbznn"
					  "MMMMbzxnMMMMbzxn"
					  "MMMMbzxnMMMMbzxn"
					  "................"
					  "................"
					  "nnEMxxxxzZbB...."
					  "bbbbbbbbbbbbbbbb"
					  "BZKBMMMMMMMMMMMP"
					  "..........p....."
					  "oooo....bz......"
					  "bbbbbbbbvvvvvvvv"
					  "BBw.EESSe.w..bn."
					  "MMMMiix.MMMMMMMM"
					  "bbbbbbbbjjpb...."
					  "x.xx..GG......MM";

static const char after_opcode_0f[256 + 1] = "MMMMx.....x.xMxx"
					     "MMMMMMMMMMMMMMMM"
					     "RRRRxxxxMMMMMMMM"
					     "......x.xxxxxxxx"
					     "MMMMMMMMMMMMMMMM"
					     "MMMMMMMMMMMMMMMM"
					     "MMMMMMMMMMMMMMMM"
					     "BBBBMMM.xxxxMMMM"
					     "jjjjjjjjjjjjjjjj"
					     "MMMMMMMMMMMMMMMM"
					     "...MBMxx...MBMMM"
					     "MMMMMMMMFMBMMMMM"
					     "MMBMBBBM........"
					     "MMMMMMMMMMMMMMMM"
					     "MMMMMMMMMMMMMMMM"
					     "MMMMMMMMMMMMMMMM";

struct cursor {
	const uint8_t *bytes;
	unsigned count;
	unsigned at;
};

static uint64_t zero_extend(uint64_t value, unsigned size)
{
	return value & MASK64(8 * size - 1, 0);
}

/* Takes size bytes (0 to 8) as a sign-extended little-endian number. */
static enum status decode_take(struct cursor *cursor, unsigned size, uint64_t *value)
{
	*value = 0;
	if (size == 0) {
		return ST_OK;
	}
	if (cursor->at + size > INSN_MAX_LENGTH) {
		return ST_BAD_FORMAT;
	}
	if (cursor->at + size > cursor->count) {
		return ST_TRUNCATED;
	}
	memcpy(value, cursor->bytes + cursor->at, size);
	cursor->at += size;
	*value = sign_extend(*value, size);
	return ST_OK;
}

static enum status take_byte(struct cursor *cursor, uint8_t *byte)
{
	uint64_t value;

	TRY(decode_take(cursor, 1, &value));
	*byte = (uint8_t)value;
	return ST_OK;
}

/* Takes prefixes, REX and opcode; leaves the sizes, map and opcode in insn. */
static enum status take_opcode(struct cursor *cursor, struct insn *insn)
{
	bool operand_prefix = false;
	bool address_prefix = false;
	uint8_t byte;

	for (;;) {
		TRY(take_byte(cursor, &byte));
		if (insn->mode == DECODE_64 && (byte & 0xF0) == 0x40) {
			insn->rex = byte;
			continue;
		}
		if (byte == 0x66) {
			operand_prefix = true;
		} else if (byte == 0x67) {
			address_prefix = true;
		} else if (byte == 0xF0) {
			insn->lock = true;
		} else if (byte == 0xF2) {
			insn->repeat = INSN_REPNE;
		} else if (byte == 0xF3) {
			insn->repeat = INSN_REP;
		} else if (byte == 0x64 || byte == 0x65) {
			insn->segment = byte == 0x64 ? INSN_FS : INSN_GS;
		} else if ((byte & 0xE7) == 0x26) {
			/* ES, CS, SS, DS: nothing in 64-bit mode. */
			if (insn->mode != DECODE_64) {
				insn->segment = (enum insn_segment)field_get(MASK64(4, 3), byte);
			}
		} else {
			break;
		}
		/* A REX counts only directly before the opcode. */
		insn->rex = 0;
	}

	insn->operand_size = operand_prefix == (insn->mode == DECODE_16) ? 4 : 2;
	if ((insn->rex & REX_W) != 0) {
		insn->operand_size = 8;
	}
	if (insn->mode == DECODE_64) {
		insn->address_size = address_prefix ? 4 : 8;
	} else {
		insn->address_size = address_prefix == (insn->mode == DECODE_16) ? 4 : 2;
	}

	if (byte == 0x0F) {
		insn->map = INSN_MAP_0F;
		TRY(take_byte(cursor, &byte));
		if (byte == 0x38 || byte == 0x3A) {
			insn->map = byte == 0x38 ? INSN_MAP_0F38 : INSN_MAP_0F3A;
			TRY(take_byte(cursor, &byte));
		}
	}
	insn->opcode = byte;
	return ST_OK;
}

static char operands_of(const struct insn *insn)
{
	if (insn->map == INSN_MAP_0F38) {
		return 'M';
	}
	if (insn->map == INSN_MAP_0F3A) {
		return 'B';
	}
	return (insn->map == INSN_MAP_0F ? after_opcode_0f : after_opcode)[insn->opcode];
}

static void set_base(struct insn *insn, enum insn_register base, enum insn_segment segment)
{
	insn->has_memory = true;
	insn->base = base;
	if (insn->segment == INSN_NO_SEGMENT) {
		insn->segment = segment;
	}
}

static enum insn_segment default_segment(enum insn_register base)
{
	return base == INSN_RSP || base == INSN_RBP ? INSN_SS : INSN_DS;
}

/* Memory operand of a 16-bit ModRM. [SDM 2A table 2-1] */
static enum status take_memory_16(struct cursor *cursor, struct insn *insn)
{
	static const uint8_t bases[8] = { INSN_RBX, INSN_RBX, INSN_RBP, INSN_RBP,
					  INSN_RSI, INSN_RDI, INSN_RBP, INSN_RBX };
	unsigned mod = (unsigned)field_get(MODRM_MOD, insn->modrm);
	unsigned rm = (unsigned)field_get(MODRM_RM, insn->modrm);
	enum insn_register base = bases[rm];
	uint64_t displacement;

	if (rm < 4) {
		insn->index = rm % 2 == 0 ? INSN_RSI : INSN_RDI;
	}
	if (mod == 0 && rm == 6) {
		base = INSN_NO_REGISTER;
		mod = 2;
	}
	TRY(decode_take(cursor, mod, &displacement));
	insn->displacement = (int64_t)displacement;
	set_base(insn, base, default_segment(base));
	return ST_OK;
}

/* Memory operand of a 32- or 64-bit ModRM. [SDM 2A tables 2-2, 2-3] */
static enum status take_memory(struct cursor *cursor, struct insn *insn)
{
	unsigned mod = (unsigned)field_get(MODRM_MOD, insn->modrm);
	unsigned base = (unsigned)field_get(MODRM_RM, insn->modrm);
	bool has_sib = base == 4;
	uint64_t displacement;

	if (has_sib) {
		uint8_t sib;

		TRY(take_byte(cursor, &sib));
		unsigned index = (unsigned)field_get(SIB_INDEX, sib);
		index += (insn->rex & REX_X) != 0 ? 8 : 0;
		if (index != INSN_RSP) {
			insn->index = (enum insn_register)index;
		}
		insn->scale = (uint8_t)BIT32(field_get(SIB_SCALE, sib));
		base = (unsigned)field_get(SIB_BASE, sib);
	}
	if (mod == 0 && base == INSN_RBP) {
		base = !has_sib && insn->mode == DECODE_64 ? INSN_RIP : INSN_NO_REGISTER;
		mod = 2;
	} else if ((insn->rex & REX_B) != 0) {
		base += 8;
	}
	TRY(decode_take(cursor, mod == 2 ? 4 : mod, &displacement));
	insn->displacement = (int64_t)displacement;
	set_base(insn, (enum insn_register)base, default_segment((enum insn_register)base));
	return ST_OK;
}

/* Takes ModRM, SIB and displacement, and refuses a ModRM that does not make an instruction. */
static enum status take_modrm(struct cursor *cursor, struct insn *insn, char operands)
{
	bool register_form;
	unsigned reg;

	TRY(take_byte(cursor, &insn->modrm));
	register_form = field_get(MODRM_MOD, insn->modrm) == 3;
	reg = (unsigned)field_get(MODRM_REG, insn->modrm);
	insn->reg = (enum insn_register)(reg + ((insn->rex & REX_R) != 0 ? 8 : 0));
	if (((operands == 'S' || operands == 'P') && reg != 0) ||
	    (operands == 'E' && register_form)) {
		return ST_UNSUPPORTED;
	}
	if (register_form || operands == 'R') {
		return ST_OK;
	}
	return insn->address_size == 2 ? take_memory_16(cursor, insn) : take_memory(cursor, insn);
}

/* Memory operand of MOV A0 to A3; the offset is not sign-extended. */
static enum status take_offset(struct cursor *cursor, struct insn *insn)
{
	uint64_t offset;

	TRY(decode_take(cursor, insn->address_size, &offset));
	insn->displacement = (int64_t)zero_extend(offset, insn->address_size);
	set_base(insn, INSN_NO_REGISTER, INSN_DS);
	return ST_OK;
}

static unsigned pop_size(const struct insn *insn)
{
	return insn->mode == DECODE_64 && insn->operand_size == 4 ? 8 : insn->operand_size;
}

/* Takes what stands after the opcode, and refuses what is not defined. */
static enum status take_operands(struct cursor *cursor, struct insn *insn)
{
	char operands = operands_of(insn);
	unsigned size_z = insn->operand_size == 2 ? 2 : 4;
	unsigned size = 0;

	if (operands == 'x' || (operands == 'F' && insn->repeat != INSN_REP)) {
		return ST_UNSUPPORTED;
	}
	if (insn->mode == DECODE_64 && (operands == 'n' || operands == 'i' || operands == 'p' ||
					operands == 'K' || operands == 'E')) {
		return ST_UNSUPPORTED;
	}
	if (operands >= 'A' && operands <= 'Z') {
		TRY(take_modrm(cursor, insn, operands));
	}

	switch (operands) {
	case 'b':
	case 'i':
	case 'B':
	case 'K':
		size = 1;
		break;
	case 'w':
		size = 2;
		break;
	case 'z':
	case 'Z':
		size = size_z;
		break;
	case 'v':
		size = insn->operand_size;
		break;
	case 'j':
		size = insn->mode == DECODE_64 ? 4 : size_z;
		break;
	case 'e':
		size = 3;
		break;
	case 'p':
		size = size_z + 2;
		break;
	case 'o':
		return take_offset(cursor, insn);
	case 'G':
		if (field_get(MODRM_REG, insn->modrm) <= 1) {
			size = insn->opcode % 2 == 0 ? 1 : size_z;
		}
		break;
	case 'S':
		size = insn->opcode % 2 == 0 ? 1 : size_z;
		break;
	case 'P':
		/* POP computes its address after it has moved RSP. */
		if (insn->base == INSN_RSP) {
			insn->displacement += pop_size(insn);
		}
		break;
	default:
		break;
	}
	insn->has_immediate = size != 0;
	return decode_take(cursor, size, &insn->immediate);
}

/* kind: a number, since some kinds follow the bits of an opcode. */
static void classify_sized(struct insn *insn, uint64_t kind, bool to_memory)
{
	insn->kind = (enum insn_kind)kind;
	insn->to_memory = to_memory;
	insn->memory_size = insn->opcode % 2 == 0 ? 1 : insn->operand_size;
	insn->register_size = insn->memory_size;
}

/* String instructions, and the moves of the accumulator: reg is RAX. */
static void classify_accumulator(struct insn *insn, enum insn_kind kind, bool to_memory)
{
	classify_sized(insn, kind, to_memory);
	insn->reg = INSN_RAX;
}

static void classify_string(struct insn *insn, enum insn_kind kind, bool has_source)
{
	if (!has_source) {
		/* The destination's ES cannot be overridden. */
		insn->segment = INSN_NO_SEGMENT;
	}
	set_base(insn, has_source ? INSN_RSI : INSN_RDI, has_source ? INSN_DS : INSN_ES);
	classify_accumulator(insn, kind, !has_source && kind != INSN_SCAS);
	if ((kind == INSN_INS || kind == INSN_OUTS) && insn->memory_size == 8) {
		insn->memory_size = 4;
		insn->register_size = 4;
	}
}

static void classify_one_byte(struct insn *insn)
{
	unsigned group = (unsigned)field_get(MODRM_REG, insn->modrm);
	uint8_t opcode = insn->opcode;

	if (opcode < 0x40) {
		if (opcode % 8 < 4) {
			classify_sized(insn, INSN_ADD + field_get(MASK64(5, 3), opcode),
				       opcode % 4 < 2);
		}
		return;
	}
	switch (opcode & 0xFE) {
	case 0x62:
		/* With a 16-bit operand Intel reads 16 bits and AMD 32: left to INSN_OTHER. */
		if (opcode == 0x63 && insn->mode == DECODE_64 && insn->operand_size != 2) {
			classify_sized(insn, INSN_MOVSX, false);
			insn->memory_size = 4;
		}
		break;
	case 0x6C:
		classify_string(insn, INSN_INS, false);
		break;
	case 0x6E:
		classify_string(insn, INSN_OUTS, true);
		break;
	case 0x80:
	case 0x82:
		classify_sized(insn, INSN_ADD + group, true);
		break;
	case 0x84:
		classify_sized(insn, INSN_TEST, true);
		break;
	case 0x86:
		classify_sized(insn, INSN_XCHG, true);
		break;
	case 0x88:
	case 0xC6:
		classify_sized(insn, INSN_MOV, true);
		break;
	case 0x8A:
		classify_sized(insn, INSN_MOV, false);
		break;
	case 0xA0:
	case 0xA2:
		classify_accumulator(insn, INSN_MOV, opcode >= 0xA2);
		break;
	case 0xA4:
		classify_string(insn, INSN_MOVS, true);
		break;
	case 0xA6:
		classify_string(insn, INSN_CMPS, true);
		break;
	case 0xAA:
		classify_string(insn, INSN_STOS, false);
		break;
	case 0xAC:
		classify_string(insn, INSN_LODS, true);
		break;
	case 0xAE:
		classify_string(insn, INSN_SCAS, false);
		break;
	case 0xF6:
		if (group <= 1) {
			classify_sized(insn, INSN_TEST, true);
		} else if (group <= 3) {
			classify_sized(insn, group == 2 ? INSN_NOT : INSN_NEG, true);
		}
		break;
	case 0xFE:
		if (group <= 1) {
			classify_sized(insn, group == 0 ? INSN_INC : INSN_DEC, true);
		}
		break;
	default:
		break;
	}
}

static void classify_0f(struct insn *insn)
{
	uint8_t opcode = insn->opcode;

	switch (opcode) {
	case 0xA3:
	case 0xAB:
	case 0xB3:
	case 0xBB:
		classify_sized(insn, INSN_BT + field_get(MASK64(4, 3), opcode), true);
		break;
	case 0xBA:
		if (field_get(MODRM_REG, insn->modrm) >= 4) {
			classify_sized(insn, INSN_BT + field_get(MASK64(4, 3), insn->modrm), true);
			insn->memory_size = insn->operand_size;
		}
		break;
	case 0xB6:
	case 0xB7:
	case 0xBE:
	case 0xBF:
		classify_sized(insn, opcode < 0xB8 ? INSN_MOVZX : INSN_MOVSX, false);
		insn->memory_size = opcode % 2 == 0 ? 1 : 2;
		insn->register_size = insn->operand_size;
		break;
	default:
		break;
	}
}

/* LOCK faults unless the instruction reads and writes memory. */
static bool lock_is_allowed(const struct insn *insn)
{
	const uint32_t lockable = BIT32(INSN_ADD) | BIT32(INSN_OR) | BIT32(INSN_ADC) |
				  BIT32(INSN_SBB) | BIT32(INSN_AND) | BIT32(INSN_SUB) |
				  BIT32(INSN_XOR) | BIT32(INSN_BTS) | BIT32(INSN_BTR) |
				  BIT32(INSN_BTC) | BIT32(INSN_NOT) | BIT32(INSN_NEG) |
				  BIT32(INSN_INC) | BIT32(INSN_DEC) | BIT32(INSN_XCHG);

	return insn->kind == INSN_OTHER ||
	       (insn->has_memory && insn->to_memory && (lockable & BIT32(insn->kind)) != 0);
}

enum status decode_insn(const uint8_t *bytes, unsigned count, enum decode_mode mode,
			struct insn *out)
{
	struct cursor cursor = { bytes, count, 0 };
	struct insn insn;

	memset(&insn, 0, sizeof(insn));
	insn.mode = mode;
	insn.segment = INSN_NO_SEGMENT;
	insn.base = INSN_NO_REGISTER;
	insn.index = INSN_NO_REGISTER;
	insn.scale = 1;
	TRY(take_opcode(&cursor, &insn));
	TRY(take_operands(&cursor, &insn));
	if (insn.map == INSN_MAP_ONE_BYTE) {
		classify_one_byte(&insn);
	} else if (insn.map == INSN_MAP_0F) {
		classify_0f(&insn);
	}
	if (insn.lock && !lock_is_allowed(&insn)) {
		return ST_BAD_FORMAT;
	}
	if (insn.register_size == 1 && insn.rex == 0 && insn.reg >= INSN_RSP) {
		insn.reg_high = true;
		insn.reg -= 4;
	}
	insn.length = (uint8_t)cursor.at;
	*out = insn;
	return ST_OK;
}

/* A segment's offset becomes a linear address. */
static uint64_t to_linear(const struct insn *insn, uint64_t offset, uint64_t segment_base)
{
	uint64_t linear = zero_extend(offset, insn->address_size) + segment_base;

	return insn->mode == DECODE_64 ? linear : zero_extend(linear, 4);
}

uint64_t decode_effective_address(const struct insn *insn, const uint64_t gpr[16],
				  uint64_t rip_next, uint64_t fs_base, uint64_t gs_base)
{
	uint64_t offset = (uint64_t)insn->displacement;
	uint64_t segment_base = 0;

	if (insn->base == INSN_RIP) {
		offset += rip_next;
	} else if (insn->base != INSN_NO_REGISTER) {
		offset += gpr[insn->base];
	}
	if (insn->index != INSN_NO_REGISTER) {
		offset += gpr[insn->index] * insn->scale;
	}
	if (insn->kind >= INSN_BT && insn->kind <= INSN_BTC && !insn->has_immediate) {
		unsigned bits = 8u * insn->memory_size;
		uint64_t bit = sign_extend(zero_extend(gpr[insn->reg], insn->memory_size),
					   insn->memory_size);

		offset += (uint64_t)((int64_t)align_down(bit, bits) / 8);
	}
	if (insn->segment == INSN_FS) {
		segment_base = fs_base;
	} else if (insn->segment == INSN_GS) {
		segment_base = gs_base;
	}
	return to_linear(insn, offset, segment_base);
}

uint64_t decode_destination_address(const struct insn *insn, const uint64_t gpr[16])
{
	return to_linear(insn, gpr[INSN_RDI], 0);
}
