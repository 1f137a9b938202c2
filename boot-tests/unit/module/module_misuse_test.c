// Tests of what people are told when a TD does what it may not: each kind, its line, and how often.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/guest/misuse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arch/tdx/ghci.h"
#include "arch/tdx/ve_info.h"
#include "arch/x86/cpu.h"
#include "boot-tests/machine/console.h"
#include "boot-tests/module/td.h"
#include "boot-tests/unit/module/module_fixture.h"

#define ADDRESS UINT64_C(0x40000000)

static char told[2000]; /* lines for people */

void console_line(char tag, const char *format, ...)
{
	size_t used = strlen(told);
	va_list args;
	va_start(args, format);
	if (tag == 'N') {
		used += (size_t)vsnprintf(told + used, sizeof(told) - used, format, args);
		snprintf(told + used, sizeof(told) - used, "\n");
	}
	va_end(args);
}

static int setup(void **state)
{
	(void)state;
	told[0] = 0;
	fixture_init(fixture_params());
	fixture_vcpus();
	fixture_tables(ADDRESS);
	assert_status(call(TDH_MEM_PAGE_ADD, ADDRESS, fixture.tdr, fixture_frame(PG_4K),
			   fixture_frame(PG_4K)),
		      TDX_SUCCESS);
	fixture_finalize();
	vmcb()->save.rip = 0x1234;
	return 0;
}

/* The only line is about this, with this value; then there is none. */
static void must_tell(const char *what)
{
	char begin[160];
	snprintf(begin, sizeof(begin), "vCPU 0, RIP 0x1234: %s: ", what);
	if (strncmp(told, begin, strlen(begin)) != 0) {
		fail_msg("'%s' is not '%s'", told, begin);
	}
	assert_ptr_equal(strchr(told, '\n'), told + strlen(told) - 1);
	told[0] = 0;
}

static void tdcalls(void **state)
{
	(void)state;
	bool exited;
	assert_status(tdcall_of_td(TDG_MEM_PAGE_ACCEPT, ADDRESS, 0, 0, 0, &exited),
		      TDX_PAGE_ALREADY_ACCEPTED);
	must_tell("accepts a page that it has already, GPA 0x40000000");
	vmcb()->save.rip = 0x1234;
	assert_status(tdcall_of_td(TDG_VP_VMCALL, TDVMCALL_EXPOSE_ALL | TDVMCALL_GPR_RBP, 0, 0, 0,
				   &exited),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	must_tell("has RBP in the mask of a TDVMCALL, RCX 0xffec");
	/* Wrong in another way. */
	assert_status(tdcall_of_td(TDG_VP_VMCALL, BIT64(4), 0, 0, 0, &exited),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	assert_string_equal(told, "");
}

static const uint8_t *code;
static uint64_t exit_code;

static void instruction(struct svm_vcpu *svm, unsigned run)
{
	memcpy(fixture.code, code, 4);
	svm->vmcb->control.exitinfo1 = exit_code == VMEXIT_MSR ? MSR_EXIT_WRITE : 0;
	svm->vmcb->control.exitcode = run == 0 ? exit_code : VMEXIT_NMI;
}

static void execute(uint64_t exit, const uint8_t *bytes)
{
	exit_code = exit;
	code = bytes;
	vmcb()->save.efer |= EFER_LMA;
	vmcb()->save.cs.attrib = VMCB_ATTRIB_CODE64;
	vmcb()->save.rip = 0x1234;
	(void)enter(instruction);
	vcpu()->ve.valid = 0;
}

static void instructions(void **state)
{
	(void)state;
	static const uint8_t wrmsr[4] = { 0x0F, 0x30 };
	static const uint8_t mov_cr4_rdx[4] = { 0x0F, 0x22, 0xE2 };
	uint64_t efer = vmcb()->save.efer & ~(EFER_SVME | EFER_LMA);
	gpr()[RCX] = MSR_EFER;
	gpr()[RDX] = 0;
	gpr()[RAX] = efer & ~EFER_NXE;
	execute(VMEXIT_MSR, wrmsr);
	must_tell(efer == (EFER_LME | EFER_NXE) ?
			  "changes a bit of EFER that is not SCE, EFER 0x100" :
			  "changes a bit of EFER that is not SCE, EFER 0x101");
	gpr()[RAX] = efer ^ EFER_SCE;
	execute(VMEXIT_MSR, wrmsr);
	assert_string_equal(told, "");
	gpr()[RDX] = CR4_PAE;
	execute(VMEXIT_CR4_WRITE, mov_cr4_rdx);
	must_tell("clears CR4.MCE, CR4 0x20");
	gpr()[RDX] = CR4_PAE | CR4_MCE | CR4_VMXE; /* a #VE, too */
	execute(VMEXIT_CR4_WRITE, mov_cr4_rdx);
	gpr()[RDX] = CR4_PAE | CR4_MCE;
	execute(VMEXIT_CR4_WRITE, mov_cr4_rdx);
	assert_string_equal(told, "");
}

/* A fifth time says nothing new. */
static void a_line_is_told_a_few_times(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MISUSE_TOLD_MAX; i++) {
		misuse(vcpu(), MISUSE_NOT_MAPPED, 0x1000 * i);
		assert_non_null(strstr(told, "[SDM 3A 6.15, #DF]\n"));
		told[0] = 0;
	}
	misuse(vcpu(), MISUSE_NOT_MAPPED, 0x7000);
	assert_string_equal(told, "");
	misuse(vcpu(), MISUSE_NOT_ACCEPTED, 0x7000);
	must_tell("uses a page before it has accepted it, GPA 0x7000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(tdcalls, setup),
		cmocka_unit_test_setup(instructions, setup),
		cmocka_unit_test_setup(a_line_is_told_a_few_times, setup),
	};
	return cmocka_run_group_tests(tests, fixture_load, NULL);
}
