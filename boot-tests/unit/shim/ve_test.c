// #VE handlers: each rule by table, and MMIO instructions against the processor that runs the test.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sys/mman.h>

#include "arch/base/bits.h"
#include "arch/x86/cpu.h"
#include "arch/x86/decode.h"
#include "boot-tests/unit/random.h"
#include "boot-tests/unit/shim/refusals.h"
#include "shim/tdx/ve.h"
#include "shim/tdx/vmcall.h"

#define PAGE 4096
#define SHARED_BIT BIT64(gpaw - 1)
#define DEVICE_GPA (SHARED_BIT | 0xFE800000)
#define ALL_FLAGS (RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF)

static unsigned gpaw = 48;

/* ---- the host, behind vmcall.h ----------------------------------------------------------- */

static struct {
	enum status answer;  /* of every call */
	unsigned fail_after; /* calls that succeed before answer counts */
	unsigned calls;
	uint64_t last[3];   /* arguments of the last call */
	uint32_t io_value;  /* what the next read of a port gives; +1 each */
	uint32_t out[8192]; /* what was written to ports */
	unsigned out_count;
	uint64_t msr;
	unsigned mmio_reads, mmio_writes;
	uint8_t device[PAGE]; /* the shared page at DEVICE_GPA */
} host;

static enum status call(uint64_t a, uint64_t b, uint64_t c)
{
	host.last[0] = a;
	host.last[1] = b;
	host.last[2] = c;
	return host.calls++ < host.fail_after ? ST_OK : host.answer;
}

static uint64_t low(uint64_t value, unsigned size)
{
	return value & MASK64(8 * size - 1, 0);
}

enum status vmcall_io_read(uint16_t port, unsigned size, uint32_t *value)
{
	TRY(call(port, size, 0));
	*value = (uint32_t)low(host.io_value++, size);
	return ST_OK;
}

enum status vmcall_io_write(uint16_t port, unsigned size, uint32_t value)
{
	TRY(call(port, size, value));
	host.out[host.out_count++ % ARRAY_COUNT(host.out)] = value;
	return ST_OK;
}

enum status vmcall_rdmsr(uint32_t index, uint64_t *value)
{
	TRY(call(index, 0, 0));
	*value = host.msr;
	return ST_OK;
}

enum status vmcall_wrmsr(uint32_t index, uint64_t value)
{
	TRY(call(index, value, 0));
	host.msr = value;
	return ST_OK;
}

enum status vmcall_cpuid(uint32_t leaf, uint32_t subleaf, struct cpuid_result *result)
{
	TRY(call(leaf, subleaf, 0));
	*result = (struct cpuid_result){ 0xA1B2C3D4, 0xE5F60718, 0x293A4B5C, 0x6D7E8F90 };
	return ST_OK;
}

enum status vmcall_hlt(bool interrupts_blocked)
{
	return call(interrupts_blocked, 0, 0);
}

enum status vmcall_mmio_read(uint64_t gpa_raw, unsigned size, uint64_t *value)
{
	TRY(call(gpa_raw, size, 0));
	assert_int_equal(gpa_raw - gpa_raw % PAGE, DEVICE_GPA);
	assert_true(gpa_raw % PAGE + size <= PAGE);
	host.mmio_reads++;
	*value = 0;
	memcpy(value, host.device + gpa_raw % PAGE, size);
	return ST_OK;
}

enum status vmcall_mmio_write(uint64_t gpa_raw, unsigned size, uint64_t value)
{
	TRY(call(gpa_raw, size, value));
	assert_int_equal(gpa_raw - gpa_raw % PAGE, DEVICE_GPA);
	assert_true(gpa_raw % PAGE + size <= PAGE);
	host.mmio_writes++;
	memcpy(host.device + gpa_raw % PAGE, &value, size);
	return ST_OK;
}

enum status vmcall_wbinvd(void)
{
	return call(0, 0, 0);
}

/* ---- the interrupted code ---------------------------------------------------------------- */

static uint8_t code[32];
static struct trap_frame frame;
static struct ve_info info;

/* An instruction of length bytes, the #VE for reason, registers full of a pattern. */
static void set_up(uint32_t reason, uint64_t qualification, const char *bytes, unsigned length)
{
	uint64_t *registers = (uint64_t *)&frame;

	memset(&host, 0, sizeof(host));
	memset(code, 0x90, sizeof(code));
	memcpy(code, bytes, length);
	for (size_t i = 0; i < sizeof(frame) / sizeof(*registers); i++) {
		registers[i] = 0x1111111111111111 * (i % 15 + 1);
	}
	frame.rip = (uint64_t)code;
	frame.rflags = RFLAGS_FIXED | RFLAGS_IF | RFLAGS_RF;
	info = (struct ve_info){
		.exit_reason = reason,
		.exit_qualification = qualification,
		.instruction_length = length,
	};
}

/* Runs the handler and holds it to its contract about RIP. */
static enum status handle(void)
{
	struct trap_frame before = frame;
	enum status status = ve_handle(&frame, &info, gpaw);

	if (status != ST_OK) {
		assert_int_equal(frame.rip, before.rip);
		assert_int_equal(frame.rflags, before.rflags);
	} else if (frame.rip != before.rip) {
		assert_true(frame.rip - before.rip <= 15);
		assert_int_equal(frame.rflags & RFLAGS_RF, 0);
	}
	return status;
}

static void assert_done(unsigned length)
{
	assert_int_equal(handle(), ST_OK);
	assert_int_equal(frame.rip, (uint64_t)code + length);
}

/* ---- port I/O ---------------------------------------------------------------------------- */

static uint64_t io_qualification(unsigned port, unsigned size, uint64_t bits)
{
	return field_put(IO_QUAL_PORT, port) | field_put(IO_QUAL_SIZE, size - 1) | bits;
}

static void io_in(void **state)
{
	static const struct {
		unsigned size;
		uint64_t rax;
	} rows[] = {
		{ 1, 0x11111111111111F7 },
		{ 2, 0x111111111111E6F7 },
		{ 4, 0x00000000C4D5E6F7 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		set_up(EXIT_REASON_IO, io_qualification(0x3FD, rows[i].size, IO_QUAL_IN), "\xEC",
		       1);
		host.io_value = 0xC4D5E6F7;
		assert_done(1);
		assert_int_equal(frame.rax, rows[i].rax);
		assert_int_equal(host.last[0], 0x3FD);
		assert_int_equal(host.last[1], rows[i].size);
	}
}

static void io_out(void **state)
{
	(void)state;
	for (unsigned size = 1; size <= 4; size *= 2) {
		set_up(EXIT_REASON_IO, io_qualification(0xCF8, size, IO_QUAL_IMMEDIATE), "\xE6\x80",
		       2);
		frame.rax = 0xFFFFFFFF87654321;
		assert_done(2);
		assert_int_equal(frame.rax, 0xFFFFFFFF87654321);
		assert_int_equal(host.last[0], 0xCF8);
		assert_int_equal(host.last[1], size);
		assert_int_equal(host.last[2], low(0x87654321, size));
	}
}

static void io_refused(void **state)
{
	(void)state;
	set_up(EXIT_REASON_IO, io_qualification(0x3FD, 1, IO_QUAL_IN), "\xEC", 1);
	host.answer = ST_HOST_REFUSED;
	assert_int_equal(handle(), ST_HOST_REFUSED);
	assert_int_equal(frame.rax, 0x1111111111111111);
	set_up(EXIT_REASON_IO, io_qualification(0x3FD, 1, 0), "\xEE", 1);
	host.answer = ST_TDX;
	assert_int_equal(handle(), ST_TDX);
}

static void io_lies(void **state)
{
	static const struct {
		const char *bytes;
		unsigned length;
		unsigned size;
		uint64_t bits;
		enum status status;
	} rows[] = {
		/* sizes that do not exist */
		{ "\xEC", 1, 3, IO_QUAL_IN, ST_HOST_LIED },
		{ "\xEC", 1, 8, 0, ST_HOST_LIED },
		/* not a string instruction, the other direction, another size, REP or none */
		{ "\x88\x07", 2, 1, IO_QUAL_STRING, ST_HOST_LIED },
		{ "\x6E", 1, 1, IO_QUAL_IN | IO_QUAL_STRING, ST_HOST_LIED },
		{ "\x6C", 1, 1, IO_QUAL_STRING, ST_HOST_LIED },
		{ "\x6C", 1, 4, IO_QUAL_IN | IO_QUAL_STRING, ST_HOST_LIED },
		{ "\x6C", 1, 1, IO_QUAL_IN | IO_QUAL_STRING | IO_QUAL_REP, ST_HOST_LIED },
		{ "\xF3\x6C", 2, 1, IO_QUAL_IN | IO_QUAL_STRING, ST_HOST_LIED },
		/* no memory operand; one with a base that the shim does not know */
		{ "\x90", 1, 1, IO_QUAL_STRING, ST_UNSUPPORTED },
		{ "\x64\x6E", 2, 1, IO_QUAL_STRING, ST_UNSUPPORTED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		set_up(EXIT_REASON_IO, io_qualification(0x80, rows[i].size, rows[i].bits),
		       rows[i].bytes, rows[i].length);
		assert_int_equal(handle(), rows[i].status);
		assert_int_equal(host.calls, 0);
	}
	/* INSB is not 2 bytes long. */
	set_up(EXIT_REASON_IO, io_qualification(0x80, 1, IO_QUAL_IN | IO_QUAL_STRING), "\x6C", 1);
	info.instruction_length = 2;
	assert_refusal(handle(), ST_HOST_LIED, "port 0x80: INS or OUTS of length 2 is length 1");
	assert_int_equal(host.calls, 0);
}

static void io_string_once(void **state)
{
	uint32_t memory = 0xAAAAAAAA;

	(void)state;
	set_up(EXIT_REASON_IO, io_qualification(0x71, 2, IO_QUAL_IN | IO_QUAL_STRING), "\x66\x6D",
	       2);
	host.io_value = 0x1234;
	frame.rdi = (uint64_t)&memory;
	assert_done(2);
	assert_int_equal(memory, 0xAAAA1234);
	assert_int_equal(frame.rdi, (uint64_t)&memory + 2);
	assert_int_equal(frame.rcx, 0x2222222222222222);

	set_up(EXIT_REASON_IO, io_qualification(0x71, 4, IO_QUAL_STRING), "\x48\x6F", 2);
	frame.rsi = (uint64_t)&memory;
	frame.rflags |= RFLAGS_DF;
	assert_done(2);
	assert_int_equal(host.out[0], 0xAAAA1234);
	assert_int_equal(frame.rsi, (uint64_t)&memory - 4);
}

static void io_string_repeated(void **state)
{
	uint16_t memory[5] = { 0 };

	(void)state;
	/* Up, then down. */
	for (unsigned down = 0; down < 2; down++) {
		set_up(EXIT_REASON_IO,
		       io_qualification(0x71, 2, IO_QUAL_IN | IO_QUAL_STRING | IO_QUAL_REP),
		       "\xF3\x66\x6D", 3);
		host.io_value = 0x700;
		frame.rcx = 5;
		frame.rdi = (uint64_t)(down ? &memory[4] : &memory[0]);
		frame.rflags |= down ? RFLAGS_DF : 0;
		assert_done(3);
		for (unsigned i = 0; i < 5; i++) {
			assert_int_equal(memory[i], 0x700 + (down ? 4 - i : i));
		}
		assert_int_equal(frame.rcx, 0);
		assert_int_equal(frame.rdi, down ? (uint64_t)memory - 2 : (uint64_t)(memory + 5));
	}
	/* Nothing to do. */
	set_up(EXIT_REASON_IO, io_qualification(0x71, 1, IO_QUAL_STRING | IO_QUAL_REP), "\xF3\x6E",
	       2);
	frame.rcx = 0;
	assert_done(2);
	assert_int_equal(host.calls, 0);
}

/* With a 32-bit address size ECX, ESI and EDI count, and their upper halves are cleared. */
static void io_string_address_size(void **state)
{
	uint8_t *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	(void)state;
	assert_ptr_not_equal(page, MAP_FAILED);
	memcpy(page, "xyz", 3);
	set_up(EXIT_REASON_IO, io_qualification(0x402, 1, IO_QUAL_STRING | IO_QUAL_REP),
	       "\x67\xF3\x6E", 3);
	frame.rcx = 0xFFFFFFFF00000003;
	frame.rsi = 0xABCD000000000000 | (uint64_t)page;
	assert_done(3);
	assert_int_equal(host.out_count, 3);
	assert_int_equal(host.out[0], 'x');
	assert_int_equal(host.out[2], 'z');
	assert_int_equal(frame.rcx, 0);
	assert_int_equal(frame.rsi, (uint64_t)page + 3);
	munmap(page, PAGE);
}

static void io_string_bound_and_refusal(void **state)
{
	static uint8_t memory[5000];

	(void)state;
	set_up(EXIT_REASON_IO, io_qualification(0x402, 1, IO_QUAL_STRING | IO_QUAL_REP), "\xF3\x6E",
	       2);
	frame.rcx = sizeof(memory);
	frame.rsi = (uint64_t)memory;
	assert_done(0);
	assert_int_equal(frame.rcx, sizeof(memory) - host.out_count);
	assert_true((frame.rflags & RFLAGS_RF) != 0);
	assert_done(2);
	assert_int_equal(host.out_count, sizeof(memory));
	assert_int_equal(frame.rsi, (uint64_t)(memory + sizeof(memory)));

	/* As far as it went, as a fault in the middle leaves it. */
	set_up(EXIT_REASON_IO, io_qualification(0x402, 1, IO_QUAL_STRING | IO_QUAL_REP), "\xF3\x6E",
	       2);
	host.answer = ST_HOST_REFUSED;
	host.fail_after = 3;
	frame.rcx = 10;
	frame.rsi = (uint64_t)memory;
	assert_int_equal(handle(), ST_HOST_REFUSED);
	assert_int_equal(frame.rcx, 7);
	assert_int_equal(frame.rsi, (uint64_t)memory + 3);
}

/* ---- the other instructions -------------------------------------------------------------- */

static void cpuid(void **state)
{
	(void)state;
	set_up(EXIT_REASON_CPUID, 0, "\x0F\xA2", 2);
	assert_done(2);
	assert_int_equal(host.last[0], 0x11111111);
	assert_int_equal(host.last[1], 0x22222222);
	assert_int_equal(frame.rax, 0xA1B2C3D4);
	assert_int_equal(frame.rbx, 0xE5F60718);
	assert_int_equal(frame.rcx, 0x293A4B5C);
	assert_int_equal(frame.rdx, 0x6D7E8F90);

	set_up(EXIT_REASON_CPUID, 0, "\x0F\xA2", 2);
	host.answer = ST_HOST_REFUSED;
	assert_int_equal(handle(), ST_HOST_REFUSED);
	assert_int_equal(frame.rbx, 0x4444444444444444);
}

static void msr(void **state)
{
	(void)state;
	set_up(EXIT_REASON_RDMSR, 0, "\x0F\x32", 2);
	host.msr = 0x8877665544332211;
	assert_done(2);
	assert_int_equal(host.last[0], 0x22222222);
	assert_int_equal(frame.rax, 0x44332211);
	assert_int_equal(frame.rdx, 0x88776655);

	set_up(EXIT_REASON_WRMSR, 0, "\x0F\x30", 2);
	assert_done(2);
	assert_int_equal(host.last[0], 0x22222222);
	assert_int_equal(host.msr, 0x3333333311111111);

	for (unsigned write = 0; write < 2; write++) {
		set_up(write ? EXIT_REASON_WRMSR : EXIT_REASON_RDMSR, 0, "\x0F\x32", 2);
		host.answer = ST_HOST_REFUSED;
		assert_int_equal(handle(), ST_HOST_REFUSED);
		assert_int_equal(frame.rax, 0x1111111111111111);
		assert_int_equal(frame.rdx, 0x3333333333333333);
	}
}

static void hlt(void **state)
{
	(void)state;
	set_up(EXIT_REASON_HLT, 0, "\xF4", 1);
	assert_done(1);
	assert_int_equal(host.last[0], 0);
	set_up(EXIT_REASON_HLT, 0, "\xF4", 1);
	frame.rflags &= ~RFLAGS_IF;
	assert_done(1);
	assert_int_equal(host.last[0], 1);
	set_up(EXIT_REASON_HLT, 0, "\xF4", 1);
	host.answer = ST_HOST_REFUSED;
	assert_int_equal(handle(), ST_HOST_REFUSED);
}

static void wbinvd(void **state)
{
	static const uint32_t reasons[] = { EXIT_REASON_WBINVD, EXIT_REASON_INVD };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(reasons); i++) {
		set_up(reasons[i], 0, "\x0F\x09", 2);
		assert_done(2);
		assert_int_equal(host.calls, 1);
		set_up(reasons[i], 0, "\x0F\x09", 2);
		host.answer = ST_HOST_REFUSED;
		assert_done(2);
		set_up(reasons[i], 0, "\x0F\x09", 2);
		host.answer = ST_TDX;
		assert_int_equal(handle(), ST_TDX);
	}
}

static void other_reasons(void **state)
{
	(void)state;
	for (uint32_t reason = 0; reason < 100; reason++) {
		switch (reason) {
		case EXIT_REASON_CPUID:
		case EXIT_REASON_HLT:
		case EXIT_REASON_INVD:
		case EXIT_REASON_IO:
		case EXIT_REASON_RDMSR:
		case EXIT_REASON_WRMSR:
		case EXIT_REASON_EPT_VIOLATION:
		case EXIT_REASON_WBINVD:
			continue;
		default:
			break;
		}
		set_up(reason, 0, "\x0F\x01\xC9", 3);
		assert_refusal(handle(), ST_UNSUPPORTED, "no handler");
		assert_int_equal(host.calls, 0);
	}
}

static void instruction_length(void **state)
{
	static const uint32_t lengths[] = { 0, 16, 0x80000002 };
	static const char *const texts[] = { "instruction length 0", "instruction length 16",
					     "instruction length 2147483650" };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(lengths); i++) {
		set_up(EXIT_REASON_CPUID, 0, "\x0F\xA2", 2);
		info.instruction_length = lengths[i];
		assert_refusal(handle(), ST_HOST_LIED, texts[i]);
		assert_int_equal(host.calls, 0);
	}
}

/* ---- MMIO: what is refused --------------------------------------------------------------- */

#define LINEAR 0x7000000000

/* A #VE on the device's page; the operand is [RAX] or [RDI], at offset in the page. */
static void set_up_mmio(const char *bytes, unsigned length, uint64_t qualification, unsigned offset)
{
	set_up(EXIT_REASON_EPT_VIOLATION, qualification | EPT_QUAL_GLA_VALID | EPT_QUAL_FINAL,
	       bytes, length);
	info.instruction_length = 0xDEAD; /* stale for this reason */
	info.gpa = DEVICE_GPA + offset;
	info.gla = LINEAR + offset;
	frame.rax = info.gla;
	frame.rdi = info.gla;
}

static void mmio_disagreements(void **state)
{
	(void)state;
	/* MOV ECX, [RAX] as it should be; the length comes from the bytes. */
	set_up_mmio("\x8B\x08", 2, EPT_QUAL_READ, 0x120);
	memcpy(host.device + 0x120, "\x78\x56\x34\x92", 4);
	assert_done(2);
	assert_int_equal(frame.rcx, 0x92345678);
	/* Without a linear address the page offset decides alone. */
	set_up_mmio("\x8B\x08", 2, EPT_QUAL_READ, 0x120);
	info.exit_qualification = EPT_QUAL_READ;
	info.gla = 0;
	assert_done(2);

	set_up_mmio("\x8B\x08", 2, EPT_QUAL_READ, 0x120);
	info.gpa &= ~SHARED_BIT;
	assert_refusal(handle(), ST_HOST_LIED, "GPA is not shared, GPAW 48");
	set_up_mmio("\x8B\x08", 2, EPT_QUAL_READ, 0x120);
	info.gpa |= BIT64(48);
	assert_refusal(handle(), ST_HOST_LIED, "GPA is not shared, GPAW 48");
	/* The SHARED bit is where the guest's width has it. */
	gpaw = 52;
	set_up_mmio("\x8B\x08", 2, EPT_QUAL_READ, 0x120);
	assert_done(2);
	set_up_mmio("\x8B\x08", 2, EPT_QUAL_READ, 0x120);
	info.gpa = info.gpa - SHARED_BIT + BIT64(47);
	assert_refusal(handle(), ST_HOST_LIED, "GPA is not shared, GPAW 52");
	gpaw = 48;
	set_up_mmio("\x8B\x08", 2, EPT_QUAL_WRITE, 0x120);
	assert_refusal(handle(), ST_HOST_LIED, "access 0x2 reported, 0x1 decoded");
	set_up_mmio("\x8B\x08", 2, EPT_QUAL_READ | EPT_QUAL_WRITE, 0x120);
	assert_refusal(handle(), ST_HOST_LIED, "access 0x3 reported, 0x1 decoded");
	set_up_mmio("\x8B\x08", 2, EPT_QUAL_READ | EPT_QUAL_FETCH, 0x120);
	assert_refusal(handle(), ST_HOST_LIED, "access 0x5 reported, 0x1 decoded");
	set_up_mmio("\x8B\x08", 2, 0, 0x120);
	assert_refusal(handle(), ST_HOST_LIED, "access 0x0 reported, 0x1 decoded");
	set_up_mmio("\x89\x08", 2, EPT_QUAL_READ, 0x120);
	assert_refusal(handle(), ST_HOST_LIED, "access 0x1 reported, 0x2 decoded");
	/* CMP, TEST and BT do not write. */
	set_up_mmio("\x39\x08", 2, EPT_QUAL_WRITE, 0x120);
	assert_refusal(handle(), ST_HOST_LIED, "access 0x2 reported, 0x1 decoded");
	set_up_mmio("\x85\x08", 2, EPT_QUAL_READ | EPT_QUAL_WRITE, 0x120);
	assert_refusal(handle(), ST_HOST_LIED, "access 0x3 reported, 0x1 decoded");
	set_up_mmio("\x0F\xBA\x20\x05", 4, EPT_QUAL_WRITE, 0x120);
	assert_refusal(handle(), ST_HOST_LIED, "access 0x2 reported, 0x1 decoded");
	set_up_mmio("\x8B\x08", 2, EPT_QUAL_READ, 0x120);
	info.gpa += 4;
	assert_refusal(handle(), ST_HOST_LIED, "operand 0x7000000120, another offset in its page");
	set_up_mmio("\x8B\x08", 2, EPT_QUAL_READ, 0x120);
	info.gla += PAGE;
	assert_refusal(handle(), ST_HOST_LIED, "operand 0x7000000120, GLA 0x7000001120 reported");
	set_up_mmio("\x8B\x08", 2, EPT_QUAL_READ, 0x120);
	info.exit_qualification &= ~EPT_QUAL_FINAL;
	assert_refusal(handle(), ST_HOST_LIED, "operand 0x7000000120, GLA 0x7000000120 reported");
	assert_int_equal(host.calls, 0);
	/* REP STOSD with a count of 0 has no access that could have faulted. */
	set_up_mmio("\xF3\xAB", 2, EPT_QUAL_WRITE, 0x120);
	frame.rcx = 0;
	assert_refusal(handle(), ST_HOST_LIED, "string instruction with RCX 0x0");
}

static void mmio_unsupported(void **state)
{
	static const struct {
		const char *bytes;
		unsigned length;
		enum status status;
	} rows[] = {
		{ "\x64\x8B\x08", 3, ST_UNSUPPORTED },     /* MOV ECX, FS:[RAX] */
		{ "\x8B\xC8", 2, ST_UNSUPPORTED },         /* MOV ECX, EAX */
		{ "\x90", 1, ST_UNSUPPORTED },             /* NOP */
		{ "\x0F\x29\x00", 3, ST_UNSUPPORTED },     /* MOVAPS [RAX], XMM0 */
		{ "\x0F\xB1\x08", 3, ST_UNSUPPORTED },     /* CMPXCHG [RAX], ECX */
		{ "\xFF\x30", 2, ST_UNSUPPORTED },         /* PUSH [RAX] */
		{ "\xA7", 1, ST_UNSUPPORTED },             /* CMPSD */
		{ "\xAF", 1, ST_UNSUPPORTED },             /* SCASD */
		{ "\x6D", 1, ST_UNSUPPORTED },             /* INSD */
		{ "\xC5\xF8\x29\x00", 4, ST_UNSUPPORTED }, /* VMOVAPS */
		{ "\xF0\x8B\x08", 3, ST_BAD_FORMAT },      /* LOCK MOV */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		set_up_mmio(rows[i].bytes, rows[i].length, EPT_QUAL_READ, 0);
		assert_int_equal(handle(), rows[i].status);
		assert_int_equal(host.calls, 0);
	}
	/* Up to the end of the page, and over it. */
	set_up_mmio("\x8B\x08", 2, EPT_QUAL_READ, PAGE - 4);
	assert_done(2);
	set_up_mmio("\x8B\x08", 2, EPT_QUAL_READ, PAGE - 3);
	assert_refusal(handle(), ST_UNSUPPORTED, "operand 0x7000000ffd of 4 bytes in two pages");
	set_up_mmio("\x48\x89\x08", 3, EPT_QUAL_WRITE, PAGE - 7);
	assert_refusal(handle(), ST_UNSUPPORTED, "operand 0x7000000ff9 of 8 bytes in two pages");
	assert_int_equal(host.calls, 0);
}

static void mmio_refused(void **state)
{
	(void)state;
	set_up_mmio("\x8B\x08", 2, EPT_QUAL_READ, 0x10);
	host.answer = ST_HOST_REFUSED;
	assert_int_equal(handle(), ST_HOST_REFUSED);
	assert_int_equal(frame.rcx, 0x2222222222222222);
	/* XCHG [RAX], ECX and SUB [RAX], ECX: the read works, the write does not. */
	set_up_mmio("\x87\x08", 2, EPT_QUAL_WRITE, 0x10);
	host.answer = ST_HOST_REFUSED;
	host.fail_after = 1;
	assert_int_equal(handle(), ST_HOST_REFUSED);
	assert_int_equal(frame.rcx, 0x2222222222222222);
	set_up_mmio("\x29\x08", 2, EPT_QUAL_READ, 0x10);
	host.answer = ST_TDX;
	host.fail_after = 1;
	assert_int_equal(handle(), ST_TDX);
	/* MOVSB to the device: indexes stay. */
	set_up_mmio("\xA4", 1, EPT_QUAL_WRITE, 0x10);
	frame.rsi = (uint64_t)code;
	host.answer = ST_HOST_REFUSED;
	assert_int_equal(handle(), ST_HOST_REFUSED);
	assert_int_equal(frame.rsi, (uint64_t)code);
	assert_int_equal(frame.rdi, LINEAR + 0x10);
}

/* An instruction that ends with its page does not touch the next one; one may also cross. */
static void fetch_at_page_end(void **state)
{
	uint8_t *pages =
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_ptr_not_equal(pages, MAP_FAILED);
	set_up_mmio("\x8B\x08", 2, EPT_QUAL_READ, 0x10);
	memcpy(pages + PAGE - 1, "\x8B\x08", 2);
	frame.rip = (uint64_t)pages + PAGE - 1;
	assert_int_equal(handle(), ST_OK);
	assert_int_equal(frame.rip, (uint64_t)pages + PAGE + 1);

	set_up_mmio("\x8B\x08", 2, EPT_QUAL_READ, 0x10);
	memcpy(pages + PAGE - 2, "\x8B\x08", 2);
	assert_int_equal(mprotect(pages + PAGE, PAGE, PROT_NONE), 0);
	frame.rip = (uint64_t)pages + PAGE - 2;
	assert_int_equal(handle(), ST_OK);
	assert_int_equal(frame.rip, (uint64_t)pages + PAGE);
	munmap(pages, 2 * PAGE);
}

/* ---- MMIO: against the processor --------------------------------------------------------- */

static uint8_t *native_code; /* executable */
static uint8_t *native_page; /* what the device is to the emulated instruction */

static uint8_t *emit(uint8_t *at, const void *bytes, size_t size)
{
	memcpy(at, bytes, size);
	return at + size;
}

/* mov reg, [rdi + 8 * slot] (0x8B) or mov [rdi + 8 * slot], reg (0x89) for a hardware number. */
static uint8_t *emit_frame_move(uint8_t *at, uint8_t opcode, unsigned reg)
{
	unsigned slot = reg < INSN_RSP ? reg : reg - 1;
	const uint8_t bytes[] = {
		(uint8_t)(reg >= 8 ? 0x4C : 0x48),
		opcode,
		(uint8_t)(0x47 | reg % 8 << 3),
		(uint8_t)(8 * slot),
	};

	return emit(at, bytes, sizeof(bytes));
}

/* clang-format off */
/*
 * Runs one instruction on this processor with the registers and flags of *f (but RSP). The routine
 * around it, called with RDI = f:
 */
static void run_native(struct trap_frame *f, const uint8_t *insn, unsigned length)
{
	static const uint8_t enter[] = {
		/* push rbx, rbp, r12 to r15, rdi */
		0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57, 0x57,
		/* push [rdi + rflags]; popfq */
		0xFF, 0xB7, offsetof(struct trap_frame, rflags), 0, 0, 0, 0x9D,
	};
	static const uint8_t swap[] = { 0x48, 0x87, 0x3C, 0x24 }; /* xchg rdi, [rsp] */
	static const uint8_t leave[] = {
		/* pushfq; pop [rdi + rflags]; pop [rdi + rdi]; cld; pop all; ret */
		0x9C, 0x8F, 0x87, offsetof(struct trap_frame, rflags), 0, 0, 0,
		0x8F, 0x47, offsetof(struct trap_frame, rdi), 0xFC,
		0x41, 0x5F, 0x41, 0x5E, 0x41, 0x5D, 0x41, 0x5C, 0x5D, 0x5B, 0xC3,
	};
	uint8_t *at = emit(native_code, enter, sizeof(enter));

	/* clang-format on */
	for (unsigned reg = 0; reg < 16; reg++) {
		if (reg != INSN_RSP && reg != INSN_RDI) {
			at = emit_frame_move(at, 0x8B, reg);
		}
	}
	at = emit_frame_move(at, 0x8B, INSN_RDI);
	at = emit(at, insn, length);
	at = emit(at, swap, sizeof(swap));
	for (unsigned reg = 0; reg < 16; reg++) {
		if (reg != INSN_RSP && reg != INSN_RDI) {
			at = emit_frame_move(at, 0x89, reg);
		}
	}
	emit(at, leave, sizeof(leave));

	void (*routine)(struct trap_frame *);
	memcpy(&routine, &native_code, sizeof(routine));
	routine(f);
}

static int native_set_up(void **state)
{
	(void)state;
	native_code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	native_page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return native_code == MAP_FAILED || native_page == MAP_FAILED;
}

/* One form of an instruction with a ModRM byte. */
struct form {
	bool map_0f;
	uint8_t opcode;
	int8_t group;       /* ModRM.reg, or -1: a register operand */
	uint8_t immediate;  /* bytes; 9: 2 or 4 by operand size */
	uint8_t size;       /* of the memory operand; 0: the operand size */
	char access;        /* r, w, m (read and written) */
	uint64_t undefined; /* flags */
};

#define UNDEFINED_BT (RFLAGS_OF | RFLAGS_SF | RFLAGS_AF | RFLAGS_PF)

/* clang-format off */
static const struct form forms[] = {
	{ false, 0x88, -1, 0, 1, 'w', 0 },  { false, 0x89, -1, 0, 0, 'w', 0 },
	{ false, 0x8A, -1, 0, 1, 'r', 0 },  { false, 0x8B, -1, 0, 0, 'r', 0 },
	{ false, 0xC6, 0, 1, 1, 'w', 0 },   { false, 0xC7, 0, 9, 0, 'w', 0 },
	{ false, 0x63, -1, 0, 4, 'r', 0 },  { true, 0xB6, -1, 0, 1, 'r', 0 },
	{ true, 0xB7, -1, 0, 2, 'r', 0 },   { true, 0xBE, -1, 0, 1, 'r', 0 },
	{ true, 0xBF, -1, 0, 2, 'r', 0 },   { false, 0x86, -1, 0, 1, 'm', 0 },
	{ false, 0x87, -1, 0, 0, 'm', 0 },
	/* ADD OR ADC SBB AND SUB XOR CMP with a register */
	{ false, 0x00, -1, 0, 1, 'm', 0 },  { false, 0x01, -1, 0, 0, 'm', 0 },
	{ false, 0x02, -1, 0, 1, 'r', 0 },  { false, 0x03, -1, 0, 0, 'r', 0 },
	{ false, 0x08, -1, 0, 1, 'm', RFLAGS_AF }, { false, 0x09, -1, 0, 0, 'm', RFLAGS_AF },
	{ false, 0x0A, -1, 0, 1, 'r', RFLAGS_AF }, { false, 0x0B, -1, 0, 0, 'r', RFLAGS_AF },
	{ false, 0x10, -1, 0, 1, 'm', 0 },  { false, 0x11, -1, 0, 0, 'm', 0 },
	{ false, 0x12, -1, 0, 1, 'r', 0 },  { false, 0x13, -1, 0, 0, 'r', 0 },
	{ false, 0x18, -1, 0, 1, 'm', 0 },  { false, 0x19, -1, 0, 0, 'm', 0 },
	{ false, 0x1A, -1, 0, 1, 'r', 0 },  { false, 0x1B, -1, 0, 0, 'r', 0 },
	{ false, 0x20, -1, 0, 1, 'm', RFLAGS_AF }, { false, 0x21, -1, 0, 0, 'm', RFLAGS_AF },
	{ false, 0x22, -1, 0, 1, 'r', RFLAGS_AF }, { false, 0x23, -1, 0, 0, 'r', RFLAGS_AF },
	{ false, 0x28, -1, 0, 1, 'm', 0 },  { false, 0x29, -1, 0, 0, 'm', 0 },
	{ false, 0x2A, -1, 0, 1, 'r', 0 },  { false, 0x2B, -1, 0, 0, 'r', 0 },
	{ false, 0x30, -1, 0, 1, 'm', RFLAGS_AF }, { false, 0x31, -1, 0, 0, 'm', RFLAGS_AF },
	{ false, 0x32, -1, 0, 1, 'r', RFLAGS_AF }, { false, 0x33, -1, 0, 0, 'r', RFLAGS_AF },
	{ false, 0x38, -1, 0, 1, 'r', 0 },  { false, 0x39, -1, 0, 0, 'r', 0 },
	{ false, 0x3A, -1, 0, 1, 'r', 0 },  { false, 0x3B, -1, 0, 0, 'r', 0 },
	/* the same with an immediate */
	{ false, 0x80, 0, 1, 1, 'm', 0 },   { false, 0x81, 0, 9, 0, 'm', 0 },
	{ false, 0x83, 0, 1, 0, 'm', 0 },   { false, 0x80, 1, 1, 1, 'm', RFLAGS_AF },
	{ false, 0x81, 1, 9, 0, 'm', RFLAGS_AF }, { false, 0x83, 1, 1, 0, 'm', RFLAGS_AF },
	{ false, 0x80, 2, 1, 1, 'm', 0 },   { false, 0x81, 2, 9, 0, 'm', 0 },
	{ false, 0x83, 3, 1, 0, 'm', 0 },   { false, 0x80, 3, 1, 1, 'm', 0 },
	{ false, 0x80, 4, 1, 1, 'm', RFLAGS_AF }, { false, 0x81, 4, 9, 0, 'm', RFLAGS_AF },
	{ false, 0x83, 4, 1, 0, 'm', RFLAGS_AF }, { false, 0x80, 5, 1, 1, 'm', 0 },
	{ false, 0x81, 5, 9, 0, 'm', 0 },   { false, 0x83, 6, 1, 0, 'm', RFLAGS_AF },
	{ false, 0x80, 7, 1, 1, 'r', 0 },   { false, 0x81, 7, 9, 0, 'r', 0 },
	{ false, 0x83, 7, 1, 0, 'r', 0 },
	{ false, 0x84, -1, 0, 1, 'r', RFLAGS_AF }, { false, 0x85, -1, 0, 0, 'r', RFLAGS_AF },
	{ false, 0xF6, 0, 1, 1, 'r', RFLAGS_AF }, { false, 0xF7, 0, 9, 0, 'r', RFLAGS_AF },
	{ false, 0xF6, 2, 0, 1, 'm', 0 },   { false, 0xF7, 2, 0, 0, 'm', 0 },
	{ false, 0xF6, 3, 0, 1, 'm', 0 },   { false, 0xF7, 3, 0, 0, 'm', 0 },
	{ false, 0xFE, 0, 0, 1, 'm', 0 },   { false, 0xFF, 0, 0, 0, 'm', 0 },
	{ false, 0xFE, 1, 0, 1, 'm', 0 },   { false, 0xFF, 1, 0, 0, 'm', 0 },
	{ true, 0xBA, 4, 1, 0, 'r', UNDEFINED_BT }, { true, 0xBA, 5, 1, 0, 'm', UNDEFINED_BT },
	{ true, 0xBA, 6, 1, 0, 'm', UNDEFINED_BT }, { true, 0xBA, 7, 1, 0, 'm', UNDEFINED_BT },
	{ true, 0xA3, -1, 0, 0, 'r', UNDEFINED_BT }, { true, 0xAB, -1, 0, 0, 'm', UNDEFINED_BT },
	{ true, 0xB3, -1, 0, 0, 'm', UNDEFINED_BT }, { true, 0xBB, -1, 0, 0, 'm', UNDEFINED_BT },
};
/* clang-format on */

/* One access of one instruction: bytes, registers and where it goes. */
struct sample {
	uint8_t bytes[16];
	unsigned length;
	struct trap_frame frame;
	uint64_t address;
};

/* Values at the borders are likelier than chance makes them. */
static uint64_t random_value(void)
{
	static const uint64_t borders[] = { 0,          1,         0x7F,      0x80,      0xFF,
					    0x7FFF,     0x8000,    0xFFFF,    INT32_MAX, BIT64(31),
					    UINT32_MAX, INT64_MAX, BIT64(63), UINT64_MAX };

	return random_next() % 2 == 0 ? random_next() :
					borders[random_next() % ARRAY_COUNT(borders)];
}

static uint64_t *sample_register(struct sample *sample, unsigned reg)
{
	return (uint64_t *)&sample->frame + (reg < INSN_RSP ? reg : reg - 1);
}

static unsigned random_register(void)
{
	unsigned reg;

	do {
		reg = (unsigned)(random_next() % 16);
	} while (reg == INSN_RSP);
	return reg;
}

/* Assembles form with random sizes, registers and addressing, on its own rules. */
static void make_sample(const struct form *form, struct sample *sample)
{
	static const uint8_t operand_sizes[] = { 2, 4, 8 };
	uint8_t operand_size = operand_sizes[random_next() % 3];
	bool bit_offset = form->map_0f && form->group < 0 && (form->opcode & 0xE7) == 0xA3;
	unsigned base = random_register();
	unsigned index = random_register();
	unsigned reg = form->group >= 0 ? (unsigned)form->group : (unsigned)(random_next() % 16);
	unsigned scale = (unsigned)(random_next() % 4);
	bool has_index = random_next() % 2 == 0 && index != base;
	unsigned mod = base % 8 == INSN_RBP ? 1 : (unsigned)(random_next() % 3);
	int32_t displacement = mod == 0 ? 0 : (int8_t)random_next();
	uint64_t immediate = random_value();
	uint8_t *at = sample->bytes;

	if (form->opcode == 0x63 && operand_size == 2) {
		operand_size = 8;
	}
	if (form->group < 0 && (reg == INSN_RSP || (bit_offset && (reg == base || reg == index)))) {
		reg = (base + 1) % 16 == INSN_RSP ? 5 : (base + 1) % 16;
		has_index = false;
	}
	uint8_t size = form->size == 0 ? operand_size : form->size;

	memset(sample, 0, sizeof(*sample));
	for (unsigned i = 0; i < 16; i++) {
		*sample_register(sample, i == INSN_RSP ? 0 : i) = random_value();
	}
	sample->frame.rflags = RFLAGS_FIXED | RFLAGS_IF | (random_next() & ALL_FLAGS);
	sample->address = (uint64_t)native_page + 256 + random_next() % (PAGE - 512);
	if (has_index) {
		*sample_register(sample, index) = random_next() % 1024;
	}
	*sample_register(sample, base) = sample->address - (uint64_t)(int64_t)displacement -
					 (has_index ? *sample_register(sample, index) << scale : 0);
	if (bit_offset) {
		int64_t bit = (int64_t)(random_next() % 1024) - 512;
		int64_t word = 0;

		*sample_register(sample, reg) = (uint64_t)bit;
		while (bit >= 8 * size) {
			bit -= 8 * size;
			word += size;
		}
		while (bit < 0) {
			bit += 8 * size;
			word -= size;
		}
		sample->address += (uint64_t)word;
	}

	if (operand_size == 2) {
		*at++ = 0x66;
	}
	uint8_t rex =
		(uint8_t)((operand_size == 8 ? 8 : 0) | (form->group < 0 && reg >= 8 ? 4 : 0) |
			  (has_index && index >= 8 ? 2 : 0) | (base >= 8 ? 1 : 0));
	if (rex != 0 || random_next() % 4 == 0) {
		*at++ = 0x40 | rex;
	}
	if (form->map_0f) {
		*at++ = 0x0F;
	}
	*at++ = form->opcode;
	bool has_sib = has_index || base % 8 == INSN_RSP;
	*at++ = (uint8_t)(mod << 6 | reg % 8 << 3 | (has_sib ? 4 : base % 8));
	if (has_sib) {
		*at++ = (uint8_t)(scale << 6 | (has_index ? index % 8 : 4) << 3 | base % 8);
	}
	at = emit(at, &displacement, mod == 2 ? 4 : mod);
	unsigned size_z = operand_size == 2 ? 2 : 4;
	unsigned immediate_size = form->immediate != 9 ? form->immediate : size_z;
	at = emit(at, &immediate, immediate_size);
	sample->length = (unsigned)(at - sample->bytes);
}

static void fail_sample(const struct sample *sample, const char *what)
{
	for (unsigned i = 0; i < sample->length; i++) {
		printf("%02x ", sample->bytes[i]);
	}
	printf("\n");
	fail_msg("%s differs from the processor's", what);
}

/* The same bytes in the page and in the device. */
static void fill_device(void)
{
	memset(&host, 0, sizeof(host));
	for (size_t i = 0; i < PAGE; i += 8) {
		uint64_t value = random_value();

		memcpy(native_page + i, &value, 8);
	}
	memcpy(host.device, native_page, PAGE);
}

static void report_access(uint64_t address, uint64_t qualification)
{
	info = (struct ve_info){
		.exit_reason = EXIT_REASON_EPT_VIOLATION,
		.exit_qualification = qualification | EPT_QUAL_GLA_VALID | EPT_QUAL_FINAL,
		.gla = address,
		.gpa = DEVICE_GPA + address % PAGE,
	};
}

static void compare_frames(const struct sample *sample, struct trap_frame native,
			   uint64_t undefined)
{
	uint64_t flags = ALL_FLAGS & ~undefined;

	if (memcmp(&native, &frame, offsetof(struct trap_frame, vector)) != 0) {
		fail_sample(sample, "a register");
	}
	if (((native.rflags ^ frame.rflags) & flags) != 0) {
		fail_sample(sample, "a flag");
	}
	if (memcmp(native_page, host.device, PAGE) != 0) {
		fail_sample(sample, "memory");
	}
}

static void mmio_matches_processor(void **state)
{
	(void)state;
	random_state = 0x5EED;
	fill_device();
	for (unsigned round = 0; round < 200000; round++) {
		const struct form *form = &forms[round % ARRAY_COUNT(forms)];
		struct sample sample;

		if (round % 1024 == 0) {
			fill_device();
		}
		make_sample(form, &sample);
		struct trap_frame native = sample.frame;
		frame = sample.frame;
		memset(code, 0xCC, sizeof(code));
		memcpy(code, sample.bytes, sample.length);
		frame.rip = (uint64_t)code;
		/* What is both read and written may be reported as either. */
		report_access(sample.address, form->access == 'r' ? EPT_QUAL_READ :
					      form->access == 'w' ? EPT_QUAL_WRITE :
								    1 + random_next() % 3);
		host.mmio_reads = 0;
		host.mmio_writes = 0;
		if (handle() != ST_OK || frame.rip != (uint64_t)code + sample.length) {
			fail_sample(&sample, "status or length");
		}
		if (host.mmio_reads != (form->access != 'w') ||
		    host.mmio_writes != (form->access != 'r')) {
			fail_sample(&sample, "count of accesses");
		}
		run_native(&native, sample.bytes, sample.length);
		compare_frames(&sample, native, form->undefined);
	}
}

/* STOS, LODS, MOVS in both directions; repeated, up and down, in all sizes. */
static void mmio_strings_match_processor(void **state)
{
	static const uint8_t opcodes[] = { 0xAA, 0xAB, 0xAC, 0xAD, 0xA4, 0xA5, 0xA4, 0xA5 };
	static uint8_t plain[PAGE], plain_before[PAGE], plain_native[PAGE];

	(void)state;
	random_state = 0x57A1;
	for (unsigned round = 0; round < 20000; round++) {
		uint8_t opcode = opcodes[round % ARRAY_COUNT(opcodes)];
		bool movs = opcode <= 0xA5;
		bool to_device = movs ? round % ARRAY_COUNT(opcodes) >= 6 : opcode <= 0xAB;
		bool repeat = random_next() % 2 == 0;
		bool down = random_next() % 2 == 0;
		uint64_t count = random_next() % 9 + 1;
		uint64_t device_at = (uint64_t)native_page + 512 + random_next() % 2048;
		uint64_t plain_at = (uint64_t)plain + 512 + random_next() % 2048;
		struct sample sample = { 0 };
		uint8_t *at = sample.bytes;

		if (repeat) {
			*at++ = 0xF3;
		}
		unsigned width = (unsigned)(random_next() % 3);
		if (width != 0) {
			*at++ = width == 1 ? 0x66 : 0x48;
		}
		*at++ = opcode;
		sample.length = (unsigned)(at - sample.bytes);

		fill_device();
		memcpy(plain, native_page, PAGE / 2);
		memcpy(plain_before, plain, PAGE);
		sample.frame.rax = random_value();
		sample.frame.rcx = count;
		sample.frame.rsi = to_device ? plain_at : device_at;
		sample.frame.rdi = to_device ? device_at : plain_at;
		sample.frame.rflags = RFLAGS_FIXED | RFLAGS_IF | (down ? RFLAGS_DF : 0);

		struct trap_frame native = sample.frame;
		run_native(&native, sample.bytes, sample.length);
		memcpy(plain_native, plain, PAGE);
		memcpy(plain, plain_before, PAGE);

		frame = sample.frame;
		memcpy(code, sample.bytes, sample.length);
		frame.rip = (uint64_t)code;
		unsigned calls = 0;
		do {
			report_access(to_device ? frame.rdi : frame.rsi,
				      to_device ? EPT_QUAL_WRITE : EPT_QUAL_READ);
			assert_int_equal(handle(), ST_OK);
			calls++;
		} while (frame.rip == (uint64_t)code && calls < 20);
		assert_int_equal(calls, repeat ? count : 1);
		assert_int_equal(frame.rip, (uint64_t)code + sample.length);
		compare_frames(&sample, native, 0);
		assert_memory_equal(plain, plain_native, PAGE);
	}
}

/* The accumulator's absolute moves, which need no native run. */
static void mmio_absolute(void **state)
{
	uint8_t bytes[10] = { 0x48, 0xA1 };
	uint64_t address = LINEAR + 0x88;

	(void)state;
	memcpy(bytes + 2, &address, 8);
	set_up_mmio((const char *)bytes, 10, EPT_QUAL_READ, 0x88);
	memcpy(host.device + 0x88, "\1\2\3\4\5\6\7\x88", 8);
	assert_done(10);
	assert_int_equal(frame.rax, 0x8807060504030201);
	bytes[0] = 0x66;
	bytes[1] = 0xA3;
	set_up_mmio((const char *)bytes, 10, EPT_QUAL_WRITE, 0x88);
	frame.rax = 0xABCD1234;
	assert_done(10);
	assert_int_equal(host.last[0], DEVICE_GPA + 0x88);
	assert_int_equal(host.last[1], 2);
	assert_int_equal(host.last[2], 0x1234);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(io_in),
		cmocka_unit_test(io_out),
		cmocka_unit_test(io_refused),
		cmocka_unit_test(io_lies),
		cmocka_unit_test(io_string_once),
		cmocka_unit_test(io_string_repeated),
		cmocka_unit_test(io_string_address_size),
		cmocka_unit_test(io_string_bound_and_refusal),
		cmocka_unit_test(cpuid),
		cmocka_unit_test(msr),
		cmocka_unit_test(hlt),
		cmocka_unit_test(wbinvd),
		cmocka_unit_test(other_reasons),
		cmocka_unit_test(instruction_length),
		cmocka_unit_test(mmio_disagreements),
		cmocka_unit_test(mmio_unsupported),
		cmocka_unit_test(mmio_refused),
		cmocka_unit_test(mmio_absolute),
		cmocka_unit_test(fetch_at_page_end),
		cmocka_unit_test(mmio_matches_processor),
		cmocka_unit_test(mmio_strings_match_processor),
	};

	return cmocka_run_group_tests(tests, native_set_up, NULL);
}
