// Requests to the host: registers out, answers in, and hosts that refuse or lie.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/tdx/vmcall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "boot-tests/unit/assert_within.h"
#include "boot-tests/unit/shim/fake_tdcall.h"
#include "boot-tests/unit/shim/refusals.h"

#define FAKE_ARGUMENTS                                                                         \
	(FAKE_RAX | FAKE_RCX | FAKE_RDX | FAKE_RBX | FAKE_RSI | FAKE_RDI | FAKE_R8 | FAKE_R9 | \
	 FAKE_R10 | FAKE_R11 | FAKE_R12 | FAKE_R13 | FAKE_R14 | FAKE_R15)

/* Every exposed register is checked: nothing of ours leaks through one that is no argument. */
#define CALL(function, ...)      \
	.check = FAKE_ARGUMENTS, \
	.in = { .rax = TDG_VP_VMCALL, .rcx = TDVMCALL_EXPOSE_ALL, .r11 = (function), __VA_ARGS__ }
#define SCRIPT(calls) fake_script(calls, (unsigned)ARRAY_COUNT(calls))

static void io_read_is_masked(void **state)
{
	(void)state;
	static const struct fake_call calls[] = {
		{ CALL(TDVMCALL_IO, .r12 = 1, .r14 = 0x3FD), .answer = FAKE_R11,
		  .out = { .r11 = 0xFFFFFFFFFFFFFF60 } },
		{ CALL(TDVMCALL_IO, .r12 = 2, .r14 = 0x510), .answer = FAKE_R11,
		  .out = { .r11 = 0xFFFFFFFFFFFF1234 } },
		{ CALL(TDVMCALL_IO, .r12 = 4, .r14 = 0xCFC), .answer = FAKE_R11,
		  .out = { .r11 = 0xFFFFFFFF12345678 } },
	};
	uint32_t value;
	SCRIPT(calls);
	assert_int_equal(vmcall_io_read(0x3FD, 1, &value), ST_OK);
	assert_int_equal(value, 0x60);
	assert_int_equal(vmcall_io_read(0x510, 2, &value), ST_OK);
	assert_int_equal(value, 0x1234);
	assert_int_equal(vmcall_io_read(0xCFC, 4, &value), ST_OK);
	assert_int_equal(value, 0x12345678);
	fake_done();
}

static void writes_hand_over_size_bytes(void **state)
{
	(void)state;
	static const struct fake_call calls[] = {
		{ CALL(TDVMCALL_IO, .r12 = 1, .r13 = 1, .r14 = 0x3F8, .r15 = 0x41) },
		{ CALL(TDVMCALL_IO, .r12 = 4, .r13 = 1, .r14 = 0xCF8, .r15 = 0x80000000) },
		{ CALL(TDVMCALL_MMIO, .r12 = 8, .r13 = 1, .r14 = 0x8000FED00000,
		       .r15 = 0x1122334455667788) },
		{ CALL(TDVMCALL_MMIO, .r12 = 2, .r13 = 1, .r14 = 0x8000FED00000, .r15 = 0x7788) },
		{ CALL(TDVMCALL_WRMSR, .r12 = 0x830, .r13 = 0x1FF00004500) },
		{ CALL(TDVMCALL_WBINVD, .r12 = 0) },
		{ CALL(TDVMCALL_HLT, .r12 = 1) },
		{ CALL(TDVMCALL_HLT, .r12 = 0) },
	};
	SCRIPT(calls);
	assert_int_equal(vmcall_io_write(0x3F8, 1, 0xABCDEF41), ST_OK);
	assert_int_equal(vmcall_io_write(0xCF8, 4, 0x80000000), ST_OK);
	assert_int_equal(vmcall_mmio_write(0x8000FED00000, 8, 0x1122334455667788), ST_OK);
	assert_int_equal(vmcall_mmio_write(0x8000FED00000, 2, 0x1122334455667788), ST_OK);
	assert_int_equal(vmcall_wrmsr(0x830, 0x1FF00004500), ST_OK);
	assert_int_equal(vmcall_wbinvd(), ST_OK);
	assert_int_equal(vmcall_hlt(true), ST_OK);
	assert_int_equal(vmcall_hlt(false), ST_OK);
	fake_done();
}

static void reads_return_what_the_host_says(void **state)
{
	(void)state;
	static const struct fake_call calls[] = {
		{ CALL(TDVMCALL_RDMSR, .r12 = 0x1B), .answer = FAKE_R11,
		  .out = { .r11 = 0xFEE00D00 } },
		{ CALL(TDVMCALL_MMIO, .r12 = 8, .r14 = 0x8000FED00000), .answer = FAKE_R11,
		  .out = { .r11 = 0x1122334455667788 } },
		{ CALL(TDVMCALL_MMIO, .r12 = 1, .r14 = 0x8000FED00000), .answer = FAKE_R11,
		  .out = { .r11 = 0x1122334455667788 } },
		{ CALL(TDVMCALL_CPUID, .r12 = 0xB, .r13 = 1),
		  .answer = FAKE_R12 | FAKE_R13 | FAKE_R14 | FAKE_R15,
		  .out = { .r12 = 0xFFFFFFFF00000001, .r13 = 2, .r14 = 3, .r15 = 4 } },
	};
	uint64_t value;
	struct cpuid_result cpuid;
	SCRIPT(calls);
	assert_int_equal(vmcall_rdmsr(0x1B, &value), ST_OK);
	assert_int_equal(value, 0xFEE00D00);
	assert_int_equal(vmcall_mmio_read(0x8000FED00000, 8, &value), ST_OK);
	assert_int_equal(value, 0x1122334455667788);
	assert_int_equal(vmcall_mmio_read(0x8000FED00000, 1, &value), ST_OK);
	assert_int_equal(value, 0x88);
	assert_int_equal(vmcall_cpuid(0xB, 1, &cpuid), ST_OK);
	assert_int_equal(cpuid.eax, 1);
	assert_int_equal(cpuid.ebx, 2);
	assert_int_equal(cpuid.ecx, 3);
	assert_int_equal(cpuid.edx, 4);
	fake_done();
}

static uint64_t refuse_with;
static uint64_t refuse_host(struct tdcall_regs *regs)
{
	regs->r10 = refuse_with;
	regs->r11 = regs->r12 = regs->r13 = regs->r14 = regs->r15 = 0xBAD;
	return TDX_SUCCESS;
}

static uint64_t refuse_module(struct tdcall_regs *regs)
{
	regs->r11 = regs->r12 = 0xBAD;
	return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
}

/* answer: the register and its value, as the text has them. */
static void assert_call_refused(enum status got, enum status status, const char *call,
				const char *answer)
{
	char text[80];
	snprintf(text, sizeof(text), "TDVMCALL<%s: %s", call, answer);
	assert_refusal(got, status, text);
}

static void every_call_fails_with(enum status status, const char *answer)
{
	uint32_t value32 = 5;
	uint64_t value = 6;
	struct cpuid_result cpuid = { 7, 7, 7, 7 };
	struct gpa_range page = { gpa(0x1000), 0x1000 };
	assert_call_refused(vmcall_io_read(1, 1, &value32), status, "I/O> of 0x1", answer);
	assert_call_refused(vmcall_io_write(1, 1, 0), status, "I/O> of 0x1", answer);
	assert_call_refused(vmcall_rdmsr(1, &value), status, "RDMSR> of 0x1", answer);
	assert_call_refused(vmcall_wrmsr(1, 0), status, "WRMSR> of 0x1", answer);
	assert_call_refused(vmcall_cpuid(1, 0, &cpuid), status, "CPUID> of 0x1", answer);
	assert_call_refused(vmcall_hlt(true), status, "HLT> of 0x1", answer);
	assert_call_refused(vmcall_mmio_read(1, 1, &value), status, "MMIO> of 0x1", answer);
	assert_call_refused(vmcall_mmio_write(1, 1, 0), status, "MMIO> of 0x1", answer);
	assert_call_refused(vmcall_wbinvd(), status, "WBINVD> of 0x0", answer);
	assert_call_refused(vmcall_map_gpa(page, SHARE_SHARED, 48), status,
			    "MapGPA> of 0x800000001000", answer);
	assert_int_equal(value32, 5);
	assert_int_equal(value, 6);
	assert_int_equal(cpuid.eax + cpuid.ebx + cpuid.ecx + cpuid.edx, 28);
}

static void refusals_leave_results_alone(void **state)
{
	(void)state;
	static const uint64_t answers[] = {
		TDVMCALL_INVALID_OPERAND,
		TDVMCALL_SUBFUNC_UNSUPPORTED,
		TDVMCALL_GPA_INUSE,
		TDVMCALL_ALIGN_ERROR,
		2,
		UINT64_MAX,
	};
	for (unsigned i = 0; i < ARRAY_COUNT(answers); i++) {
		refuse_with = answers[i];
		fake_handler(refuse_host);
		char answer[40];
		snprintf(answer, sizeof(answer), "R10 0x%lx", answers[i]);
		every_call_fails_with(ST_HOST_REFUSED, answer);
	}
	fake_handler(refuse_module);
	every_call_fails_with(ST_TDX, "RAX 0xc000010000000001");
}

#define SHARED BIT64(47)
#define START (UINT64_C(0x200000) | SHARED)
#define SIZE UINT64_C(0x10000)
static const struct gpa_range sixteen_pages = { { 0x200000 }, 0x10000 };

#define MAP(start, size, status, next)                                 \
	{                                                              \
		CALL(TDVMCALL_MAP_GPA, .r12 = (start), .r13 = (size)), \
			.answer = FAKE_R10 | FAKE_R11,                 \
			.out = {.r10 = (status),                       \
				.r11 = (next) }                        \
	}

static void map_gpa_goes_on_where_the_host_says(void **state)
{
	(void)state;
	static const struct fake_call calls[] = {
		MAP(START, SIZE, TDVMCALL_RETRY, START + 0x1000),
		MAP(START + 0x1000, SIZE - 0x1000, TDVMCALL_RETRY, START + 0xF000),
		MAP(START + 0xF000, 0x1000, TDVMCALL_SUCCESS, 0),
	};
	SCRIPT(calls);
	assert_int_equal(vmcall_map_gpa(sixteen_pages, SHARE_SHARED, 48), ST_OK);
	fake_done();
}

static void map_gpa_goes_on_without_the_shared_bit(void **state)
{
	(void)state;
	static const struct fake_call calls[] = {
		MAP(START, SIZE, TDVMCALL_RETRY, 0x201000),
		MAP(START + 0x1000, SIZE - 0x1000, TDVMCALL_RETRY, 0x201000),
		MAP(START + 0x1000, SIZE - 0x1000, TDVMCALL_RETRY, START + 0xF000),
		MAP(START + 0xF000, 0x1000, TDVMCALL_SUCCESS, 0),
	};
	SCRIPT(calls);
	assert_int_equal(vmcall_map_gpa(sixteen_pages, SHARE_SHARED, 48), ST_OK);
	fake_done();
}

static void map_gpa_to_private_has_no_shared_bit(void **state)
{
	(void)state;
	static const struct fake_call calls[] = { MAP(0x200000, SIZE, TDVMCALL_SUCCESS, 0) };
	SCRIPT(calls);
	assert_int_equal(vmcall_map_gpa(sixteen_pages, SHARE_PRIVATE, 52), ST_OK);
	fake_done();
}

static void map_gpa_up_to_the_shared_bit(void **state)
{
	(void)state;
	struct gpa_range last = { gpa(SHARED - 0x2000), 0x2000 };
	static const struct fake_call calls[] = {
		MAP(2 * SHARED - 0x2000, 0x2000, TDVMCALL_RETRY, 2 * SHARED - 0x1000),
		MAP(2 * SHARED - 0x1000, 0x1000, TDVMCALL_SUCCESS, 0),
	};
	SCRIPT(calls);
	assert_int_equal(vmcall_map_gpa(last, SHARE_SHARED, 48), ST_OK);
	fake_done();
}

static void map_gpa_refuses_a_lie(void **state)
{
	(void)state;
	static const uint64_t lies[] = {
		START - 0x1000,        /* backwards */
		START + SIZE,          /* the end, without success */
		START + SIZE + 0x1000, /* after the end */
		START + 0x800,         /* unaligned */
		0x200000 - 0x1000,     /* the same without the SHARED bit */
		0x200000 + SIZE,
		(START + 0x1000) | BIT64(51), /* a bit beyond the GPA */
		0,
		UINT64_MAX & ~UINT64_C(0xFFF),
	};
	for (unsigned i = 0; i < ARRAY_COUNT(lies); i++) {
		const struct fake_call calls[] = { MAP(START, SIZE, TDVMCALL_RETRY, lies[i]) };
		SCRIPT(calls);
		char text[80];
		snprintf(text, sizeof(text), "TDVMCALL<MapGPA> of 0x800000200000: R11 0x%lx",
			 lies[i]);
		assert_refusal(vmcall_map_gpa(sixteen_pages, SHARE_SHARED, 48), ST_HOST_LIED, text);
		fake_done();
	}
}

static void map_gpa_refuses_going_back_later(void **state)
{
	(void)state;
	static const struct fake_call calls[] = {
		MAP(START, SIZE, TDVMCALL_RETRY, START + 0x8000),
		MAP(START + 0x8000, SIZE - 0x8000, TDVMCALL_RETRY, START + 0x7000),
	};
	SCRIPT(calls);
	assert_refusal(vmcall_map_gpa(sixteen_pages, SHARE_SHARED, 48), ST_HOST_LIED,
		       "TDVMCALL<MapGPA> of 0x800000208000: R11 0x800000207000");
	fake_done();
}

static uint64_t stall(struct tdcall_regs *regs)
{
	regs->r10 = TDVMCALL_RETRY;
	regs->r11 = regs->r12;
	return TDX_SUCCESS;
}

static void map_gpa_without_progress_ends(void **state)
{
	(void)state;
	fake_handler(stall);
	assert_refusal(vmcall_map_gpa(sixteen_pages, SHARE_SHARED, 48), ST_TIMEOUT,
		       "TDVMCALL<MapGPA> of 0x800000200000: RETRY");
	assert_within(fake_count(), 1, 1000);
}

/* The report never returns: the second call leaves by longjmp. */
static jmp_buf escape;
static struct tdcall_regs reported;
static uint64_t catch_report(struct tdcall_regs *regs)
{
	if (regs->r11 == TDVMCALL_REPORT_FATAL_ERROR) {
		reported = *regs;
		return TDX_SUCCESS;
	}
	assert_int_equal(regs->r11, TDVMCALL_HLT);
	longjmp(escape, 1);
}

static void fatal_text_is_in_register_order(void **state)
{
	(void)state;
	static const char text[] = "0000000"
				   "011111111222222223333333344444444555555556666666677777777";
	fake_handler(catch_report);
	if (setjmp(escape) == 0) {
		vmcall_report_fatal(0, text);
	}
	const uint64_t words[] = { reported.r14, reported.r15, reported.rbx, reported.rdi,
				   reported.rsi, reported.r8,  reported.r9,  reported.rdx };
	assert_memory_equal(words, text, TDVMCALL_FATAL_MESSAGE_SIZE);
	assert_int_equal(reported.r12, 0);
	assert_int_equal(reported.r13, 0);
	assert_int_equal(reported.rcx, TDVMCALL_EXPOSE_ALL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(io_read_is_masked),
		cmocka_unit_test(writes_hand_over_size_bytes),
		cmocka_unit_test(reads_return_what_the_host_says),
		cmocka_unit_test(refusals_leave_results_alone),
		cmocka_unit_test(map_gpa_goes_on_where_the_host_says),
		cmocka_unit_test(map_gpa_goes_on_without_the_shared_bit),
		cmocka_unit_test(map_gpa_to_private_has_no_shared_bit),
		cmocka_unit_test(map_gpa_up_to_the_shared_bit),
		cmocka_unit_test(map_gpa_refuses_a_lie),
		cmocka_unit_test(map_gpa_refuses_going_back_later),
		cmocka_unit_test(map_gpa_without_progress_ends),
		cmocka_unit_test(fatal_text_is_in_register_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
