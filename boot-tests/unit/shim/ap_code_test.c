// Reads the built images' entry code with Zydis: what the reset page and the AP path really do.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Follows the code from its entries through every branch, in the mode that each far jump selects,
// and keeps for each register the few values it can have there, an interval, and where its value
// comes from. So each memory access gets its address, and each write to a control register its
// value; what has none is a failure. What a compare and its branch have made certain is kept as
// well: an index is in its bounds, an answer was a success, a field of the mailbox was read twice.
// Runs on build/lintel.fd, build/ap-example.fd and build/uefi_ap_high.fd, with the symbols of their
// ELF files.
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <Zydis/Zydis.h>

#include "arch/base/bits.h"
#include "arch/tdx/mailbox.h"
#include "arch/tdx/module.h"
#include "arch/x86/cpu.h"
#include "arch/x86/desc.h"
#include "boot-tests/unit/built.h"
#include "linker/memmap.h"

#define PAGE 4096u
/* Hardware numbers. */
enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, GPR_COUNT };
#define VALUES_MAX 4
#define VISITS_MAX 100000
#define ACCESSES_MAX 256

/* ---- what is known of the registers ---------------------------------------------------------- */

/* count 0: anything. */
struct value {
	unsigned count;
	uint64_t of[VALUES_MAX];
};

static const struct value anything;

/* Where a register's value comes from. */
enum source {
	FROM_ANYWHERE,
	FROM_VCPU_INDEX, /* TDG.VP.INFO's, or found equal to it */
	FROM_ARRIVED,
	FROM_COMMAND,       /* of the mailbox, */
	FROM_COMMAND_LATER, /* read when the id was known to be this AP's, */
	FROM_APIC_ID,
	FROM_VECTOR_LOW,
	FROM_VECTOR_HIGH,
};

/* What has been compared, and held, on every way here. */
#define HELD_ID BIT32(0)          /* the mailbox has the id in EBX */
#define HELD_COMMAND BIT32(1)     /* the command was there before and after that */
#define HELD_VECTOR BIT32(2)      /* the low half of the vector was there twice */
#define HELD_VECTOR_HIGH BIT32(3) /* the high half is 0 */

/* In owed: a status was overwritten, or another call made, before it was found 0. */
#define OWED_LOST BIT32(GPR_COUNT)

/* The last instruction that set the flags, when something can be learnt from a branch on them. */
struct compare {
	enum { COMPARE_NOTHING, COMPARE_CMP, COMPARE_TEST, COMPARE_OR, COMPARE_SUB } kind;
	unsigned a, b;     /* registers; b: GPR_COUNT if it is something else */
	uint64_t constant; /* of CMP and SUB, if b is one, or its register has one value */
	bool has_constant;
	enum source source; /* of a memory operand b */
	unsigned size;
	uint64_t low, high; /* a before SUB */
};

struct state {
	struct value gpr[GPR_COUNT];
	uint64_t low[GPR_COUNT], high[GPR_COUNT];
	enum source source[GPR_COUNT];
	enum { ZF_UNKNOWN, ZF_CLEAR, ZF_SET } zf;
	struct compare compare;
	uint32_t held; /* HELD_* */
	uint32_t owed; /* bit n: register n, a status, has to be found 0 */
};

static struct state anything_at_all(void)
{
	struct state state = { 0 };
	for (unsigned i = 0; i < GPR_COUNT; i++) {
		state.high[i] = UINT64_MAX;
	}
	return state;
}

static struct value one(uint64_t value)
{
	return (struct value){ 1, { value } };
}

static bool value_is(const struct value *v, uint64_t value)
{
	return v->count == 1 && v->of[0] == value;
}

/* What is in a or in b; true if a grew. */
static bool value_join(struct value *a, const struct value *b)
{
	if (a->count == 0) {
		return false;
	}
	struct value joined = *a;
	for (unsigned i = 0; i < b->count; i++) {
		bool there = false;
		for (unsigned j = 0; j < joined.count; j++) {
			there = there || joined.of[j] == b->of[i];
		}
		if (!there && joined.count == VALUES_MAX) {
			*a = anything;
			return true;
		}
		if (!there) {
			joined.of[joined.count++] = b->of[i];
		}
	}
	if (b->count == 0) {
		joined = anything;
	}
	bool grew = joined.count != a->count;
	*a = joined;
	return grew;
}

/* An interval that grows grows to all there is of its width, so that no loop grows it for ever. */
static bool interval_join(struct state *a, const struct state *b, unsigned i)
{
	if (b->low[i] >= a->low[i] && b->high[i] <= a->high[i]) {
		return false;
	}
	a->low[i] = 0;
	a->high[i] = a->high[i] <= UINT32_MAX && b->high[i] <= UINT32_MAX ? UINT32_MAX : UINT64_MAX;
	return true;
}

static bool state_join(struct state *a, const struct state *b)
{
	bool grew = false;
	for (unsigned i = 0; i < GPR_COUNT; i++) {
		grew = value_join(&a->gpr[i], &b->gpr[i]) || grew;
		grew = interval_join(a, b, i) || grew;
		if (a->source[i] != FROM_ANYWHERE && a->source[i] != b->source[i]) {
			a->source[i] = FROM_ANYWHERE;
			grew = true;
		}
	}
	if ((a->held & ~b->held) != 0 || (b->owed & ~a->owed) != 0) {
		a->held &= b->held;
		a->owed |= b->owed;
		grew = true;
	}
	if (a->compare.kind != COMPARE_NOTHING &&
	    memcmp(&a->compare, &b->compare, sizeof(a->compare)) != 0) {
		a->compare = (struct compare){ 0 };
		grew = true;
	}
	if (a->zf != ZF_UNKNOWN && a->zf != b->zf) {
		a->zf = ZF_UNKNOWN;
		grew = true;
	}
	return grew;
}

/* ---- one instruction ------------------------------------------------------------------------- */

enum mode { MODE_16, MODE_32, MODE_64, MODE_COUNT };

struct insn {
	uint64_t address;
	enum mode mode;
	ZydisDecodedInstruction z;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

static struct insn decode(uint64_t address, enum mode mode)
{
	static const struct {
		ZydisMachineMode machine;
		ZydisStackWidth stack;
	} modes[MODE_COUNT] = {
		[MODE_16] = { ZYDIS_MACHINE_MODE_REAL_16, ZYDIS_STACK_WIDTH_16 },
		[MODE_32] = { ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32 },
		[MODE_64] = { ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64 },
	};
	struct insn insn = { .address = address, .mode = mode };
	size_t left = FOUR_GIB - address < ZYDIS_MAX_INSTRUCTION_LENGTH ?
			      FOUR_GIB - address :
			      ZYDIS_MAX_INSTRUCTION_LENGTH;
	ZydisDecoder decoder;
	ZydisDecoderInit(&decoder, modes[mode].machine, modes[mode].stack);
	if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, built_bytes(address, left), left,
						 &insn.z, insn.operands))) {
		fail_msg("0x%llx: no instruction", (unsigned long long)address);
	}
	return insn;
}

static _Noreturn void complain(const struct insn *insn, const char *what)
{
	fail_msg("0x%llx, %s: %s", (unsigned long long)insn->address,
		 ZydisMnemonicGetString(insn->z.mnemonic), what);
	abort();
}

static unsigned gpr_number(ZydisRegister reg)
{
	return (unsigned)ZydisRegisterGetId(reg);
}

static bool is_gpr(ZydisRegister reg)
{
	ZydisRegisterClass class = ZydisRegisterGetClass(reg);
	return class >= ZYDIS_REGCLASS_GPR8 && class <= ZYDIS_REGCLASS_GPR64;
}

static uint64_t next_of(const struct insn *insn)
{
	return insn->address + insn->z.length;
}

/* Base and displacement, all values they can have together; the index is not in it. */
static struct value address_of(const struct insn *insn, const struct state *state,
			       const ZydisDecodedOperand *o)
{
	struct value address = one(0);
	if (o->mem.base == ZYDIS_REGISTER_RIP) {
		address = one(next_of(insn));
	} else if (o->mem.base != ZYDIS_REGISTER_NONE) {
		address = state->gpr[gpr_number(o->mem.base) % GPR_COUNT];
	}
	for (unsigned i = 0; i < address.count; i++) {
		address.of[i] += (uint64_t)o->mem.disp.value;
		if (insn->mode != MODE_64) {
			address.of[i] &= UINT32_MAX;
		}
	}
	return address;
}

static struct value source_of(const struct insn *insn, const struct state *state,
			      const ZydisDecodedOperand *o)
{
	if (o->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
		return one(insn->operands[0].size == 64 ? o->imm.value.u :
							  o->imm.value.u & UINT32_MAX);
	}
	if (o->type == ZYDIS_OPERAND_TYPE_REGISTER && o->reg.value == ZYDIS_REGISTER_CR0) {
		/* PE is what the reset vector wants to know. */
		return one(insn->mode == MODE_16 ? 0 : CR0_PE);
	}
	if (o->type == ZYDIS_OPERAND_TYPE_REGISTER && is_gpr(o->reg.value) && o->size >= 32) {
		return state->gpr[gpr_number(o->reg.value)];
	}
	if (insn->z.mnemonic == ZYDIS_MNEMONIC_LEA && o->type == ZYDIS_OPERAND_TYPE_MEMORY &&
	    o->mem.index == ZYDIS_REGISTER_NONE) {
		return address_of(insn, state, o);
	}
	return anything;
}

/* The result of MOV, LEA, XOR of a register with itself, OR and INC. */
static struct value result_of(const struct insn *insn, const struct state *state)
{
	const ZydisDecodedOperand *to = &insn->operands[0];
	const ZydisDecodedOperand *from = &insn->operands[1];
	struct value a = source_of(insn, state, to);
	struct value b = source_of(insn, state, from);
	switch ((unsigned)insn->z.mnemonic) {
	case ZYDIS_MNEMONIC_MOV:
	case ZYDIS_MNEMONIC_LEA:
		return b;
	case ZYDIS_MNEMONIC_XOR:
		return from->type == ZYDIS_OPERAND_TYPE_REGISTER &&
				       to->reg.value == from->reg.value ?
			       one(0) :
			       anything;
	case ZYDIS_MNEMONIC_OR:
		if (b.count != 1) {
			return anything;
		}
		for (unsigned i = 0; i < a.count; i++) {
			a.of[i] |= b.of[0];
		}
		return a;
	case ZYDIS_MNEMONIC_INC:
		for (unsigned i = 0; i < a.count; i++) {
			a.of[i]++;
		}
		return a;
	default:
		return anything;
	}
}

/* TEST of a register with itself, or of its low byte with a constant. */
static struct value tested_of(const struct insn *insn, const struct state *state)
{
	const ZydisDecodedOperand *to = &insn->operands[0];
	const ZydisDecodedOperand *with = &insn->operands[1];
	if (insn->z.mnemonic != ZYDIS_MNEMONIC_TEST || to->type != ZYDIS_OPERAND_TYPE_REGISTER) {
		return anything;
	}
	if (with->type == ZYDIS_OPERAND_TYPE_REGISTER) {
		return with->reg.value == to->reg.value ? source_of(insn, state, to) : anything;
	}
	struct value v = to->reg.value == ZYDIS_REGISTER_AL ? state->gpr[0] : anything;
	for (unsigned i = 0; i < v.count; i++) {
		v.of[i] &= with->imm.value.u & UINT8_MAX;
	}
	return v;
}

/* ---- intervals, sources, compares ------------------------------------------------------------ */

/* What a load of the mailbox gives. */
static enum source source_of_load(const struct insn *insn, const struct state *state,
				  const ZydisDecodedOperand *o)
{
	struct value where = address_of(insn, state, o);
	if (where.count != 1) {
		return FROM_ANYWHERE;
	}
	switch (where.of[0] - built_symbol("ap_mailbox")) {
	case offsetof(struct mailbox, command):
		return state->held & HELD_ID ? FROM_COMMAND_LATER : FROM_COMMAND;
	case offsetof(struct mailbox, apic_id):
		return FROM_APIC_ID;
	case offsetof(struct mailbox, wakeup_vector):
		return FROM_VECTOR_LOW;
	case offsetof(struct mailbox, wakeup_vector) + 4:
		return FROM_VECTOR_HIGH;
	case offsetof(struct mailbox, arrived):
		return FROM_ARRIVED;
	default:
		return FROM_ANYWHERE;
	}
}

static uint64_t width_max(unsigned bits)
{
	return bits == 64 ? UINT64_MAX : UINT32_MAX;
}

/* The destination of MOV, LEA, AND and SUB with constants; all that fits its width otherwise. */
static void set_interval(const struct insn *insn, const struct state *before, struct state *after)
{
	const ZydisDecodedOperand *to = &insn->operands[0];
	const ZydisDecodedOperand *from = &insn->operands[1];
	unsigned n = gpr_number(to->reg.value);
	uint64_t max = width_max(to->size);
	uint64_t low = 0, high = max;
	if (insn->z.mnemonic == ZYDIS_MNEMONIC_MOV && from->type == ZYDIS_OPERAND_TYPE_REGISTER &&
	    is_gpr(from->reg.value)) {
		unsigned m = gpr_number(from->reg.value);
		after->source[n] = before->source[m];
		low = before->low[m];
		high = before->high[m];
	} else if (insn->z.mnemonic == ZYDIS_MNEMONIC_MOV &&
		   from->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
		low = high = from->imm.value.u & max;
	} else if (insn->z.mnemonic == ZYDIS_MNEMONIC_MOV &&
		   from->type == ZYDIS_OPERAND_TYPE_MEMORY) {
		after->source[n] = source_of_load(insn, before, from);
	} else if (insn->z.mnemonic == ZYDIS_MNEMONIC_LEA && is_gpr(from->mem.base) &&
		   from->mem.index == ZYDIS_REGISTER_NONE && from->mem.disp.value >= 0 &&
		   before->high[gpr_number(from->mem.base)] <= UINT32_MAX) {
		low = before->low[gpr_number(from->mem.base)] + (uint64_t)from->mem.disp.value;
		high = before->high[gpr_number(from->mem.base)] + (uint64_t)from->mem.disp.value;
	}
	bool fits = high <= max;
	after->low[n] = fits ? low : 0;
	after->high[n] = fits ? high : max;
}

static struct compare compare_of(const struct insn *insn, const struct state *state)
{
	const ZydisDecodedOperand *a = &insn->operands[0];
	const ZydisDecodedOperand *b = &insn->operands[1];
	struct compare compare = { .b = GPR_COUNT, .size = a->size };
	if (a->type != ZYDIS_OPERAND_TYPE_REGISTER || !is_gpr(a->reg.value)) {
		return compare;
	}
	compare.a = gpr_number(a->reg.value);
	compare.low = state->low[compare.a];
	compare.high = state->high[compare.a];
	if (b->type == ZYDIS_OPERAND_TYPE_REGISTER && is_gpr(b->reg.value)) {
		compare.b = gpr_number(b->reg.value);
		compare.has_constant = state->gpr[compare.b].count == 1;
		compare.constant = state->gpr[compare.b].of[0];
	} else if (b->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
		compare.has_constant = true;
		compare.constant = b->imm.value.u & width_max(a->size);
	} else if (b->type == ZYDIS_OPERAND_TYPE_MEMORY) {
		compare.source = source_of_load(insn, state, b);
	}
	switch ((unsigned)insn->z.mnemonic) {
	case ZYDIS_MNEMONIC_CMP:
		compare.kind = COMPARE_CMP;
		break;
	case ZYDIS_MNEMONIC_TEST:
		compare.kind = compare.a == compare.b ? COMPARE_TEST : COMPARE_NOTHING;
		break;
	case ZYDIS_MNEMONIC_OR:
		compare.kind = compare.b != GPR_COUNT ? COMPARE_OR : COMPARE_NOTHING;
		break;
	case ZYDIS_MNEMONIC_SUB:
		compare.kind = compare.has_constant ? COMPARE_SUB : COMPARE_NOTHING;
		break;
	default:
		break;
	}
	return compare;
}

static bool are(enum source a, enum source b, enum source one, enum source other)
{
	return (a == one && b == other) || (a == other && b == one);
}

/* The two operands of CMP are equal. */
static void learn_equal(struct state *state)
{
	const struct compare *c = &state->compare;
	enum source a = state->source[c->a];
	enum source b = c->b == GPR_COUNT ? c->source : state->source[c->b];
	if (c->b != GPR_COUNT && c->size >= 32 && (a == FROM_VCPU_INDEX || b == FROM_VCPU_INDEX)) {
		state->source[c->a] = state->source[c->b] = FROM_VCPU_INDEX;
	}
	if (c->size == 32 &&
	    ((a == FROM_APIC_ID && c->b == RBX) || (b == FROM_APIC_ID && c->a == RBX))) {
		state->held |= HELD_ID;
	}
	if (c->size == 16 && are(a, b, FROM_COMMAND, FROM_COMMAND_LATER)) {
		state->held |= HELD_COMMAND;
	}
	if (c->size == 32 && a == FROM_VECTOR_LOW && b == FROM_VECTOR_LOW) {
		state->held |= HELD_VECTOR;
	}
}

/* ZF is set. */
static void learn_zero(struct state *state)
{
	const struct compare *c = &state->compare;
	switch (c->kind) {
	case COMPARE_CMP:
		learn_equal(state);
		break;
	case COMPARE_TEST:
		if (c->size == 32 && state->source[c->a] == FROM_VECTOR_HIGH) {
			state->held |= HELD_VECTOR_HIGH;
		}
		if (c->size == 64) {
			state->owed &= ~BIT32(c->a);
		}
		break;
	case COMPARE_OR:
		if (c->size == 64) {
			state->owed &= ~(BIT32(c->a) | BIT32(c->b));
		}
		break;
	case COMPARE_SUB:
	case COMPARE_NOTHING:
		break;
	}
}

/* CF is set if below, else clear. */
static void learn_carry(struct state *state, bool below)
{
	const struct compare *c = &state->compare;
	if (!c->has_constant || (c->size != 64 && c->high > UINT32_MAX)) {
		return;
	}
	if (c->kind == COMPARE_CMP && below && c->constant > 0 &&
	    state->high[c->a] >= c->constant) {
		state->high[c->a] = c->constant - 1;
	}
	if (c->kind == COMPARE_SUB && !below && c->high >= c->constant) {
		state->low[c->a] = c->low > c->constant ? c->low - c->constant : 0;
		state->high[c->a] = c->high - c->constant;
	}
}

static void learn(struct state *state, ZydisMnemonic branch, bool taken)
{
	switch ((unsigned)branch) {
	case ZYDIS_MNEMONIC_JZ:
	case ZYDIS_MNEMONIC_JNZ:
		if (taken == (branch == ZYDIS_MNEMONIC_JZ)) {
			learn_zero(state);
		}
		break;
	case ZYDIS_MNEMONIC_JB:
	case ZYDIS_MNEMONIC_JNB:
		learn_carry(state, taken == (branch == ZYDIS_MNEMONIC_JB));
		break;
	default:
		break;
	}
}

static void forget(struct state *state, unsigned n)
{
	state->gpr[n] = anything;
	state->low[n] = 0;
	state->high[n] = UINT64_MAX;
	state->source[n] = FROM_ANYWHERE;
}

/* What a leaf returns in registers. [TDX ABI 1.5 TDG.VP.INFO; GHCI 1.5 TDG.VP.VMCALL] */
#define VP_INFO_OUT \
	(BIT32(RAX) | BIT32(RCX) | BIT32(RDX) | BIT32(R8) | BIT32(R9) | BIT32(R10) | BIT32(R11))

/* The host changes what the mask in RCX exposes to it, and nothing else. */
static void execute_tdcall(const struct insn *insn, struct state *state)
{
	uint32_t changed = VP_INFO_OUT;
	state->owed |= state->owed != 0 ? OWED_LOST : 0;
	state->owed |= BIT32(RAX);
	if (value_is(&state->gpr[RAX], TDG_VP_VMCALL) && state->gpr[RCX].count == 1) {
		changed = BIT32(RAX) | (uint32_t)state->gpr[RCX].of[0];
		state->owed |= BIT32(R10);
	} else if (!value_is(&state->gpr[RAX], TDG_VP_INFO)) {
		complain(insn, "a leaf or a register mask that cannot be told");
	}
	bool info = value_is(&state->gpr[RAX], TDG_VP_INFO);
	for (unsigned i = 0; i < GPR_COUNT; i++) {
		if ((changed & BIT32(i)) != 0) {
			forget(state, i);
		}
	}
	if (info) {
		state->source[R9] = FROM_VCPU_INDEX;
	}
}

/* The registers and ZF after the instruction. */
static void execute(const struct insn *insn, struct state *state)
{
	struct value result = result_of(insn, state);
	struct value tested = tested_of(insn, state);
	if (tested.count == 1) {
		state->zf = tested.of[0] == 0 ? ZF_SET : ZF_CLEAR;
	} else if (insn->z.cpu_flags->modified & ZYDIS_CPUFLAG_ZF) {
		state->zf = ZF_UNKNOWN;
	}
	struct state before = *state;
	if (insn->z.cpu_flags->modified != 0) {
		state->compare = compare_of(insn, state);
	}
	if (insn->z.mnemonic == ZYDIS_MNEMONIC_TDCALL) {
		execute_tdcall(insn, state);
		return;
	}
	for (unsigned i = 0; i < insn->z.operand_count; i++) {
		const ZydisDecodedOperand *o = &insn->operands[i];
		if (o->type == ZYDIS_OPERAND_TYPE_REGISTER && is_gpr(o->reg.value) &&
		    (o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0) {
			bool whole = i == 0 && o->size >= 32;
			unsigned n = gpr_number(o->reg.value);
			if ((state->owed & BIT32(n)) != 0 && state->compare.kind != COMPARE_OR) {
				state->owed |= OWED_LOST;
			}
			forget(state, n);
			state->gpr[n] = whole ? result : anything;
			if (whole) {
				set_interval(insn, &before, state);
			} else if (i == 0 && o->size == 16) {
				state->source[n] =
					source_of_load(insn, &before, &insn->operands[1]);
			}
		}
	}
}

/* ---- the walk -------------------------------------------------------------------------------- */

struct access {
	const struct state *state; /* before it */
	uint64_t at;
	enum mode mode;
	bool write;
	bool indexed;
	unsigned index;  /* register, if indexed */
	unsigned stored; /* register, if a MOV writes */
	unsigned size;
	struct value address;
};

static struct walk {
	uint64_t page;
	uint64_t outside; /* the one address that a CALL may go to; 0: none */
	uint64_t onward;  /* the one that a jump may go to; 0: none */
	bool gone;        /* it was */
	bool seen[MODE_COUNT][PAGE];
	struct state states[MODE_COUNT][PAGE];
	unsigned owner[PAGE]; /* 1 + mode * PAGE + offset of the instruction whose byte it is */
	unsigned exits;       /* indirect jumps */
	struct access accesses[ACCESSES_MAX];
	unsigned access_count;
} walk;

static struct {
	enum mode mode;
	uint64_t address;
} pending[VISITS_MAX];
static unsigned pending_count;

static void visit(uint64_t address, enum mode mode, const struct state *state)
{
	if (address == walk.onward && mode == MODE_64) {
		walk.gone = true;
		return;
	}
	if (address < walk.page || address >= walk.page + PAGE) {
		fail_msg("0x%llx is outside the page", (unsigned long long)address);
	}
	unsigned offset = (unsigned)(address - walk.page);
	if (walk.seen[mode][offset] && !state_join(&walk.states[mode][offset], state)) {
		return;
	}
	if (!walk.seen[mode][offset]) {
		walk.seen[mode][offset] = true;
		walk.states[mode][offset] = *state;
	}
	assert_true(pending_count < VISITS_MAX);
	pending[pending_count].mode = mode;
	pending[pending_count++].address = address;
}

/* No byte belongs to two instructions, but in the reset vector: two modes read the same ones. */
static void own(const struct insn *insn)
{
	for (unsigned i = 0; i < insn->z.length; i++) {
		unsigned offset = (unsigned)(insn->address - walk.page) + i;
		unsigned mine =
			1 + (unsigned)insn->mode * PAGE + (unsigned)(insn->address - walk.page);
		assert_true(offset < PAGE);
		if (walk.owner[offset] != 0 && walk.owner[offset] != mine &&
		    walk.page + offset < RESET_VECTOR) {
			complain(insn, "overlaps another instruction");
		}
		walk.owner[offset] = mine;
	}
}

static void far_jump(const struct insn *insn, const struct state *state)
{
	const ZydisDecodedOperand *o = &insn->operands[0];
	uint64_t target = o->ptr.offset;
	uint16_t selector = o->ptr.segment;
	if (o->type == ZYDIS_OPERAND_TYPE_MEMORY) {
		struct value where = address_of(insn, state, o);
		if (where.count != 1 || o->size != 48) {
			complain(insn, "no far pointer of 6 bytes");
		}
		const uint8_t *pointer = built_bytes(where.of[0], 6);
		uint32_t offset;
		memcpy(&offset, pointer, 4);
		memcpy(&selector, pointer + 4, 2);
		target = offset;
	}
	if (selector != SELECTOR_CODE32 && selector != SELECTOR_CODE64) {
		complain(insn, "selector");
	}
	visit(target, selector == SELECTOR_CODE32 ? MODE_32 : MODE_64, state);
}

/* C gives them back as it found them. [System V ABI, x86-64, 3.2.1] */
static struct state kept_by_a_call(const struct state *before)
{
	static const unsigned kept[] = { RBX, RBP, R12, R13, R14, R15 };
	struct state state = anything_at_all();
	for (size_t i = 0; i < ARRAY_COUNT(kept); i++) {
		unsigned n = kept[i];
		state.gpr[n] = before->gpr[n];
		state.low[n] = before->low[n];
		state.high[n] = before->high[n];
		state.source[n] = before->source[n];
	}
	return state;
}

/* Where it goes on; state is the one after it. */
static void follow(const struct insn *insn, const struct state *state)
{
	const ZydisDecodedOperand *o = &insn->operands[0];
	ZydisMnemonic m = insn->z.mnemonic;
	bool relative = o->type == ZYDIS_OPERAND_TYPE_IMMEDIATE && o->imm.is_relative;
	uint64_t target = next_of(insn) + (relative ? o->imm.value.u : 0);
	struct state taken, passed;
	if (insn->mode != MODE_64) {
		target &= UINT32_MAX;
	}
	switch ((unsigned)insn->z.meta.category) {
	case ZYDIS_CATEGORY_COND_BR:
		taken = *state;
		passed = *state;
		learn(&taken, m, true);
		learn(&passed, m, false);
		if (!((m == ZYDIS_MNEMONIC_JZ && state->zf == ZF_CLEAR) ||
		      (m == ZYDIS_MNEMONIC_JNZ && state->zf == ZF_SET))) {
			visit(target, insn->mode, &taken);
		}
		if ((m == ZYDIS_MNEMONIC_JZ && state->zf == ZF_SET) ||
		    (m == ZYDIS_MNEMONIC_JNZ && state->zf == ZF_CLEAR)) {
			return;
		}
		visit(next_of(insn), insn->mode, &passed);
		return;
	case ZYDIS_CATEGORY_UNCOND_BR:
		if (insn->z.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR) {
			far_jump(insn, state);
		} else if (relative) {
			visit(target, insn->mode, state);
		} else {
			walk.exits++;
		}
		return;
	case ZYDIS_CATEGORY_CALL:
		if (!relative || target != walk.outside) {
			complain(insn, "target");
		}
		taken = kept_by_a_call(state);
		visit(next_of(insn), insn->mode, &taken);
		return;
	default:
		if (m != ZYDIS_MNEMONIC_UD2) {
			visit(next_of(insn), insn->mode, state);
		}
	}
}

static void start_walk(uint64_t page, uint64_t outside, uint64_t onward)
{
	memset(&walk, 0, sizeof(walk));
	walk.page = page;
	walk.outside = outside;
	walk.onward = onward;
	pending_count = 0;
}

typedef void (*insn_rule)(const struct insn *insn, const struct state *state);

static void each_insn(insn_rule rule)
{
	unsigned count = 0;
	for (unsigned mode = 0; mode < MODE_COUNT; mode++) {
		for (unsigned offset = 0; offset < PAGE; offset++) {
			if (walk.seen[mode][offset]) {
				struct insn insn = decode(walk.page + offset, (enum mode)mode);
				rule(&insn, &walk.states[mode][offset]);
				count++;
			}
		}
	}
	assert_true(count > 0);
}

static void note_accesses(const struct insn *insn, const struct state *state)
{
	for (unsigned i = 0; i < insn->z.operand_count; i++) {
		const ZydisDecodedOperand *o = &insn->operands[i];
		if (o->type != ZYDIS_OPERAND_TYPE_MEMORY ||
		    insn->z.mnemonic == ZYDIS_MNEMONIC_LEA) {
			continue;
		}
		assert_true(walk.access_count < ACCESSES_MAX);
		walk.accesses[walk.access_count++] = (struct access){
			.state = state,
			.at = insn->address,
			.mode = insn->mode,
			.write = (o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0,
			.indexed = o->mem.index != ZYDIS_REGISTER_NONE,
			.index = gpr_number(o->mem.index) % GPR_COUNT,
			.stored = gpr_number(insn->operands[1].reg.value) % GPR_COUNT,
			.size = o->size / 8u,
			.address = address_of(insn, state, o),
		};
	}
}

/* Follows everything that can be reached, until no register can have another value. */
static void finish_walk(void)
{
	while (pending_count > 0) {
		pending_count--;
		enum mode mode = pending[pending_count].mode;
		unsigned offset = (unsigned)(pending[pending_count].address - walk.page);
		struct insn insn = decode(pending[pending_count].address, mode);
		struct state state = walk.states[mode][offset];
		own(&insn);
		execute(&insn, &state);
		follow(&insn, &state);
	}
	each_insn(note_accesses);
}

/* ---- rules ----------------------------------------------------------------------------------- */

static bool in_list(ZydisMnemonic m, const ZydisMnemonic *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i] == m) {
			return true;
		}
	}
	return false;
}

static const ZydisMnemonic ap_mnemonics[] = {
	ZYDIS_MNEMONIC_MOV,  ZYDIS_MNEMONIC_LEA,   ZYDIS_MNEMONIC_ADD,    ZYDIS_MNEMONIC_SUB,
	ZYDIS_MNEMONIC_AND,  ZYDIS_MNEMONIC_OR,    ZYDIS_MNEMONIC_XOR,    ZYDIS_MNEMONIC_CMP,
	ZYDIS_MNEMONIC_TEST, ZYDIS_MNEMONIC_DEC,   ZYDIS_MNEMONIC_SHL,    ZYDIS_MNEMONIC_SHR,
	ZYDIS_MNEMONIC_JZ,   ZYDIS_MNEMONIC_JNZ,   ZYDIS_MNEMONIC_JB,     ZYDIS_MNEMONIC_JNB,
	ZYDIS_MNEMONIC_JMP,  ZYDIS_MNEMONIC_CLI,   ZYDIS_MNEMONIC_CLD,    ZYDIS_MNEMONIC_LGDT,
	ZYDIS_MNEMONIC_LIDT, ZYDIS_MNEMONIC_PAUSE, ZYDIS_MNEMONIC_TDCALL, ZYDIS_MNEMONIC_CMOVNBE,
};

/* What only the boot processor and a plain VM execute. */
static const ZydisMnemonic boot_mnemonics[] = {
	ZYDIS_MNEMONIC_CPUID, ZYDIS_MNEMONIC_WRMSR, ZYDIS_MNEMONIC_INC,
	ZYDIS_MNEMONIC_STOSQ, ZYDIS_MNEMONIC_CALL,  ZYDIS_MNEMONIC_UD2,
};

static void ap_opcode(const struct insn *insn, const struct state *state)
{
	(void)state;
	if (!in_list(insn->z.mnemonic, ap_mnemonics, ARRAY_COUNT(ap_mnemonics))) {
		complain(insn, "not an instruction of the AP path");
	}
}

static void page_opcode(const struct insn *insn, const struct state *state)
{
	if (!in_list(insn->z.mnemonic, boot_mnemonics, ARRAY_COUNT(boot_mnemonics))) {
		ap_opcode(insn, state);
	}
}

/* After CPUID has said TDX: nothing that raises #VE in a TD, and no write to an MSR. */
static void td_opcode(const struct insn *insn, const struct state *state)
{
	(void)state;
	if (insn->z.mnemonic == ZYDIS_MNEMONIC_WRMSR || insn->z.mnemonic == ZYDIS_MNEMONIC_CPUID) {
		complain(insn, "in the path of a TD");
	}
}

static bool any_of(const struct value *v, const uint64_t *allowed, size_t count)
{
	for (unsigned i = 0; i < v->count; i++) {
		bool found = false;
		for (size_t j = 0; j < count; j++) {
			found = found || v->of[i] == allowed[j];
		}
		if (!found) {
			return false;
		}
	}
	return v->count > 0;
}

/* Writes to control registers: CR0 and CR4 as the TDX module wants them, CR3 = the AP table. */
static void control_register(const struct insn *insn, const struct state *state)
{
	const ZydisDecodedOperand *to = &insn->operands[0];
	static const uint64_t cr0[] = {
		CR0_PE | CR0_NE,
		CR0_PG | CR0_PE | CR0_NE,
		CR0_PG | CR0_PE | CR0_NE | CR0_WP,
	};
	static const uint64_t cr4[] = { CR4_PAE | CR4_MCE };
	if (insn->z.mnemonic != ZYDIS_MNEMONIC_MOV || to->type != ZYDIS_OPERAND_TYPE_REGISTER ||
	    ZydisRegisterGetClass(to->reg.value) != ZYDIS_REGCLASS_CONTROL) {
		return;
	}
	struct value v = source_of(insn, state, &insn->operands[1]);
	bool good = false;
	switch ((unsigned)to->reg.value) {
	case ZYDIS_REGISTER_CR0:
		good = any_of(&v, cr0, ARRAY_COUNT(cr0));
		break;
	case ZYDIS_REGISTER_CR3:
		good = value_is(&v, built_symbol("ap_table"));
		break;
	case ZYDIS_REGISTER_CR4:
		/* ap_reset_vector keeps some of the OS's bits until paging is off. */
		good = insn->mode == MODE_64 || any_of(&v, cr4, ARRAY_COUNT(cr4));
		break;
	default:
		break;
	}
	if (!good) {
		complain(insn, "value of a control register");
	}
}

/* ---- the AP path ----------------------------------------------------------------------------- */

static void walk_ap_path(void)
{
	uint64_t start = built_symbol("ap_start");
	start_walk(start & ~(uint64_t)(PAGE - 1), 0, 0);
	struct state unknown_state = anything_at_all();
	visit(start, MODE_64, &unknown_state);
	visit(built_symbol("ap_reset_vector"), MODE_64, &unknown_state);
	finish_walk();
}

/* Constants of the path itself: texts, far pointers, operands of LGDT and LIDT. */
static bool is_own_constant(const struct access *a)
{
	for (unsigned i = 0; i < a->address.count; i++) {
		if (a->address.of[i] < built_symbol("text_info") ||
		    a->address.of[i] + a->size > built_symbol("ap_gdt_pointer") + 10) {
			return false;
		}
	}
	return a->address.count > 0 && !a->indexed && !a->write;
}

/* An access to arrived[]: by TDG.VP.INFO's index, within its bounds, after each call was found to
 * have succeeded. What is stored is an id + 1 that is not 0. */
static void check_arrived(const struct insn *insn, const struct access *a)
{
	const struct state *state = a->state;
	if (state->high[a->index] >= MAILBOX_MAX_VCPUS) {
		complain(insn, "arrived[] by an index that is not in its bounds");
	}
	if (state->source[a->index] != FROM_VCPU_INDEX) {
		complain(insn, "arrived[] by what is not this vCPU's index");
	}
	if (state->owed != 0) {
		complain(insn, "arrived[] after a call whose status nobody looked at");
	}
	if (a->write && (state->low[a->stored] == 0 || state->high[a->stored] > UINT32_MAX)) {
		complain(insn, "the id of a vCPU that has arrived may be none");
	}
}

/* An acknowledgement is of a command for this AP's id, and of the one that came with that id. */
static void check_acknowledgement(const struct insn *insn, const struct access *a)
{
	if ((a->state->held & HELD_ID) == 0) {
		complain(insn, "acknowledges what may be for another id");
	}
	if ((a->state->held & HELD_COMMAND) == 0) {
		complain(insn, "acknowledges a command that was read once");
	}
}

static void ap_accesses(void)
{
	uint64_t mailbox = built_symbol("ap_mailbox");
	uint64_t arrived = mailbox + offsetof(struct mailbox, arrived);
	unsigned stores = 0, acknowledgements = 0, lookups = 0, flags = 0;
	uint64_t last_read = 0, first_acknowledgement = UINT64_MAX;
	bool read[sizeof(struct mailbox)] = { 0 };
	for (unsigned i = 0; i < walk.access_count; i++) {
		const struct access *a = &walk.accesses[i];
		struct insn insn = decode(a->at, a->mode);
		uint64_t offset = a->address.of[0] - mailbox;
		if (is_own_constant(a)) {
			continue;
		}
		if (a->address.count != 1) {
			complain(&insn, "memory at an address that cannot be told");
		}
		if (a->indexed && a->address.of[0] == arrived && a->size == 4) {
			a->write ? stores++ : lookups++;
			check_arrived(&insn, a);
		} else if (a->write && a->address.of[0] == mailbox && a->size == 2) {
			acknowledgements++;
			check_acknowledgement(&insn, a);
			if (a->at < first_acknowledgement) {
				first_acknowledgement = a->at;
			}
		} else if (!a->write && !a->indexed &&
			   a->address.of[0] == built_symbol("ap_flags") && a->size == 4) {
			flags++;
		} else if (!a->write && !a->indexed && offset + a->size <= 16) {
			memset(read + offset, true, a->size);
			last_read = a->at > last_read ? a->at : last_read;
		} else {
			complain(&insn, a->write ? "store" : "load");
		}
	}
	/* One at arrival; one for Wakeup and one for Test; one for the way back. */
	assert_true(last_read < first_acknowledgement);
	assert_int_equal(stores, 1);
	assert_int_equal(acknowledgements, 2);
	assert_int_equal(lookups, 1);
	assert_int_equal(flags, 1);
	/* Command, id and vector; the reserved field is nobody's. */
	for (unsigned i = 0; i < sizeof(read); i++) {
		assert_int_equal(read[i], i < 16 && i != 2 && i != 3);
	}
}

/* To a vector below 4 GiB of a command for this AP's id, each of them read twice. */
static void check_exit(const struct insn *insn, const struct state *state)
{
	if (state->source[RCX] != FROM_VECTOR_LOW) {
		complain(insn, "goes to what is not the vector");
	}
	if (state->held != (HELD_ID | HELD_COMMAND | HELD_VECTOR | HELD_VECTOR_HIGH)) {
		complain(insn, "goes to a vector that was not checked");
	}
}

/* What an acknowledgement stores, and that the way out is JMP RCX with a clean upper half. */
static void ap_details(const struct insn *insn, const struct state *state)
{
	const ZydisDecodedOperand *o = insn->operands;
	if (insn->z.mnemonic == ZYDIS_MNEMONIC_MOV && o[0].type == ZYDIS_OPERAND_TYPE_MEMORY &&
	    o[0].size == 16 && !value_is(&state->gpr[gpr_number(o[1].reg.value)], 0)) {
		complain(insn, "the acknowledgement is not 0");
	}
	if (insn->z.mnemonic == ZYDIS_MNEMONIC_JMP && o[0].type == ZYDIS_OPERAND_TYPE_REGISTER) {
		/* MOV ECX, ECX */
		assert_memory_equal(built_bytes(insn->address - 2, 2), "\x89\xC9", 2);
		assert_int_equal(o[0].reg.value, ZYDIS_REGISTER_RCX);
		check_exit(insn, state);
	}
	if (insn->address == built_symbol("ap_park") &&
	    (state->high[RBX] >= MAILBOX_NO_ID || state->owed != 0)) {
		complain(insn, "parks with an id that is none");
	}
}

/* From the first byte of the code to its first constant all of it is reached, but what aligns. */
static void all_reached(uint64_t begin, uint64_t end)
{
	unsigned padding = 0;
	for (uint64_t at = begin; at < end; at++) {
		uint8_t byte = *built_bytes(at, 1);
		padding = walk.owner[at - walk.page] == 0 ? padding + 1 : 0;
		if (padding == 16 || (padding > 0 && byte != 0 && byte != 0x90) ||
		    (padding == 1 && at % 16 == 0)) {
			fail_msg("0x%llx: no way leads here", (unsigned long long)at);
		}
	}
}

static void check_ap_path(void)
{
	walk_ap_path();
	each_insn(ap_opcode);
	each_insn(control_register);
	each_insn(ap_details);
	ap_accesses();
	assert_int_equal(walk.exits, 1);
	all_reached(built_symbol("ap_start"), built_symbol("text_info"));
	/* The GDT, too, stands in the one page. */
	assert_int_equal(built_symbol("ap_gdt_pointer") / PAGE, walk.page / PAGE);
}

/* ap_fatal puts its number where a text has digits; the rest of 64 bytes tells what it is. */
static void texts_have_room_for_a_number(void **state)
{
	static const char *const texts[] = { "text_info", "text_index", "text_cpuid", "text_id" };
	(void)state;
	built_load("lintel.fd", "shim.elf");
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		const char *text = (const char *)built_bytes(built_symbol(texts[i]), 64);
		assert_int_equal(built_symbol(texts[i]), built_symbol("text_info") + 64 * i);
		assert_memory_equal(text, "AP: ", 4);
		assert_memory_equal(text + 21, " 0x0000000000000000", 19);
		assert_true(strlen(text) > 40 && text[63] == 0);
	}
}

static void ap_path_of_the_shim(void **state)
{
	(void)state;
	built_load("lintel.fd", "shim.elf");
	check_ap_path();
}

/* Linked as the application moves it: uefi_ap_piece_test shows that these are the same bytes. */
static void ap_path_under_uefi(void **state)
{
	(void)state;
	built_load("uefi_ap_high.fd", "uefi_ap_high.elf");
	check_ap_path();
	assert_int_not_equal(built_symbol("ap_reset_vector") % PAGE, 0);
}

static void ap_path_of_the_example(void **state)
{
	(void)state;
	built_load("ap-example.fd", "ap-example.elf");
	check_ap_path();
	assert_int_not_equal(built_symbol("ap_table"), AP_TABLE);
	assert_int_not_equal(built_symbol("ap_mailbox"), MAILBOX);
}

/* ---- the reset page -------------------------------------------------------------------------- */

static void walk_reset_page(void)
{
	struct state unknown_state = anything_at_all();
	built_load("lintel.fd", "shim.elf");
	start_walk(RESET_PAGE, built_symbol("shim_main"), built_symbol("ap_boot"));
	assert_int_equal(built_symbol("reset_vector"), RESET_VECTOR);
	visit(RESET_VECTOR, MODE_16, &unknown_state);
	visit(RESET_VECTOR, MODE_32, &unknown_state);
}

static void reset_page(void **state)
{
	(void)state;
	struct state unknown_state = anything_at_all();
	walk_reset_page();
	visit(built_symbol("ap_start"), MODE_64, &unknown_state);
	visit(built_symbol("ap_reset_vector"), MODE_64, &unknown_state);
	finish_walk();
	each_insn(page_opcode);
	each_insn(control_register);
	all_reached(RESET_CODE, built_symbol("text_info"));
	/* Of all that the AP path does not have: TempMem cleared, the call's return address. */
	unsigned stores = 0;
	for (unsigned i = 0; i < walk.access_count; i++) {
		stores += walk.accesses[i].write;
	}
	assert_int_equal(stores, 3 + 2);
}

/* INC EBP is the one place that says TD. From there no way leads to WRMSR. */
static void path_of_a_td(void **state)
{
	(void)state;
	walk_reset_page();
	finish_walk();
	uint64_t address = 0;
	unsigned writes = 0;
	for (unsigned offset = 0; offset < PAGE; offset++) {
		if (!walk.seen[MODE_32][offset]) {
			continue;
		}
		struct insn insn = decode(RESET_PAGE + offset, MODE_32);
		writes += insn.z.mnemonic == ZYDIS_MNEMONIC_WRMSR;
		if (insn.z.mnemonic == ZYDIS_MNEMONIC_INC) {
			assert_int_equal(address, 0);
			assert_int_equal(insn.operands[0].reg.value, ZYDIS_REGISTER_EBP);
			address = insn.address;
		}
	}
	assert_int_not_equal(address, 0);
	assert_int_equal(writes, 1);
	struct state before = walk.states[MODE_32][address - RESET_PAGE];
	start_walk(RESET_PAGE, built_symbol("shim_main"), built_symbol("ap_boot"));
	visit(address, MODE_32, &before);
	finish_walk();
	each_insn(td_opcode);
	each_insn(control_register);
	/* An AP goes by ap_boot to ap_start; what each of them does is shown beside. */
	assert_true(walk.gone);
	assert_false(walk.seen[MODE_64][built_symbol("ap_start") - RESET_PAGE]);
}

/* ---- before an AP arrives -------------------------------------------------------------------- */

static void boot_opcode(const struct insn *insn, const struct state *state)
{
	if (insn->z.mnemonic != ZYDIS_MNEMONIC_CALL) {
		ap_opcode(insn, state);
	}
}

/* All that it writes to control registers, in the order of the code, the call in between. */
static const struct {
	ZydisRegister reg; /* NONE: the call */
	uint64_t value;
} boot_steps[] = {
	{ ZYDIS_REGISTER_CR3, BOOT_TABLES },
	{ ZYDIS_REGISTER_CR0, CR0_PG | CR0_PE | CR0_NE | CR0_WP },
	{ ZYDIS_REGISTER_NONE, 0 },
	{ ZYDIS_REGISTER_CR3, AP_TABLE },
	{ ZYDIS_REGISTER_CR0, CR0_PG | CR0_PE | CR0_NE },
};
static unsigned boot_step;

static void check_boot_step(const struct insn *insn, const struct state *state)
{
	const ZydisDecodedOperand *to = &insn->operands[0];
	bool control = insn->z.mnemonic == ZYDIS_MNEMONIC_MOV &&
		       to->type == ZYDIS_OPERAND_TYPE_REGISTER &&
		       ZydisRegisterGetClass(to->reg.value) == ZYDIS_REGCLASS_CONTROL;
	bool call = insn->z.mnemonic == ZYDIS_MNEMONIC_CALL;
	if (!control && !call) {
		return;
	}
	assert_true(boot_step < ARRAY_COUNT(boot_steps));
	assert_int_equal(control ? to->reg.value : ZYDIS_REGISTER_NONE, boot_steps[boot_step].reg);
	if (control) {
		struct value v = source_of(insn, state, &insn->operands[1]);
		assert_true(value_is(&v, boot_steps[boot_step].value));
	}
	boot_step++;
}

/* Where the stack is made of the vCPU's index: by this alone, and from 0 to AP_WORKERS. */
static void check_stack(const struct insn *insn, const struct state *state)
{
	const ZydisDecodedOperand *o = insn->operands;
	if (insn->z.mnemonic == ZYDIS_MNEMONIC_CALL || o[0].type != ZYDIS_OPERAND_TYPE_REGISTER ||
	    o[0].reg.value != ZYDIS_REGISTER_ESP) {
		return;
	}
	switch ((unsigned)insn->z.mnemonic) {
	case ZYDIS_MNEMONIC_MOV:
		assert_int_equal(o[1].reg.value, ZYDIS_REGISTER_EBP);
		assert_true(state->high[RBP] == AP_WORKERS);
		break;
	case ZYDIS_MNEMONIC_SHL:
		assert_int_equal(1u << o[1].imm.value.u, AP_STACK_AREA);
		break;
	case ZYDIS_MNEMONIC_ADD:
		assert_int_equal(o[1].imm.value.u, AP_STACKS);
		break;
	default:
		complain(insn, "changes the stack");
	}
}

/* It waits on the AP table, reads one field of the mailbox page, and stores nothing but the call's
 * return address, on the boot table and its own stack. Back on the AP table it goes to ap_start. */
static void before_an_ap_arrives(void **state)
{
	(void)state;
	struct state unknown_state = anything_at_all();
	built_load("lintel.fd", "shim.elf");
	start_walk(built_symbol("ap_boot"), built_symbol("shim_ap"), built_symbol("ap_start"));
	visit(built_symbol("ap_boot"), MODE_64, &unknown_state);
	finish_walk();
	assert_true(walk.gone);
	assert_int_equal(walk.exits, 0);
	each_insn(boot_opcode);
	each_insn(td_opcode);
	boot_step = 0;
	each_insn(check_boot_step);
	assert_int_equal(boot_step, ARRAY_COUNT(boot_steps));
	each_insn(check_stack);
	unsigned loads = 0, stores = 0;
	const uint64_t field = MAILBOX + offsetof(struct mailbox, boot_round);
	for (unsigned i = 0; i < walk.access_count; i++) {
		const struct access *a = &walk.accesses[i];
		stores += a->write;
		loads += !a->write;
		assert_true(a->write ||
			    (value_is(&a->address, field) && a->size == 4 && !a->indexed));
	}
	assert_int_equal(loads, 1);
	assert_int_equal(stores, 1);
}

/* ---- the sources ----------------------------------------------------------------------------- */

#define LINES_MAX 1000
#define LINE_SIZE 200
static char lines[LINES_MAX][LINE_SIZE];
static unsigned line_count;

static void read_source(const char *name)
{
	FILE *file = fopen(name, "r");
	if (file == NULL) {
		fail_msg("%s is not there: run from the root of the tree", name);
	}
	line_count = 0;
	while (line_count < LINES_MAX && fgets(lines[line_count], LINE_SIZE, file) != NULL) {
		line_count++;
	}
	assert_true(line_count > 0 && line_count < LINES_MAX);
	fclose(file);
}

static bool begins(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

/* What comes first after a label or %macro line is code: an indented word that defines no data. */
static bool is_code(unsigned at)
{
	static const char *const data[] = { "db", "dw", "dd", "dq", "times", "align", "text64" };
	char label[LINE_SIZE], word[LINE_SIZE];
	for (; at < line_count; at++) {
		if (sscanf(lines[at], " %199[^ \t:]: %199s", label, word) == 2) {
			break; /* label: word */
		}
		if (sscanf(lines[at], "\t%199s", word) == 1 && lines[at][0] == '\t') {
			break;
		}
	}
	for (size_t i = 0; i < ARRAY_COUNT(data); i++) {
		if (at == line_count || strcmp(word, data[i]) == 0) {
			return false;
		}
	}
	return true;
}

/* The comment above, directives skipped, begins with the name and says all five things. */
static void check_header(const char *file, unsigned at, const char *name)
{
	static const char *const parts[] = { "mode:", "in:", "out:", "clobbers:", "stack:" };
	char text[40 * LINE_SIZE] = "";
	unsigned first = at;
	while (first > 0 && (begins(lines[first - 1], ";") || begins(lines[first - 1], "global") ||
			     begins(lines[first - 1], "bits"))) {
		first--;
	}
	assert_true(at - first < 40);
	for (unsigned i = first; i < at; i++) {
		strcat(text, lines[i][0] == ';' ? lines[i] : "");
	}
	char title[LINE_SIZE + 4];
	snprintf(title, sizeof(title), "; %s:", name);
	for (size_t i = 0; i < ARRAY_COUNT(parts); i++) {
		if (!begins(text, title) || strstr(text, parts[i]) == NULL) {
			fail_msg("%s:%u: the header of %s lacks %s", file, at + 1, name, parts[i]);
		}
	}
}

static unsigned check_headers(const char *file)
{
	unsigned routines = 0;
	read_source(file);
	for (unsigned at = 0; at < line_count; at++) {
		char name[LINE_SIZE];
		bool macro = sscanf(lines[at], "%%macro %199s", name) == 1;
		bool label = !macro && sscanf(lines[at], "%199[a-z0-9_]%*1[:]", name) == 1 &&
			     lines[at][strlen(name)] == ':';
		if ((macro || label) && is_code(at + 1)) {
			check_header(file, at, name);
			routines++;
		}
	}
	return routines;
}

static void every_routine_has_its_header(void **state)
{
	(void)state;
	assert_int_equal(check_headers("shim/entry/ap.nasm"), 11);
	assert_int_equal(check_headers("loader/uefi/uefi_ap_entry.nasm"), 1);
	assert_int_equal(check_headers("shim/entry/reset.nasm"), 5);
	assert_int_equal(check_headers("shim/entry/ap_boot.nasm"), 1);
}

static int tear_down(void **state)
{
	(void)state;
	built_drop();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reset_page),
		cmocka_unit_test(path_of_a_td),
		cmocka_unit_test(before_an_ap_arrives),
		cmocka_unit_test(texts_have_room_for_a_number),
		cmocka_unit_test(ap_path_of_the_shim),
		cmocka_unit_test(ap_path_of_the_example),
		cmocka_unit_test(ap_path_under_uefi),
		cmocka_unit_test(every_routine_has_its_header),
	};
	return cmocka_run_group_tests(tests, NULL, tear_down);
}
