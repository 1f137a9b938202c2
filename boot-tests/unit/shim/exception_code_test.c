// Reads the built shim with Zydis: what touches memory that the host shares, and when.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// An access to shared memory can be a #VE whenever the host likes, and one that comes before the
// information of another is fetched is a #DF. So:
//
// - from the entry of a #VE to TDG.VP.VEINFO.GET every memory access has an address that follows
//   from the stack pointer or is a constant, and none is in the bounce buffer;
// - the bounce buffer, which alone is mapped shared [bsp_tables_test.c], is named in three places;
// - and no exception runs any code of the one of them that accesses it.
//
// Runs on build/lintel.fd, with the symbols of build/shim.elf and the sections of build/shim.map.
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <Zydis/Zydis.h>

#include "arch/base/bits.h"
#include "arch/tdx/module.h"
#include "arch/x86/cpu.h"
#include "boot-tests/unit/built.h"
#include "linker/memmap.h"
#include "shim/entry/bsp_tables.h"

/* Hardware numbers. */
enum { RAX, RCX, RSP = 4, RDI = 7, GPR_COUNT = 16 };
#define STEPS_MAX 10000
#define STATES_MAX 64
/* The CPU aligns the stack pointer and pushes five registers. [SDM 3A 6.14.2] */
#define STACK_TOP (BSP_STACK + BSP_STACK_SIZE)
#define CPU_FRAME (5 * 8)

struct insn {
	uint64_t address;
	ZydisDecodedInstruction z;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

static bool decode(uint64_t address, uint64_t end, struct insn *insn)
{
	uint64_t left = end - address;
	size_t size =
		left < ZYDIS_MAX_INSTRUCTION_LENGTH ? (size_t)left : ZYDIS_MAX_INSTRUCTION_LENGTH;
	ZydisDecoder decoder;
	insn->address = address;
	ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	return ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, built_bytes(address, size), size,
						   &insn->z, insn->operands));
}

static bool overlaps_bounce(uint64_t address, uint64_t size)
{
	return address < BOUNCE + BOUNCE_SIZE && address + size > BOUNCE;
}

/* ---- from the entry to VEINFO.GET: what is known of registers and stack --------------------- */

/* Bytes of which some are known; what the interrupted code and the host left are not. */
struct word {
	uint64_t value;
	bool known;
};

static struct state {
	uint64_t rip;
	struct word gpr[GPR_COUNT];
	struct word zero_flag;
	uint8_t bytes[BSP_STACK_SIZE];
	bool known[BSP_STACK_SIZE];
} states[STATES_MAX], *now;
static unsigned state_count, fetched, ended;

static const struct word unknown;

static _Noreturn void complain(const struct insn *insn, const char *what)
{
	fail_msg("0x%llx, %s: %s", (unsigned long long)insn->address,
		 ZydisMnemonicGetString(insn->z.mnemonic), what);
	abort();
}

static bool on_stack(uint64_t address, uint64_t size)
{
	return address >= BSP_STACK && address <= STACK_TOP && size <= STACK_TOP - address;
}

static struct word load(uint64_t address, unsigned size)
{
	struct word word = { 0, true };
	if (address >= built_symbol("shim_base") && address < MAILBOX) {
		memcpy(&word.value, built_bytes(address, size), size);
		return word;
	}
	if (!on_stack(address, size) || size > sizeof(word.value)) {
		return unknown;
	}
	memcpy(&word.value, now->bytes + (address - BSP_STACK), size);
	for (unsigned i = 0; i < size; i++) {
		word.known = word.known && now->known[address - BSP_STACK + i];
	}
	return word.known ? word : unknown;
}

static void store(const struct insn *insn, uint64_t address, unsigned size, struct word word)
{
	if (on_stack(address, size) && size <= sizeof(word.value)) {
		memcpy(now->bytes + (address - BSP_STACK), &word.value, size);
		memset(now->known + (address - BSP_STACK), word.known, size);
	} else if (on_stack(address, size)) {
		memset(now->known + (address - BSP_STACK), false, size);
	} else if (address >= BSP_STACK && address < STACK_TOP) {
		complain(insn, "it leaves the stack");
	}
}

static bool is_gpr(const ZydisDecodedOperand *o)
{
	ZydisRegisterClass class = ZydisRegisterGetClass(o->reg.value);
	return o->type == ZYDIS_OPERAND_TYPE_REGISTER && class >= ZYDIS_REGCLASS_GPR8 &&
	       class <= ZYDIS_REGCLASS_GPR64;
}

static unsigned number(ZydisRegister reg)
{
	return (unsigned)ZydisRegisterGetId(
		ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg));
}

static struct word of_register(ZydisRegister reg)
{
	return reg == ZYDIS_REGISTER_NONE ? (struct word){ 0, true } : now->gpr[number(reg)];
}

static struct word address_of(const struct insn *insn, const ZydisDecodedOperand *o)
{
	struct word base = { insn->address + insn->z.length, true };
	struct word index = of_register(o->mem.index);
	if (o->mem.base != ZYDIS_REGISTER_RIP) {
		base = of_register(o->mem.base);
	}
	return (struct word){ base.value + index.value * o->mem.scale + (uint64_t)o->mem.disp.value,
			      base.known && index.known };
}

static uint64_t cut(uint64_t value, unsigned bits)
{
	return bits == 64 ? value : value & (BIT64(bits) - 1);
}

static struct word read_operand(const struct insn *insn, const ZydisDecodedOperand *o)
{
	if (o->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
		return (struct word){ cut(o->imm.value.u, insn->z.operand_width), true };
	}
	if (o->type == ZYDIS_OPERAND_TYPE_MEMORY) {
		return load(address_of(insn, o).value, o->size / 8);
	}
	if (!is_gpr(o) || o->size < 32) {
		return unknown;
	}
	struct word word = now->gpr[number(o->reg.value)];
	return (struct word){ cut(word.value, o->size), word.known };
}

static void write_operand(const struct insn *insn, const ZydisDecodedOperand *o, struct word word)
{
	if (o->type == ZYDIS_OPERAND_TYPE_MEMORY) {
		store(insn, address_of(insn, o).value, o->size / 8, word);
	} else if (is_gpr(o)) {
		now->gpr[number(o->reg.value)] = o->size >= 32 ? word : unknown;
	}
}

/* Every access is to an address that is known here, and is not shared. */
static void check_accesses(const struct insn *insn)
{
	for (unsigned i = 0; i < insn->z.operand_count; i++) {
		const ZydisDecodedOperand *o = &insn->operands[i];
		if (o->type != ZYDIS_OPERAND_TYPE_MEMORY || o->mem.type != ZYDIS_MEMOP_TYPE_MEM) {
			continue;
		}
		struct word address = address_of(insn, o);
		struct word count = { 1, true };
		if ((insn->z.attributes & ZYDIS_ATTRIB_HAS_REP) != 0) {
			count = now->gpr[RCX];
		}
		if (!address.known || !count.known) {
			complain(insn, "an address that is not known");
		}
		if (address.value < MEM_PAGE_SIZE || address.value >= FOUR_GIB ||
		    overlaps_bounce(address.value, count.value * o->size / 8)) {
			complain(insn, "an address in shared memory, or none");
		}
	}
}

static void push(const struct insn *insn, struct word word)
{
	now->gpr[RSP].value -= 8;
	store(insn, now->gpr[RSP].value, 8, word);
}

static struct word pop(void)
{
	struct word word = load(now->gpr[RSP].value, 8);
	now->gpr[RSP].value += 8;
	return word;
}

/* Where a branch goes. */
static uint64_t target_of(const struct insn *insn)
{
	const ZydisDecodedOperand *o = &insn->operands[0];
	if (o->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
		return insn->address + insn->z.length + o->imm.value.u;
	}
	struct word word = read_operand(insn, o);
	if (!word.known) {
		complain(insn, "a target that is not known");
	}
	return word.value;
}

static void branch(const struct insn *insn)
{
	struct word zero = now->zero_flag;
	bool on_zero = insn->z.mnemonic == ZYDIS_MNEMONIC_JZ;
	bool on_other = insn->z.mnemonic == ZYDIS_MNEMONIC_JNZ;
	if (zero.known && (on_zero || on_other)) {
		now->rip = (zero.value != 0) == on_zero ? target_of(insn) : now->rip;
		return;
	}
	assert_true(state_count < STATES_MAX);
	states[state_count] = *now;
	states[state_count++].rip = target_of(insn);
}

static void arithmetic(const struct insn *insn)
{
	const ZydisDecodedOperand *to = &insn->operands[0], *from = &insn->operands[1];
	struct word a = read_operand(insn, to), b = read_operand(insn, from);
	struct word result = { 0, a.known && b.known };
	bool keep = false;
	switch ((unsigned)insn->z.mnemonic) {
	case ZYDIS_MNEMONIC_ADD:
		result.value = a.value + b.value;
		break;
	case ZYDIS_MNEMONIC_CMP:
		keep = true;
		result.value = a.value - b.value;
		break;
	case ZYDIS_MNEMONIC_SUB:
		result.value = a.value - b.value;
		break;
	case ZYDIS_MNEMONIC_TEST:
		keep = true;
		result.value = a.value & b.value;
		break;
	case ZYDIS_MNEMONIC_AND:
		result.value = a.value & b.value;
		break;
	case ZYDIS_MNEMONIC_XOR:
		result.known = result.known ||
			       (is_gpr(to) && is_gpr(from) && to->reg.value == from->reg.value);
		result.value = a.known && b.known ? a.value ^ b.value : 0;
		break;
	}
	result.value = result.known ? cut(result.value, to->size) : 0;
	now->zero_flag = (struct word){ result.value == 0, result.known };
	if (!keep) {
		write_operand(insn, to, result);
	}
}

/* REP STOS */
static void fill(const struct insn *insn)
{
	unsigned size = insn->operands[0].size / 8;
	for (; now->gpr[RCX].value > 0; now->gpr[RCX].value--) {
		store(insn, now->gpr[RDI].value, size, now->gpr[RAX]);
		now->gpr[RDI].value += size;
	}
}

/* Whatever it writes is not known afterwards. */
static void any_other(const struct insn *insn)
{
	for (unsigned i = 0; i < insn->z.operand_count; i++) {
		const ZydisDecodedOperand *o = &insn->operands[i];
		if ((o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0) {
			write_operand(insn, o, unknown);
		}
	}
	if (!now->gpr[RSP].known) {
		complain(insn, "the stack pointer is not known any more");
	}
	now->zero_flag = unknown;
}

/* False: the way ends here. */
static bool execute(const struct insn *insn)
{
	const ZydisDecodedOperand *o = insn->operands;
	check_accesses(insn);
	now->rip += insn->z.length;
	switch ((unsigned)insn->z.mnemonic) {
	case ZYDIS_MNEMONIC_TDCALL:
		if (!now->gpr[RAX].known || now->gpr[RAX].value != TDG_VP_VEINFO_GET) {
			complain(insn, "not TDG.VP.VEINFO.GET");
		}
		fetched++;
		return false;
	case ZYDIS_MNEMONIC_PUSH:
		push(insn, read_operand(insn, &o[0]));
		break;
	case ZYDIS_MNEMONIC_POP:
		write_operand(insn, &o[0], pop());
		break;
	case ZYDIS_MNEMONIC_CALL: {
		uint64_t target = target_of(insn);
		ended += target == built_symbol("fatal");
		push(insn, (struct word){ now->rip, true });
		now->rip = target;
		return target != built_symbol("fatal");
	}
	case ZYDIS_MNEMONIC_RET: {
		struct word back = pop();
		if (!back.known) {
			complain(insn, "a return address that is not known");
		}
		now->rip = back.value;
		break;
	}
	case ZYDIS_MNEMONIC_JMP:
		now->rip = target_of(insn);
		break;
	case ZYDIS_MNEMONIC_MOV:
		write_operand(insn, &o[0], read_operand(insn, &o[1]));
		break;
	case ZYDIS_MNEMONIC_LEA:
		write_operand(insn, &o[0], address_of(insn, &o[1]));
		break;
	case ZYDIS_MNEMONIC_ADD:
	case ZYDIS_MNEMONIC_SUB:
	case ZYDIS_MNEMONIC_AND:
	case ZYDIS_MNEMONIC_XOR:
	case ZYDIS_MNEMONIC_CMP:
	case ZYDIS_MNEMONIC_TEST:
		arithmetic(insn);
		break;
	case ZYDIS_MNEMONIC_STOSB:
	case ZYDIS_MNEMONIC_STOSD:
	case ZYDIS_MNEMONIC_STOSQ:
		fill(insn);
		break;
	case ZYDIS_MNEMONIC_CLD:
		break;
	default:
		if (insn->z.meta.category == ZYDIS_CATEGORY_COND_BR) {
			branch(insn);
		} else {
			any_other(insn);
		}
	}
	return true;
}

static void information_is_fetched_first(void **state)
{
	(void)state;
	states[0] = (struct state){ .rip = built_symbol("exception_stubs") +
					   VECTOR_VE * EXCEPTION_STUB_SIZE };
	states[0].gpr[RSP] = (struct word){ STACK_TOP - CPU_FRAME, true };
	state_count = 1;
	for (unsigned steps = 0; state_count > 0;) {
		static struct state running;
		struct insn insn;
		running = states[--state_count];
		now = &running;
		do {
			assert_true(steps++ < STEPS_MAX);
			assert_true(decode(now->rip, MAILBOX, &insn));
		} while (execute(&insn));
	}
	/* In a TD; and the #VE of a plain VM, where there is none to fetch. */
	assert_int_equal(fetched, 1);
	assert_int_equal(ended, 1);
}

/* ---- who names the bounce buffer, and what an exception runs --------------------------------- */

#define SECTIONS_MAX 1024

/* An input section of the shim's text or constants. */
static struct section {
	uint64_t begin, end;
	char object[200];
	bool text, names_bounce, reached;
} sections[SECTIONS_MAX];
static unsigned section_count;

/* Lines such as "fffed000 fffed000 1c9 1 build/shim/shim/accept.c.o:(.text.accept_range)". */
static void read_map(void)
{
	size_t size;
	char *map = (char *)built_file("shim.map", &size);
	for (char *line = strtok(map, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		unsigned long long begin, lma, length;
		char input[200];
		if (sscanf(line, "%llx %llx %llx %*u %199s", &begin, &lma, &length, input) != 4 ||
		    strstr(input, ".o:(") == NULL || length == 0 ||
		    begin < built_symbol("shim_base") || begin >= AP_TABLE) {
			continue;
		}
		assert_true(section_count < SECTIONS_MAX);
		struct section *section = &sections[section_count++];
		char *name = strstr(input, ".o:(") + strlen(".o:(");
		section->begin = begin;
		section->end = begin + length;
		section->text = begin < built_symbol("shim_rodata");
		name[-4] = 0;
		snprintf(section->object, sizeof(section->object), "%s", input);
	}
	free(map);
	assert_true(section_count > 100);
}

static struct section *section_at(uint64_t address)
{
	for (unsigned i = 0; i < section_count; i++) {
		if (sections[i].text && address >= sections[i].begin && address < sections[i].end) {
			return &sections[i];
		}
	}
	return NULL;
}

/* A number that stands in the code: an address, or what a branch goes to. */
static uint64_t number_of(const struct insn *insn, const ZydisDecodedOperand *o)
{
	uint64_t next = insn->address + insn->z.length;
	if (o->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
		return o->imm.value.u + (o->imm.is_relative ? next : 0);
	}
	if (o->type == ZYDIS_OPERAND_TYPE_MEMORY) {
		return (uint64_t)o->mem.disp.value + (o->mem.base == ZYDIS_REGISTER_RIP ? next : 0);
	}
	return 0;
}

/* Notes what the section names; true if it was the first to reach another. */
static bool read_section(struct section *section)
{
	bool more = false;
	struct insn insn;
	for (uint64_t at = section->begin; at < section->end; at += insn.z.length) {
		assert_true(decode(at, section->end, &insn));
		for (unsigned i = 0; i < insn.z.operand_count; i++) {
			uint64_t value = number_of(&insn, &insn.operands[i]);
			struct section *to = section_at(value);
			section->names_bounce = section->names_bounce || overlaps_bounce(value, 1);
			if (section->reached && to != NULL && !to->reached) {
				to->reached = true;
				more = true;
			}
		}
	}
	return more;
}

/* Addresses of 8 bytes, and of 4: all of memory that has a fixed place is below 4 GiB. */
static void read_constants(struct section *section)
{
	for (size_t size = 4; size <= 8; size += 4) {
		uint64_t at = (section->begin + size - 1) & ~(size - 1);
		for (; at + size <= section->end; at += size) {
			uint64_t value = 0;
			memcpy(&value, built_bytes(at, size), size);
			section->names_bounce = section->names_bounce || overlaps_bounce(value, 1);
		}
	}
}

static void read_sections(void)
{
	section_count = 0;
	read_map();
	section_at(built_symbol("exception_stubs"))->reached = true;
	for (bool more = true; more;) {
		more = false;
		for (unsigned i = 0; i < section_count; i++) {
			if (sections[i].text) {
				more = read_section(&sections[i]) || more;
			} else {
				read_constants(&sections[i]);
			}
		}
	}
}

/* Of that source? Objects are BUILD/shim/SOURCE.o. */
static bool is_from(const struct section *section, const char *source)
{
	char tail[100];
	int length = snprintf(tail, sizeof(tail), "/shim/%s", source);
	size_t all = strlen(section->object);
	return all > (size_t)length && strcmp(section->object + all - length, tail) == 0;
}

/* All places of the shim that know where shared memory is. */
static void bounce_buffer_is_named_in_three_places(void **state)
{
	(void)state;
	static const char *const names[] = {
		"shim/host/fw_cfg_read.c", /* accesses it */
		"loader/memory/regions.c", /* maps it */
		"shim/shim_main.c",        /* makes it shared, and private again */
	};
	bool seen[ARRAY_COUNT(names)] = { false };
	read_sections();
	for (unsigned i = 0; i < section_count; i++) {
		bool listed = false;
		for (size_t k = 0; k < ARRAY_COUNT(names); k++) {
			bool same = is_from(&sections[i], names[k]);
			listed = listed || same;
			seen[k] = seen[k] || (same && sections[i].names_bounce);
		}
		if (sections[i].names_bounce && !listed) {
			fail_msg("%s knows where the bounce buffer is", sections[i].object);
		}
	}
	for (size_t k = 0; k < ARRAY_COUNT(names); k++) {
		assert_true(seen[k]);
	}
}

/* Whatever the vector: #VE after its information is fetched, NMI and #MC too. */
static void no_exception_runs_its_code(void **state)
{
	(void)state;
	bool handler = false, fatal = false;
	read_sections();
	for (unsigned i = 0; i < section_count; i++) {
		if (sections[i].reached && is_from(&sections[i], "shim/host/fw_cfg_read.c")) {
			fail_msg("an exception runs shim/host/fw_cfg_read.c at 0x%llx",
				 (unsigned long long)sections[i].begin);
		}
		handler =
			handler || (sections[i].reached && is_from(&sections[i], "shim/tdx/ve.c"));
		fatal = fatal || (sections[i].reached && is_from(&sections[i], "shim/fatal.c"));
	}
	assert_true(handler && fatal);
}

static int set_up(void **state)
{
	(void)state;
	built_load("lintel.fd", "shim.elf");
	return 0;
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
		cmocka_unit_test(information_is_fetched_first),
		cmocka_unit_test(bounce_buffer_is_named_in_three_places),
		cmocka_unit_test(no_exception_runs_its_code),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
