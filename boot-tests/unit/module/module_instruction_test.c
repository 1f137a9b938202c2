// Tests of the TDX module: what follows an instruction that it emulates, or gives to the TD as #VE.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/tdx/ve_info.h"
#include "arch/x86/cpu.h"
#include "boot-tests/module/guest/td_cpuid.h"
#include "boot-tests/module/td.h"
#include "boot-tests/unit/module/module_fixture.h"

#define FEATURE7_EDX_PCONFIG BIT32(18)
#define KICKED (TDX_SUCCESS | EXIT_REASON_EXTERNAL_INTERRUPT)

static int setup(void **state)
{
	(void)state;
	fixture_init(fixture_params());
	fixture_vcpus();
	fixture_finalize();
	return 0;
}

static void kick(struct svm_vcpu *svm, unsigned run)
{
	(void)run;
	svm->vmcb->control.exitcode = VMEXIT_NMI;
}

/* The vector of the event that the run after the first one begins with; 0: none. */
static uint64_t vector_after(void (*script)(struct svm_vcpu *svm, unsigned run))
{
	(void)enter(script);
	return field_get(EVENTINJ_VECTOR, fixture.injected);
}

static const struct instruction {
	uint64_t exit;
	uint8_t code[4];
	unsigned length, reason; /* of a #VE */
	uint8_t vector;
} * instruction;

static void instruction_script(struct svm_vcpu *svm, unsigned run)
{
	memcpy(fixture.code, instruction->code, sizeof(instruction->code));
	svm->vmcb->control.exitcode = run == 0 ? instruction->exit : VMEXIT_NMI;
}

static void instructions(void **state)
{
	(void)state;
	static const struct instruction all[] = {
		{ VMEXIT_HLT, { 0xF4 }, 1, EXIT_REASON_HLT, VECTOR_VE },
		{ VMEXIT_INVD, { 0x0F, 0x08 }, 2, EXIT_REASON_INVD, VECTOR_VE },
		{ VMEXIT_WBINVD, { 0x0F, 0x08 }, 2, EXIT_REASON_INVD, VECTOR_VE },
		{ VMEXIT_WBINVD, { 0x0F, 0x09 }, 2, EXIT_REASON_WBINVD, VECTOR_VE },
		{ VMEXIT_WBINVD, { 0xF3, 0x0F, 0x09 }, 3, EXIT_REASON_WBINVD, VECTOR_VE },
		{ VMEXIT_MONITOR, { 0x0F, 0x01, 0xC8 }, 3, EXIT_REASON_MONITOR, VECTOR_VE },
		{ VMEXIT_MWAIT, { 0x0F, 0x01, 0xC9 }, 3, EXIT_REASON_MWAIT, VECTOR_VE },
		{ VMEXIT_MWAIT_COND, { 0x0F, 0x01, 0xC9 }, 3, EXIT_REASON_MWAIT, VECTOR_VE },
		/* ATTRIBUTES.PERFMON is 0, and there is no SVM. */
		{ VMEXIT_RDPMC, { 0x0F, 0x33 }, 0, 0, VECTOR_GP },
		/* An AMD CPU knows neither; and the TD has not been given PCONFIG. */
		{ VMEXIT_EXCP(VECTOR_UD), { 0x0F, 0x01, 0xC1 }, 3, EXIT_REASON_VMCALL, VECTOR_VE },
		{ VMEXIT_EXCP(VECTOR_UD), { 0x0F, 0x01, 0xC5 }, 0, 0, VECTOR_UD },
		{ VMEXIT_VMRUN, { 0x0F, 0x01, 0xD8 }, 0, 0, VECTOR_UD },
		{ VMEXIT_VMMCALL, { 0x0F, 0x01, 0xD9 }, 0, 0, VECTOR_UD },
	};
	uint64_t rip = vmcb()->save.rip;
	struct cpuid_values v;
	assert_true(td_cpuid_read(vcpu(), 7, 0, &v));
	assert_int_equal(v.edx & FEATURE7_EDX_PCONFIG, 0);
	for (size_t i = 0; i < ARRAY_COUNT(all); i++) {
		instruction = &all[i];
		assert_int_equal(vector_after(instruction_script), all[i].vector);
		assert_int_equal(vmcb()->save.rip, rip);
		if (all[i].vector == VECTOR_VE) {
			assert_int_equal(vcpu()->ve.exit_reason, all[i].reason);
			assert_int_equal(vcpu()->ve.exit_qualification, 0);
			assert_int_equal(vcpu()->ve.instruction_length, all[i].length);
		}
		vcpu()->ve.valid = 0;
	}
}

static const struct step {
	uint64_t exit;
	uint64_t msr_write;
	uint8_t code[4];
	unsigned length;
} * step;

static void step_script(struct svm_vcpu *svm, unsigned run)
{
	struct vmcb *v = svm->vmcb;
	memcpy(fixture.code, step->code, sizeof(step->code));
	v->control.exitcode = run == 0 ? step->exit : VMEXIT_NMI;
	v->control.exitinfo1 = step->msr_write;
}

/* The vector that the instruction is followed by; 0: none. */
static uint64_t step_over(const struct step *what)
{
	struct vmcb *v = vmcb();
	uint64_t rip = v->save.rip;
	step = what;
	v->control.interrupt_shadow = 1;
	v->save.dr6 = 0;
	uint64_t vector = vector_after(step_script);
	if (vector != VECTOR_VE) {
		assert_int_equal(v->save.rip, rip + what->length);
		assert_int_equal(v->control.interrupt_shadow, 0);
	}
	assert_int_equal(v->save.dr6, vector == VECTOR_DB ? DR6_BS : 0);
	return vector;
}

/* advance_guest_rip() of the module: with RFLAGS.TF a trap pends after each emulated instruction,
 * unless DEBUGCTL.BTF asks for branches; after one that ends in an exception there is none. */
static void single_step(void **state)
{
	(void)state;
	static const struct step cpuid = { VMEXIT_CPUID, 0, { 0x0F, 0xA2 }, 2 };
	static const struct step hlt_step = { VMEXIT_HLT, 0, { 0xF4 }, 1 };
	static const struct step steps[] = {
		{ VMEXIT_CPUID, 0, { 0x0F, 0xA2 }, 2 },
		{ VMEXIT_MSR, 0, { 0x0F, 0x32 }, 2 },
		{ VMEXIT_CR4_WRITE, 0, { 0x0F, 0x22, 0xE2 }, 3 }, /* mov cr4, rdx */
		{ VMEXIT_EXCP(VECTOR_UD), 0, { 0x66, 0x0F, 0x01, 0xCC }, 4 },
	};
	vmcb()->save.efer |= EFER_LMA;
	vmcb()->save.cs.attrib = VMCB_ATTRIB_CODE64;
	for (unsigned i = 0; i < ARRAY_COUNT(steps); i++) {
		for (unsigned tf = 0; tf < 2; tf++) {
			vmcb()->save.rflags = RFLAGS_FIXED | (tf != 0 ? RFLAGS_TF : 0);
			gpr()[RAX] = TDG_VP_INFO;
			gpr()[RCX] = MSR_EFER;
			gpr()[RDX] = CR4_MCE | CR4_PAE;
			assert_int_equal(step_over(&steps[i]), tf != 0 ? VECTOR_DB : 0);
		}
	}
	assert_int_equal(step_over(&hlt_step), VECTOR_VE);
	vcpu()->ve.valid = 0;

	/* The write that sets BTF is followed by no trap, the one that clears it is. */
	static const struct step wrmsr = { VMEXIT_MSR, MSR_EXIT_WRITE, { 0x0F, 0x30 }, 2 };
	gpr()[RCX] = MSR_IA32_DEBUGCTL;
	gpr()[RAX] = DEBUGCTL_BTF;
	gpr()[RDX] = 0;
	assert_int_equal(step_over(&wrmsr), 0);
	gpr()[RAX] = 0;
	assert_int_equal(step_over(&cpuid), 0);
	gpr()[RCX] = MSR_IA32_DEBUGCTL;
	gpr()[RAX] = 0;
	gpr()[RDX] = 0;
	assert_int_equal(step_over(&wrmsr), VECTOR_DB);
	vmcb()->save.rflags = RFLAGS_FIXED;
}

/* A TDVMCALL is over when the host has answered it; the trap comes then. */
static void single_step_behind_tdvmcall(void **state)
{
	(void)state;
	vmcb()->save.rflags = RFLAGS_FIXED | RFLAGS_TF;
	bool exited;
	assert_status(tdcall_of_td(TDG_VP_VMCALL, 0xFC00, 0, 0, 0, &exited), EXIT_REASON_TDCALL);
	assert_true(exited);
	assert_int_equal(fixture.injected, 0);
	assert_status(enter(kick), KICKED);
	assert_int_equal(field_get(EVENTINJ_VECTOR, fixture.injected), VECTOR_DB);
	vmcb()->save.rflags = RFLAGS_FIXED;
}

/* When an NMI could have come, by VMRUN. */
static bool nmi_blocked[3];

static void hlt_then_veinfo(struct svm_vcpu *svm, unsigned run)
{
	static const uint8_t bytes[] = { 0x66, 0x0F, 0x01, 0xCC };
	nmi_blocked[run] = svm->nmi_blocked;
	if (run == 0) {
		fixture.code[0] = 0xF4;
		svm->vmcb->control.exitcode = VMEXIT_HLT;
		return;
	}
	memcpy(fixture.code, bytes, sizeof(bytes));
	svm->vmcb->save.efer |= EFER_LMA;
	svm->vmcb->save.cs.attrib = VMCB_ATTRIB_CODE64;
	svm->gpr[RAX] = TDG_VP_VEINFO_GET;
	svm->vmcb->control.exitcode = run == 1 ? VMEXIT_EXCP(VECTOR_UD) : VMEXIT_NMI;
}

static void nmi_waits_for_veinfo_get(void **state)
{
	(void)state;
	assert_status(enter(hlt_then_veinfo), KICKED);
	assert_false(nmi_blocked[0]);
	assert_true(nmi_blocked[1]);
	assert_false(nmi_blocked[2]);
	assert_int_equal(vcpu()->ve.valid, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(instructions, setup),
		cmocka_unit_test_setup(single_step, setup),
		cmocka_unit_test_setup(single_step_behind_tdvmcall, setup),
		cmocka_unit_test_setup(nmi_waits_for_veinfo_get, setup),
	};
	return cmocka_run_group_tests(tests, fixture_load, NULL);
}
