// The decoder: spot checks by hand, then agreement with Zydis on random byte strings.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "arch/x86/decode.h"
#include "boot-tests/unit/random.h"
#include "boot-tests/unit/shim/zydis_oracle.h"

#define RANDOM_ROUNDS 1000000
#define SHAPED_ROUNDS 1500000

static const enum decode_mode modes[] = { DECODE_64, DECODE_64, DECODE_32, DECODE_16 };

static void assert_agrees(const uint8_t *bytes, unsigned count, enum decode_mode mode)
{
	const char *difference = zydis_disagrees(bytes, count, mode);

	if (difference != NULL) {
		printf("mode %d:", mode);
		for (unsigned i = 0; i < count; i++) {
			printf(" %02x", bytes[i]);
		}
		printf("\n");
		fail_msg("differs in: %s", difference);
	}
}

static void agrees_on_random_bytes(void **state)
{
	uint8_t bytes[16];

	(void)state;
	random_state = 0x1D872B41;
	for (unsigned round = 0; round < RANDOM_ROUNDS; round++) {
		for (unsigned i = 0; i < sizeof(bytes); i += 8) {
			uint64_t value = random_next();

			memcpy(bytes + i, &value, 8);
		}
		assert_agrees(bytes, 1 + (unsigned)(random_next() % 15), modes[round % 4]);
	}
}

/* Some prefixes, then every opcode of the first two maps in turn, then random operands. */
static void agrees_on_shaped_bytes(void **state)
{
	static const uint8_t prefixes[] = { 0x66, 0x67, 0xF0, 0xF2, 0xF3, 0x2E, 0x36, 0x3E, 0x26,
					    0x64, 0x65, 0x40, 0x41, 0x44, 0x48, 0x4C, 0x4F, 0x42 };
	uint8_t bytes[24];

	(void)state;
	random_state = 0xC0DEC0DE;
	for (unsigned round = 0; round < SHAPED_ROUNDS; round++) {
		unsigned at = 0;

		for (unsigned i = (unsigned)random_next() % 4; i != 0; i--) {
			bytes[at++] = prefixes[random_next() % sizeof(prefixes)];
		}
		if (round % 512 >= 256) {
			bytes[at++] = 0x0F;
		}
		bytes[at++] = (uint8_t)round;
		for (unsigned i = 0; i < 16; i++) {
			bytes[at++] = (uint8_t)random_next();
		}
		assert_agrees(bytes, 15, modes[round / 512 % 4]);
	}
}

/* A valid instruction is truncated at each shorter count, and needs no byte after its end. */
static void truncation_is_exact(void **state)
{
	unsigned seen = 0;

	(void)state;
	random_state = 0x7EA;
	for (unsigned round = 0; round < 20000; round++) {
		uint8_t bytes[16];
		struct insn insn;

		for (unsigned i = 0; i < sizeof(bytes); i += 8) {
			uint64_t value = random_next();

			memcpy(bytes + i, &value, 8);
		}
		if (decode_insn(bytes, sizeof(bytes), modes[round % 4], &insn) != ST_OK) {
			continue;
		}
		seen++;
		for (unsigned count = 0; count < insn.length; count++) {
			struct insn untouched;

			memset(&untouched, 0x5A, sizeof(untouched));
			assert_int_equal(decode_insn(bytes, count, modes[round % 4], &untouched),
					 ST_TRUNCATED);
			assert_int_equal(untouched.length, 0x5A);
		}
		assert_int_equal(decode_insn(bytes, insn.length, modes[round % 4], &insn), ST_OK);
	}
	assert_true(seen > 10000);
}

static void length_limit(void **state)
{
	/* MOV EAX, [RAX] after 13 prefixes is 15 bytes; one more is refused. */
	uint8_t bytes[17];
	struct insn insn;

	(void)state;
	memset(bytes, 0x2E, sizeof(bytes));
	bytes[13] = 0x8B;
	bytes[14] = 0x00;
	assert_int_equal(decode_insn(bytes, 17, DECODE_64, &insn), ST_OK);
	assert_int_equal(insn.length, 15);
	assert_int_equal(decode_insn(bytes, 14, DECODE_64, &insn), ST_TRUNCATED);
	bytes[13] = 0x2E;
	bytes[14] = 0x8B;
	bytes[15] = 0x00;
	assert_int_equal(decode_insn(bytes, 17, DECODE_64, &insn), ST_BAD_FORMAT);
	memset(bytes, 0x66, sizeof(bytes));
	assert_int_equal(decode_insn(bytes, 17, DECODE_64, &insn), ST_BAD_FORMAT);
	assert_int_equal(decode_insn(bytes, 15, DECODE_64, &insn), ST_BAD_FORMAT);
	assert_int_equal(decode_insn(bytes, 14, DECODE_64, &insn), ST_TRUNCATED);
}

struct row {
	const char *what;
	uint8_t bytes[INSN_MAX_LENGTH];
	enum decode_mode mode;
	enum status status;
	uint8_t length;
	enum insn_kind kind;
	uint8_t memory_size;
	uint64_t address; /* with gpr[n] = 0x1000 * (n + 1), rip_next = 0x100000 + length */
};

/* clang-format off */
static const struct row rows[] = {
	{ "mov [rdi], eax", { 0x89, 0x07 }, 64, ST_OK, 2, INSN_MOV, 4, 0x8000 },
	{ "mov eax, [rip+0x10]", { 0x8B, 0x05, 0x10 }, 64, ST_OK, 6, INSN_MOV, 4, 0x100016 },
	{ "mov eax, [eip-8]", { 0x67, 0x8B, 0x05, 0xF8, 0xFF, 0xFF, 0xFF }, 64, ST_OK, 7, INSN_MOV,
	  4, 0xFFFFF },
	{ "mov dword [r13], 1", { 0x41, 0xC7, 0x45, 0, 1 }, 64, ST_OK, 8, INSN_MOV, 4, 0xE000 },
	{ "movzx eax, word [rsp+r12*8+4]", { 0x42, 0x0F, 0xB7, 0x44, 0xE4, 4 }, 64, ST_OK, 6,
	  INSN_MOVZX, 2, 0x5000 + 8 * 0xD000 + 4 },
	{ "mov al, gs:[0xFEE00030]", { 0x65, 0xA0, 0x30, 0x00, 0xE0, 0xFE, 0, 0, 0, 0 }, 64, ST_OK,
	  10, INSN_MOV, 1, UINT64_C(0xFEE00030) + 0x77000000 },
	{ "mov al, [0x8000]: not sign-extended", { 0x67, 0xA0, 0, 0x80 }, 32, ST_OK, 4, INSN_MOV, 1,
	  0x8000 },
	{ "mov [bx+si], ax", { 0x89, 0x00 }, 16, ST_OK, 2, INSN_MOV, 2, 0x4000 + 0x7000 },
	{ "mov [bp+di+0x7fff]: wraps at 64 KiB", { 0x89, 0x83, 0xFF, 0x7F }, 16, ST_OK, 4,
	  INSN_MOV, 2, 0x6000 + 0x8000 + 0x7FFF - 0x10000 },
	{ "rep stosq", { 0xF3, 0x48, 0xAB }, 64, ST_OK, 3, INSN_STOS, 8, 0x8000 },
	{ "movsb fs:", { 0x64, 0xA4 }, 64, ST_OK, 2, INSN_MOVS, 1, 0x7000 + 0x66000000 },
	{ "bts [rax], ecx: bit 0x2000", { 0x0F, 0xAB, 0x08 }, 64, ST_OK, 3, INSN_BTS, 4,
	  0x1000 + 0x2000 / 8 },
	{ "lock or byte [rdx], 1", { 0xF0, 0x80, 0x0A, 0x01 }, 64, ST_OK, 4, INSN_OR, 1, 0x3000 },
	{ "lock mov faults", { 0xF0, 0x89, 0x07 }, 64, ST_BAD_FORMAT, 0, INSN_OTHER, 0, 0 },
	{ "lock or eax, ebx faults", { 0xF0, 0x09, 0xD8 }, 64, ST_BAD_FORMAT, 0, INSN_OTHER, 0, 0 },
	{ "insd with REX.W moves 4", { 0x48, 0x6D }, 64, ST_OK, 2, INSN_INS, 4, 0x8000 },
	{ "pop [rsp]: behind the pop", { 0x8F, 0x04, 0x24 }, 64, ST_OK, 3, INSN_OTHER, 0, 0x5008 },
	{ "lock cmpxchg [rdi], ecx", { 0xF0, 0x0F, 0xB1, 0x0F }, 64, ST_OK, 4, INSN_OTHER, 0,
	  0x8000 },
	{ "movaps [rax], xmm0", { 0x0F, 0x29, 0x00 }, 64, ST_OK, 3, INSN_OTHER, 0, 0x1000 },
	{ "vmovaps (VEX)", { 0xC5, 0xF8, 0x29, 0x00 }, 64, ST_UNSUPPORTED, 0, INSN_OTHER, 0, 0 },
	{ "evex", { 0x62, 0xF1, 0x7C, 0x48, 0x29, 0 }, 64, ST_UNSUPPORTED, 0, INSN_OTHER, 0, 0 },
	{ "les eax, [eax] (32-bit mode)", { 0xC4, 0x00 }, 32, ST_OK, 2, INSN_OTHER, 0, 0x1000 },
	{ "push es is gone", { 0x06 }, 64, ST_UNSUPPORTED, 0, INSN_OTHER, 0, 0 },
	{ "REX before a prefix is dead", { 0x48, 0x66, 0x89, 0x07 }, 64, ST_OK, 4, INSN_MOV, 2,
	  0x8000 },
	{ "mov cr3, rax: no SIB", { 0x0F, 0x22, 0x1C }, 64, ST_OK, 3, INSN_OTHER, 0, 0 },
};
/* clang-format on */

static void known_instructions(void **state)
{
	uint64_t gpr[INSN_REGISTER_COUNT];

	(void)state;
	for (unsigned i = 0; i < INSN_REGISTER_COUNT; i++) {
		gpr[i] = 0x1000 * (i + 1);
	}
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		const struct row *row = &rows[i];
		struct insn insn = { 0 };

		enum status status = decode_insn(row->bytes, sizeof(row->bytes), row->mode, &insn);
		uint64_t address = 0;

		if (insn.has_memory) {
			address = decode_effective_address(&insn, gpr, 0x100000 + insn.length,
							   0x66000000, 0x77000000);
		}
		if (status != row->status || insn.length != row->length || insn.kind != row->kind ||
		    insn.memory_size != row->memory_size || address != row->address) {
			fail_msg("%s", row->what);
		}
	}
}

static void high_byte_registers(void **state)
{
	const uint8_t ah[] = { 0x88, 0x27 };        /* mov [rdi], ah */
	const uint8_t spl[] = { 0x40, 0x88, 0x27 }; /* mov [rdi], spl */
	struct insn insn;

	(void)state;
	assert_int_equal(decode_insn(ah, sizeof(ah), DECODE_64, &insn), ST_OK);
	assert_int_equal(insn.reg, INSN_RAX);
	assert_true(insn.reg_high);
	assert_int_equal(decode_insn(spl, sizeof(spl), DECODE_64, &insn), ST_OK);
	assert_int_equal(insn.reg, INSN_RSP);
	assert_false(insn.reg_high);
}

static void destination_of_strings(void **state)
{
	const uint8_t movs[] = { 0x64, 0x67, 0xA5 }; /* movsd [edi], fs:[esi] */
	uint64_t gpr[INSN_REGISTER_COUNT] = { [INSN_RDI] = 0x1234567890, [INSN_RSI] = 0x50 };
	struct insn insn;

	(void)state;
	assert_int_equal(decode_insn(movs, sizeof(movs), DECODE_64, &insn), ST_OK);
	assert_int_equal(decode_destination_address(&insn, gpr), 0x34567890);
	assert_int_equal(decode_effective_address(&insn, gpr, 0, 0x1000, 0), 0x1050);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_instructions),     cmocka_unit_test(high_byte_registers),
		cmocka_unit_test(destination_of_strings), cmocka_unit_test(length_limit),
		cmocka_unit_test(truncation_is_exact),    cmocka_unit_test(agrees_on_random_bytes),
		cmocka_unit_test(agrees_on_shaped_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
