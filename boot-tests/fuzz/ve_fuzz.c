// libFuzzer: ve_handle() with any frame, any report, any instruction and any host.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Properties: no access but to the code, to the plain memory that RSI and RDI name and, by
// vmcall.h's contract, to the host; RIP and flags move only on ST_OK; no flag but the status flags
// and RF ever changes, nor does CS, SS or what the stub pushed.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sys/mman.h>

#include "arch/base/check.h"
#include "arch/x86/cpu.h"
#include "arch/x86/decode.h"
#include "shim/tdx/ve.h"
#include "shim/tdx/vmcall.h"

#define PAGE 4096
/* Below 4 GiB, so that instructions with 32-bit addresses reach it; larger than twice a burst. */
#define ARENA_SIZE 0x20000
#define GPAW 48
#define SHARED_BIT BIT64(GPAW - 1)
#define STATUS_FLAGS (RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF)

/* What the fuzzer chooses, in the order of the input. */
struct input {
	struct trap_frame frame;
	struct ve_info info;
	uint8_t code_at;    /* bytes from the end of the code's page */
	uint8_t agree;      /* bit 0: the report fits the instruction; bit 1: INS or OUTS */
	uint8_t fail_after; /* calls of the host that succeed */
	uint8_t fail_with;
	uint64_t value; /* what the host gives */
	uint8_t code[INSN_MAX_LENGTH];
};

static struct input input;
static unsigned calls;

static enum status call(void)
{
	static const enum status failures[] = { ST_OK, ST_HOST_REFUSED, ST_TDX };

	return calls++ < input.fail_after ? ST_OK : failures[input.fail_with % 3];
}

enum status vmcall_io_read(uint16_t port, unsigned size, uint32_t *value)
{
	(void)port;
	CHECK(size == 1 || size == 2 || size == 4);
	TRY(call());
	*value = (uint32_t)(input.value & MASK64(8 * size - 1, 0));
	return ST_OK;
}

enum status vmcall_io_write(uint16_t port, unsigned size, uint32_t value)
{
	(void)port;
	(void)value;
	CHECK(size == 1 || size == 2 || size == 4);
	return call();
}

enum status vmcall_rdmsr(uint32_t index, uint64_t *value)
{
	(void)index;
	TRY(call());
	*value = input.value;
	return ST_OK;
}

enum status vmcall_wrmsr(uint32_t index, uint64_t value)
{
	(void)index;
	(void)value;
	return call();
}

enum status vmcall_cpuid(uint32_t leaf, uint32_t subleaf, struct cpuid_result *result)
{
	(void)leaf;
	(void)subleaf;
	TRY(call());
	memset(result, (uint8_t)input.value, sizeof(*result));
	return ST_OK;
}

enum status vmcall_hlt(bool interrupts_blocked)
{
	(void)interrupts_blocked;
	return call();
}

static void check_mmio(uint64_t gpa_raw, unsigned size)
{
	CHECK(size == 1 || size == 2 || size == 4 || size == 8);
	CHECK(gpa_raw == input.info.gpa);
	CHECK((gpa_raw & SHARED_BIT) != 0 && gpa_raw < BIT64(GPAW));
	CHECK(gpa_raw % PAGE + size <= PAGE);
}

enum status vmcall_mmio_read(uint64_t gpa_raw, unsigned size, uint64_t *value)
{
	check_mmio(gpa_raw, size);
	TRY(call());
	*value = input.value & MASK64(8 * size - 1, 0);
	return ST_OK;
}

enum status vmcall_mmio_write(uint64_t gpa_raw, unsigned size, uint64_t value)
{
	check_mmio(gpa_raw, size);
	CHECK((value & ~MASK64(8 * size - 1, 0)) == 0);
	return call();
}

enum status vmcall_wbinvd(void)
{
	return call();
}

/* A mapping of size bytes below 2 GiB with an inaccessible page after it. */
static uint8_t *map_guarded(size_t size)
{
	uint8_t *at = mmap(NULL, size + PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	CHECK(at != MAP_FAILED && mprotect(at + size, PAGE, PROT_NONE) == 0);
	return at;
}

/* INS or OUTS by the first byte of the code, of a count around the end of a burst. */
static void make_string_io(void)
{
	uint8_t choice = input.code[0];
	unsigned length = 0;

	if ((choice & 1) != 0) {
		input.code[length++] = 0xF3; /* REP */
	}
	if ((choice & 2) != 0) {
		input.code[length++] = 0x66; /* 16 bits */
	}
	input.code[length] = (uint8_t)(0x6C + (choice >> 2) % 4);
	input.frame.rcx %= 0x4000;
}

static void make_io_agree(const struct insn *insn)
{
	uint64_t *qualification = &input.info.exit_qualification;

	input.info.exit_reason = EXIT_REASON_IO;
	*qualification &= IO_QUAL_PORT;
	*qualification |= IO_QUAL_STRING | field_put(IO_QUAL_SIZE, insn->memory_size - 1u);
	*qualification |= insn->kind == INSN_INS ? IO_QUAL_IN : 0;
	*qualification |= insn->repeat != INSN_NO_REPEAT ? IO_QUAL_REP : 0;
}

/* Makes the report fit to the instruction, so that the fuzzer gets beyond the comparison. */
static void make_report_agree(void)
{
	uint64_t gpr[INSN_REGISTER_COUNT];
	struct insn insn;

	for (unsigned i = 0; i < INSN_REGISTER_COUNT; i++) {
		gpr[i] = i == INSN_RSP ? input.frame.rsp :
					 ((uint64_t *)&input.frame)[i < INSN_RSP ? i : i - 1];
	}
	if (decode_insn((const uint8_t *)input.frame.rip, INSN_MAX_LENGTH, DECODE_64, &insn) !=
	    ST_OK) {
		return;
	}
	input.info.gla = decode_effective_address(&insn, gpr, input.frame.rip + insn.length, 0, 0);
	input.info.gpa = SHARED_BIT | (input.info.gpa & MASK64(46, 12)) | input.info.gla % PAGE;
	input.info.exit_qualification |= EPT_QUAL_FINAL;
	input.info.instruction_length = insn.length;
	if (insn.kind == INSN_INS || insn.kind == INSN_OUTS) {
		make_io_agree(&insn);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t *code;
	static uint8_t *arena;

	if (code == NULL) {
		code = map_guarded(2 * PAGE);
		arena = map_guarded(ARENA_SIZE);
	}
	memset(&input, 0, sizeof(input));
	memcpy(&input, data, size < sizeof(input) ? size : sizeof(input));
	calls = 0;

	/* A string of known form, which then has REP. */
	bool string = input.agree % 4 == 3 && (input.code[0] & 1) != 0;
	if ((input.agree & 2) != 0) {
		make_string_io();
	}
	memset(code, 0x90, 2 * PAGE);
	input.frame.rip = (uint64_t)code + PAGE - input.code_at % 20;
	memcpy((void *)input.frame.rip, input.code, sizeof(input.code));
	/* A string instruction reads or writes there, and not where it likes. */
	input.frame.rsi = (uint64_t)arena + ARENA_SIZE / 2 + input.frame.rsi % PAGE;
	input.frame.rdi = (uint64_t)arena + ARENA_SIZE / 2 + input.frame.rdi % PAGE;
	if ((input.agree & 1) != 0) {
		make_report_agree();
	}

	struct trap_frame frame = input.frame;
	enum status status = ve_handle(&frame, &input.info, GPAW);

	if (status == ST_OK) {
		uint64_t moved = frame.rip - input.frame.rip;

		CHECK(moved <= INSN_MAX_LENGTH);
		CHECK(moved == 0 || (frame.rflags & RFLAGS_RF) == 0);
		/* Only a string that is not done yet comes back. */
		CHECK(moved != 0 || (frame.rcx != 0 && frame.rcx < input.frame.rcx));
		CHECK(moved == 0 || !string || frame.rcx == 0);
	} else {
		CHECK(frame.rip == input.frame.rip);
		CHECK(frame.rflags == input.frame.rflags);
		CHECK(frame.rsp == input.frame.rsp);
	}
	CHECK(((frame.rflags ^ input.frame.rflags) & ~(STATUS_FLAGS | RFLAGS_RF)) == 0);
	CHECK(frame.cs == input.frame.cs && frame.ss == input.frame.ss);
	CHECK(frame.vector == input.frame.vector && frame.error_code == input.frame.error_code);
	return 0;
}
