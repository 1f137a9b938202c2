// Holds decode_insn() against Zydis, an independent decoder, on one byte string.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/unit/shim/zydis_oracle.h"

#include <stddef.h>
#include <string.h>

#include <Zydis/Zydis.h>

#include "arch/base/bits.h"

static const uint64_t gpr[INSN_REGISTER_COUNT] = {
	0x0123456789ABCDEF, 0xFFFFFFFF80000FF0, 0x00007FFFF0F0F0F1, 0xFFFF888012345678,
	0xFFFFC90000003FF8, 0x00000000FFFFFFF7, 0x8000000000000001, 0x00000000DEADBEEF,
	0x0000000000000008, 0xFFFFFFFFFFFFFFFF, 0x5555AAAA5555AAAA, 0x0000000100000000,
	0x7FFFFFFFFFFFFFFF, 0xFEDCBA9876543210, 0x000000000000FFFF, 0xCAFEF00D00C0FFEE,
};
static const uint64_t rip = 0xFFFFFFFF81234567;
static const uint64_t fs_base = 0x00007F1122334455;
static const uint64_t gs_base = 0xFFFF888100000000;

static const struct {
	ZydisMnemonic mnemonic;
	enum insn_kind kind;
} kinds[] = {
	{ ZYDIS_MNEMONIC_ADD, INSN_ADD },      { ZYDIS_MNEMONIC_OR, INSN_OR },
	{ ZYDIS_MNEMONIC_ADC, INSN_ADC },      { ZYDIS_MNEMONIC_SBB, INSN_SBB },
	{ ZYDIS_MNEMONIC_AND, INSN_AND },      { ZYDIS_MNEMONIC_SUB, INSN_SUB },
	{ ZYDIS_MNEMONIC_XOR, INSN_XOR },      { ZYDIS_MNEMONIC_CMP, INSN_CMP },
	{ ZYDIS_MNEMONIC_BT, INSN_BT },        { ZYDIS_MNEMONIC_BTS, INSN_BTS },
	{ ZYDIS_MNEMONIC_BTR, INSN_BTR },      { ZYDIS_MNEMONIC_BTC, INSN_BTC },
	{ ZYDIS_MNEMONIC_TEST, INSN_TEST },    { ZYDIS_MNEMONIC_NOT, INSN_NOT },
	{ ZYDIS_MNEMONIC_NEG, INSN_NEG },      { ZYDIS_MNEMONIC_INC, INSN_INC },
	{ ZYDIS_MNEMONIC_DEC, INSN_DEC },      { ZYDIS_MNEMONIC_MOV, INSN_MOV },
	{ ZYDIS_MNEMONIC_MOVZX, INSN_MOVZX },  { ZYDIS_MNEMONIC_MOVSX, INSN_MOVSX },
	{ ZYDIS_MNEMONIC_MOVSXD, INSN_MOVSX }, { ZYDIS_MNEMONIC_XCHG, INSN_XCHG },
	{ ZYDIS_MNEMONIC_STOSB, INSN_STOS },   { ZYDIS_MNEMONIC_STOSW, INSN_STOS },
	{ ZYDIS_MNEMONIC_STOSD, INSN_STOS },   { ZYDIS_MNEMONIC_STOSQ, INSN_STOS },
	{ ZYDIS_MNEMONIC_LODSB, INSN_LODS },   { ZYDIS_MNEMONIC_LODSW, INSN_LODS },
	{ ZYDIS_MNEMONIC_LODSD, INSN_LODS },   { ZYDIS_MNEMONIC_LODSQ, INSN_LODS },
	{ ZYDIS_MNEMONIC_MOVSB, INSN_MOVS },   { ZYDIS_MNEMONIC_MOVSW, INSN_MOVS },
	{ ZYDIS_MNEMONIC_MOVSD, INSN_MOVS },   { ZYDIS_MNEMONIC_MOVSQ, INSN_MOVS },
	{ ZYDIS_MNEMONIC_CMPSB, INSN_CMPS },   { ZYDIS_MNEMONIC_CMPSW, INSN_CMPS },
	{ ZYDIS_MNEMONIC_CMPSD, INSN_CMPS },   { ZYDIS_MNEMONIC_CMPSQ, INSN_CMPS },
	{ ZYDIS_MNEMONIC_SCASB, INSN_SCAS },   { ZYDIS_MNEMONIC_SCASW, INSN_SCAS },
	{ ZYDIS_MNEMONIC_SCASD, INSN_SCAS },   { ZYDIS_MNEMONIC_SCASQ, INSN_SCAS },
	{ ZYDIS_MNEMONIC_INSB, INSN_INS },     { ZYDIS_MNEMONIC_INSW, INSN_INS },
	{ ZYDIS_MNEMONIC_INSD, INSN_INS },     { ZYDIS_MNEMONIC_OUTSB, INSN_OUTS },
	{ ZYDIS_MNEMONIC_OUTSW, INSN_OUTS },   { ZYDIS_MNEMONIC_OUTSD, INSN_OUTS },
};

struct oracle {
	ZydisDecodedInstruction insn;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

static ZyanStatus oracle_decode(const uint8_t *bytes, unsigned count, enum decode_mode mode,
				struct oracle *oracle)
{
	ZydisDecoder decoder;

	if (mode == DECODE_64) {
		ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	} else if (mode == DECODE_32) {
		ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_COMPAT_32, ZYDIS_STACK_WIDTH_32);
	} else {
		ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_COMPAT_16, ZYDIS_STACK_WIDTH_16);
	}
	/* Processors with TDX have no MPX: its opcodes are NOPs. */
	ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_MPX, ZYAN_FALSE);
	return ZydisDecoderDecodeFull(&decoder, bytes, count, &oracle->insn, oracle->operands);
}

/* The kind that the mnemonic and the shape of the operands ask for. */
static enum insn_kind oracle_kind(const struct oracle *oracle)
{
	const ZydisDecodedInstruction *z = &oracle->insn;

	if (z->mnemonic == ZYDIS_MNEMONIC_MOV &&
	    (z->opcode == 0x8C || z->opcode == 0x8E || z->opcode_map == ZYDIS_OPCODE_MAP_0F)) {
		return INSN_OTHER; /* segment, control and debug registers */
	}
	if ((z->mnemonic == ZYDIS_MNEMONIC_MOVSD || z->mnemonic == ZYDIS_MNEMONIC_CMPSD) &&
	    z->opcode_map != ZYDIS_OPCODE_MAP_DEFAULT) {
		return INSN_OTHER; /* SSE2 */
	}
	if (z->mnemonic == ZYDIS_MNEMONIC_MOVSXD && z->operand_width == 16) {
		return INSN_OTHER; /* Intel reads 16 bits, AMD 32 */
	}
	for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
		if (kinds[i].mnemonic == z->mnemonic) {
			return kinds[i].kind;
		}
	}
	return INSN_OTHER;
}

/* The memory operand that decode.h describes, or null. */
static const ZydisDecodedOperand *oracle_memory(const struct oracle *oracle, enum insn_kind kind)
{
	const ZydisDecodedOperand *found = NULL;
	bool string = kind >= INSN_STOS;

	for (unsigned i = 0; i < oracle->insn.operand_count; i++) {
		const ZydisDecodedOperand *o = &oracle->operands[i];

		if (o->type == ZYDIS_OPERAND_TYPE_MEMORY &&
		    (string || o->visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT)) {
			/* [RSI] wins over [RDI]. */
			if (found == NULL || ZydisRegisterGetId(o->mem.base) == INSN_RSI) {
				found = o;
			}
		}
	}
	return found;
}

static const ZydisDecodedOperand *oracle_register(const struct oracle *oracle)
{
	for (unsigned i = 0; i < oracle->insn.operand_count; i++) {
		const ZydisDecodedOperand *o = &oracle->operands[i];

		if (o->type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    o->visibility != ZYDIS_OPERAND_VISIBILITY_HIDDEN) {
			return o;
		}
	}
	return NULL;
}

static const ZydisDecodedOperand *oracle_immediate(const struct oracle *oracle)
{
	for (unsigned i = 0; i < oracle->insn.operand_count; i++) {
		if (oracle->operands[i].type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
			return &oracle->operands[i];
		}
	}
	return NULL;
}

/* Value of a general register of any width that stands in an address. */
static uint64_t register_value(ZydisRegister reg)
{
	ZydisRegisterClass class = ZydisRegisterGetClass(reg);
	uint64_t value = gpr[(unsigned)ZydisRegisterGetId(reg) % INSN_REGISTER_COUNT];

	if (class == ZYDIS_REGCLASS_GPR64) {
		return value;
	}
	return value & (class == ZYDIS_REGCLASS_GPR32 ? MASK64(31, 0) : MASK64(15, 0));
}

static uint64_t truncate(uint64_t value, unsigned bits)
{
	return value & MASK64(bits - 1, 0);
}

static uint64_t oracle_address(const struct oracle *oracle, const ZydisDecodedOperand *memory,
			       enum decode_mode mode)
{
	const ZydisDecodedInstruction *z = &oracle->insn;
	uint64_t address = memory->mem.disp.has_displacement ? (uint64_t)memory->mem.disp.value : 0;

	/* Zydis 4.0.0 takes R13 for the base of [index + disp32] when REX.B is set; by SDM 2A table
	 * 2-5 (and LLVM, and QEMU) the bit is not decoded there. */
	if (memory->mem.base != ZYDIS_REGISTER_NONE && z->raw.sib.offset != 0 &&
	    z->raw.modrm.mod == 0 && z->raw.sib.base == 5) {
		address = (uint64_t)z->raw.disp.value;
	} else if (ZydisRegisterGetClass(memory->mem.base) == ZYDIS_REGCLASS_IP) {
		address += rip + z->length;
	} else if (memory->mem.base != ZYDIS_REGISTER_NONE) {
		address += register_value(memory->mem.base);
	}
	if (memory->mem.index != ZYDIS_REGISTER_NONE) {
		address += register_value(memory->mem.index) * memory->mem.scale;
	}
	/* What Zydis leaves to its user. */
	if (z->mnemonic == ZYDIS_MNEMONIC_POP && ZydisRegisterGetId(memory->mem.base) == INSN_RSP) {
		address += z->operand_width / 8;
	}
	if ((z->mnemonic == ZYDIS_MNEMONIC_BT || z->mnemonic == ZYDIS_MNEMONIC_BTS ||
	     z->mnemonic == ZYDIS_MNEMONIC_BTR || z->mnemonic == ZYDIS_MNEMONIC_BTC) &&
	    oracle->operands[1].type == ZYDIS_OPERAND_TYPE_REGISTER) {
		uint64_t raw = gpr[(unsigned)ZydisRegisterGetId(oracle->operands[1].reg.value)];
		int64_t bit = memory->size == 16 ? (int16_t)raw :
			      memory->size == 32 ? (int32_t)raw :
						   (int64_t)raw;
		int64_t word = bit / memory->size - (bit % memory->size < 0);

		address += (uint64_t)(word * memory->size / 8);
	}
	address = truncate(address, z->address_width);
	if (memory->mem.segment == ZYDIS_REGISTER_FS) {
		address += fs_base;
	} else if (memory->mem.segment == ZYDIS_REGISTER_GS) {
		address += gs_base;
	}
	return mode == DECODE_64 ? address : truncate(address, 32);
}

static const char *compare_register(const struct insn *insn, const ZydisDecodedOperand *o)
{
	if (o == NULL) {
		return "a register operand where Zydis has none";
	}
	unsigned id = (unsigned)ZydisRegisterGetId(o->reg.value);
	bool high = o->reg.value >= ZYDIS_REGISTER_AH && o->reg.value <= ZYDIS_REGISTER_BH;

	if (ZydisRegisterGetClass(o->reg.value) == ZYDIS_REGCLASS_GPR8) {
		/* Zydis numbers AL to BL, AH to BH, SPL to DIL, R8B to R15B in a row. */
		id = (unsigned)o->reg.value - ZYDIS_REGISTER_AL;
		id = id < 4 ? id : id - 4;
	}
	if (insn->reg != (enum insn_register)id || insn->reg_high != high) {
		return "register";
	}
	return o->size == 8u * insn->register_size ? NULL : "size of the register";
}

/* The fields that insn_kind makes meaningful. */
static const char *compare_mover(const struct insn *insn, const struct oracle *oracle,
				 const ZydisDecodedOperand *memory)
{
	const ZydisDecodedOperand *immediate = oracle_immediate(oracle);
	bool to_memory = oracle->operands[0].type == ZYDIS_OPERAND_TYPE_MEMORY;
	bool unary = insn->kind >= INSN_NOT && insn->kind <= INSN_DEC;

	if (memory->size != 8u * insn->memory_size) {
		return "size of the memory operand";
	}
	if (insn->kind >= INSN_STOS) {
		return NULL; /* operands are implied by the kind */
	}
	/* Zydis writes XCHG and TEST in the order of the manual: memory first as well. */
	if (to_memory != insn->to_memory) {
		return "direction";
	}
	if (insn->has_immediate != (immediate != NULL)) {
		return "presence of an immediate";
	}
	if (immediate != NULL) {
		uint64_t mask = MASK64(8 * insn->memory_size - 1, 0);

		if (((immediate->imm.value.u ^ insn->immediate) & mask) != 0 &&
		    (uint8_t)immediate->imm.value.u != (uint8_t)insn->immediate) {
			return "immediate";
		}
		return NULL;
	}
	return unary ? NULL : compare_register(insn, oracle_register(oracle));
}

static const char *compare(const struct insn *insn, const struct oracle *oracle,
			   enum decode_mode mode)
{
	enum insn_kind kind = oracle_kind(oracle);
	const ZydisDecodedOperand *memory = oracle_memory(oracle, kind);

	if (insn->length != oracle->insn.length) {
		return "length";
	}
	if (insn->operand_size * 8 != oracle->insn.operand_width && kind != INSN_OTHER &&
	    insn->memory_size != 1 && oracle->insn.operand_width != 8) {
		return "operand size";
	}
	if (insn->has_memory != (memory != NULL)) {
		return "presence of a memory operand";
	}
	if (memory == NULL) {
		return NULL;
	}
	if (insn->address_size * 8 != oracle->insn.address_width) {
		return "address size";
	}
	if (insn->kind != kind) {
		return "kind";
	}
	/* LEA: Zydis leaves out the segment, which is never used. */
	bool access = memory->mem.type != ZYDIS_MEMOP_TYPE_AGEN;

	if (decode_effective_address(insn, gpr, rip + insn->length, access ? fs_base : 0,
				     access ? gs_base : 0) !=
	    oracle_address(oracle, memory, mode)) {
		return "address";
	}
	if (insn->lock != ((oracle->insn.attributes & ZYDIS_ATTRIB_HAS_LOCK) != 0)) {
		return "lock";
	}
	return kind == INSN_OTHER ? NULL : compare_mover(insn, oracle, memory);
}

/* May the decoder say ST_UNSUPPORTED to an instruction that Zydis knows? decode.h lists these. */
static bool is_excluded(const ZydisDecodedInstruction *z)
{
	if (z->encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY) {
		return true;
	}
	switch ((int)z->mnemonic) {
	case ZYDIS_MNEMONIC_VMREAD:
	case ZYDIS_MNEMONIC_VMWRITE:
	case ZYDIS_MNEMONIC_EXTRQ:
	case ZYDIS_MNEMONIC_INSERTQ:
	case ZYDIS_MNEMONIC_XABORT:
	case ZYDIS_MNEMONIC_XBEGIN:
	case ZYDIS_MNEMONIC_SALC:
	case ZYDIS_MNEMONIC_FEMMS:
	case ZYDIS_MNEMONIC_INT1:
		return true;
	default:
		/* PadLock: 0F A6, 0F A7 */
		return z->opcode_map == ZYDIS_OPCODE_MAP_0F &&
		       (z->opcode == 0xA6 || z->opcode == 0xA7);
	}
}

const char *zydis_disagrees(const uint8_t *bytes, unsigned count, enum decode_mode mode)
{
	struct insn insn;
	struct oracle oracle;
	enum status status = decode_insn(bytes, count, mode, &insn);
	bool known = ZYAN_SUCCESS(oracle_decode(bytes, count, mode, &oracle));

	if (status == ST_OK) {
		if (known) {
			return compare(&insn, &oracle, mode);
		}
		return insn.kind == INSN_OTHER ? NULL : "Zydis refuses a data mover";
	}
	if (!known) {
		return NULL;
	}
	if (status == ST_UNSUPPORTED) {
		return is_excluded(&oracle.insn) ? NULL : "an instruction that Zydis knows";
	}
	return "an error that Zydis does not see";
}
