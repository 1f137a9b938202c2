// Tests of the verdicts: the exit status and the words of each end.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arch/tdx/module.h"
#include "boot-tests/machine/exit.h"

static struct verdict verdict;
static struct {
	enum machine_exit_code code;
	char text[VERDICT_TEXT_SIZE];
	jmp_buf here;
} left;

_Noreturn void machine_exit(enum machine_exit_code code, const char *format, ...)
{
	va_list args;
	left.code = code;
	va_start(args, format);
	vsnprintf(left.text, sizeof(left.text), format, args);
	va_end(args);
	longjmp(left.here, 1);
}

/* The verdict just given; then there is none. */
static void expect(enum machine_exit_code code, const char *text)
{
	assert_true(verdict.given);
	assert_int_equal(verdict.code, code);
	assert_string_equal(verdict.text, text);
	assert_int_equal(verdict_shows_vcpu(&verdict), code == EXIT_TD_STOPPED);
	assert_int_equal(verdict_shows_all(&verdict), code == EXIT_TIMEOUT);
	memset(&verdict, 0, sizeof(verdict));
}

static void what_the_td_does(void **state)
{
	(void)state;
	verdict_power_off(&verdict);
	expect(EXIT_POWER_OFF, "TD powered itself off");
	verdict_sleep(&verdict, 5);
	expect(EXIT_TD_STOPPED, "TD asked for sleep type 5");
	verdict_reset(&verdict, 6, 0xCF9);
	expect(EXIT_RESET, "TD asked for a reset: 0x6 to port 0xcf9");
	verdict_fatal_error(&verdict, 3, 0x10000, "text", "");
	expect(EXIT_FATAL_ERROR, "TD reported fatal error 0x10000 by vCPU 3: text");
	verdict_fatal_error(&verdict, 3, 0, "text", "more");
	expect(EXIT_FATAL_ERROR, "TD reported fatal error 0x0 by vCPU 3: text | more");
	verdict_bad_fatal_code(&verdict, 2, 0x10001, "text");
	expect(EXIT_TD_STOPPED,
	       "ReportFatalError of vCPU 2 with code 0x10001: QEMU refuses one whose low 16 bits "
	       "are not 0, and shows no text; it was: text");
	verdict_secret_in_register(&verdict, 1, "r13", 0x20);
	expect(EXIT_TD_STOPPED, "vCPU 1 shows the secret: r13 of TDVMCALL 0x20");
	verdict_secret_in_memory(&verdict, gpa(0x1234));
	expect(EXIT_TD_STOPPED, "the TD shows the secret: shared memory at GPA 0x1234");
	verdict_all_halted(&verdict);
	expect(EXIT_TD_STOPPED, "all vCPUs halted with interrupts off");
	verdict_vcpu_died(&verdict, 1, 0x12, true);
	expect(EXIT_VCPU_DIED, "vCPU 1 died: triple fault (status 0x0000000000000012)");
	verdict_vcpu_died(&verdict, 1, 0x12, false);
	expect(EXIT_VCPU_DIED, "vCPU 1 died: no way to go on (status 0x0000000000000012)");
}

/* The words of the answers that end the TD stand in vcpu_test and mmu_test. */
static void a_page_that_is_mapped_ends_nothing(void **state)
{
	(void)state;
	verdict_memory(&verdict, MMU_FIXED, 1, gpa(0x1000), NULL);
	assert_false(verdict.given);
	verdict_memory(&verdict, MMU_SPURIOUS, 1, gpa(0x1000), NULL);
	assert_false(verdict.given);
}

static void what_the_host_cannot_do(void **state)
{
	(void)state;
	static const struct seam_failure failure = { "TDH_MNG_INIT", 0x5000, { 0xC0DE, 1, 2, 3 } };
	verdict_endless_fault(&verdict, 1, 0x7000);
	expect(EXIT_TD_STOPPED, "host: vCPU 1 faults on GPA 0x7000 again and again");
	verdict_enter_failed(&verdict, 1, 0xC0DE);
	expect(EXIT_TD_STOPPED, "host: TDH_VP_ENTER of vCPU 1 failed: 0x000000000000c0de");
	verdict_enter_failed(&verdict, 0, TDX_NON_RECOVERABLE_TD_NON_ACCESSIBLE);
	expect(EXIT_TD_STOPPED, "host: TDH_VP_ENTER of vCPU 0 failed: 0x6000000500000000: "
				"integrity error of the TD's memory");
	verdict_unknown_exit(&verdict, 1, 10, 0x7000);
	expect(EXIT_TD_STOPPED,
	       "TD exit of vCPU 1, reason 10, GPA 0x7000: the host knows no answer");
	verdict_seam_failed(&verdict, &failure);
	expect(EXIT_TD_STOPPED,
	       "host: TDH_MNG_INIT(RCX 0x5000) failed: 0x000000000000c0de, RCX 0x1, RDX 0x2");
	verdict_not_built(&verdict, &failure);
	expect(EXIT_TD_STOPPED, "host: the TD cannot be built: TDH_MNG_INIT(RCX 0x5000) failed: "
				"0x000000000000c0de, RCX 0x1, RDX 0x2");
	verdict_no_module(&verdict);
	expect(EXIT_TD_STOPPED,
	       "host: TDX module initialization failed: tdrun --machine-log says more");
	verdict_no_madt(&verdict);
	expect(EXIT_TD_STOPPED, "QEMU's ACPI tables have no MADT");
}

static void what_ends_the_run(void **state)
{
	(void)state;
	verdict_setup(&verdict, "kernel of 0x%x bytes: too small", 7);
	expect(EXIT_SETUP, "kernel of 0x7 bytes: too small");
	verdict_timeout(&verdict);
	expect(EXIT_TIMEOUT, "the time is over");
	verdict_closing(&verdict);
	expect(EXIT_TD_STOPPED, "the first TD has ended");
	verdict_reset(&verdict, 0xFE, 0x64);
	if (setjmp(left.here) == 0) {
		verdict_exit(&verdict);
	}
	assert_int_equal(left.code, EXIT_RESET);
	assert_string_equal(left.text, verdict.text);
	if (setjmp(left.here) == 0) {
		verdict_bug("%u frames are missing", 3);
	}
	assert_int_equal(left.code, EXIT_BUG);
	assert_string_equal(left.text, "bug of the machine: 3 frames are missing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_td_does),
		cmocka_unit_test(a_page_that_is_mapped_ends_nothing),
		cmocka_unit_test(what_the_host_cannot_do),
		cmocka_unit_test(what_ends_the_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
