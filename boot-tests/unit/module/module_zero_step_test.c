// Tests of the zero-step defence: what counts as a fault without progress, and what a vCPU then
// needs.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "arch/tdx/ve_info.h"
#include "arch/x86/cpu.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/module/memory/sept.h"
#include "boot-tests/module/td.h"
#include "boot-tests/unit/module/module_fixture.h"

#define ADDRESS UINT64_C(0x40000000)
#define PAGE UINT64_C(0x1000)
#define SHARED UINT64_C(0x800000000000)
#define KICKED (TDX_SUCCESS | EXIT_REASON_EXTERNAL_INTERRUPT)
#define VIOLATION (TDX_SUCCESS | EXIT_REASON_EPT_VIOLATION)
#define REFUSED (TDX_OPERAND_BUSY | TDX_OPERAND_SEPT_TREE)

/* What the TD does at RIP, if that page is not there. */
static uint64_t touched, rip;
static bool exited;

static void touch_script(struct svm_vcpu *svm, unsigned run)
{
	struct vmcb_control *control = &svm->vmcb->control;
	uint64_t value = sept_walk(tdcs()->sept_root, gpa(touched & ~SHARED), PG_4K).value;
	svm->vmcb->save.rip = rip;
	control->exitcode = VMEXIT_NMI;
	if (run == 0 && (value & PTE_P) == 0) {
		control->exitcode = VMEXIT_NPF;
		control->exitinfo1 = NPF_FINAL | NPF_W;
		control->exitinfo2 = touched;
	}
}

static void nothing_script(struct svm_vcpu *svm, unsigned run)
{
	(void)run;
	svm->vmcb->save.rip = rip;
	svm->vmcb->control.exitcode = VMEXIT_NMI;
}

static uint64_t touch(uint64_t address)
{
	touched = address;
	return enter(touch_script);
}

/* The TD ran and faulted. */
static void assert_fault(uint64_t address)
{
	assert_status(touch(address), VIOLATION);
	assert_int_equal(fixture.runs, 1);
	assert_int_equal(fixture.regs.rcx, EPT_QUAL_WRITE);
	assert_int_equal(fixture.regs.r8, address & ~(PAGE - 1));
}

static void faults(unsigned count, uint64_t address)
{
	for (unsigned i = 0; i < count; i++) {
		assert_fault(address);
	}
}

/* The TD did not run, and the host sees a write to the page. */
static void assert_held(uint64_t address, uint64_t listed)
{
	assert_status(touch(address), VIOLATION);
	assert_int_equal(fixture.runs, 0);
	assert_int_equal(fixture.regs.rcx, EPT_QUAL_WRITE);
	assert_int_equal(fixture.regs.r8, listed & ~(PAGE - 1));
	assert_int_equal(fixture.regs.rdx | fixture.regs.r9 | fixture.regs.r10 | fixture.regs.rbx |
				 fixture.regs.rsi | fixture.regs.rdi | fixture.regs.r15,
			 0);
	assert_int_equal(tdcs()->sept_lock, 0);
	assert_int_equal(tdcs()->epoch_vcpus[0] | tdcs()->epoch_vcpus[1], 0);
}

static void map(uint64_t address)
{
	assert_status(call(TDH_MEM_PAGE_AUG, address, fixture.tdr, fixture_frame(PG_4K), 0),
		      TDX_SUCCESS);
	struct sept_walk walk = sept_walk(tdcs()->sept_root, gpa(address), PG_4K);
	*walk.entry = sept_entry(SEPT_MAPPED, sept_hpa(walk.value), PG_4K);
}

static int setup(void **state)
{
	(void)state;
	fixture_init(fixture_params());
	fixture_vcpus();
	fixture_tables(ADDRESS);
	fixture_finalize();
	/* The first entry is at the reset vector, not where the TD then faults. */
	rip = 0x1000;
	assert_status(enter(nothing_script), KICKED);
	return 0;
}

static void the_eighth_entry_is_held(void **state)
{
	(void)state;
	faults(7, ADDRESS + 0x123);
	assert_int_equal(vcpu()->fault_gpa_count, 1);
	for (unsigned i = 0; i < 3; i++) {
		assert_held(ADDRESS + 0x123, ADDRESS);
	}
	/* The tree is wanted alone, and the epoch is left when it is not to be had. */
	tdcs()->sept_lock = 1;
	assert_status(touch(ADDRESS), REFUSED);
	assert_int_equal(fixture.runs, 0);
	assert_int_equal(tdcs()->epoch_vcpus[0] | tdcs()->epoch_vcpus[1], 0);
	assert_int_equal(tdcs()->sept_lock, 1);
	tdcs()->sept_lock = 0;
	/* A page that is there, but pending, would be one more fault. */
	assert_status(call(TDH_MEM_PAGE_AUG, ADDRESS, fixture.tdr, fixture_frame(PG_4K), 0),
		      TDX_SUCCESS);
	assert_held(ADDRESS, ADDRESS);
	struct sept_walk walk = sept_walk(tdcs()->sept_root, gpa(ADDRESS), PG_4K);
	*walk.entry = sept_entry(SEPT_MAPPED, sept_hpa(walk.value), PG_4K);
	assert_status(touch(ADDRESS), KICKED);
	assert_int_equal(fixture.runs, 1);
	/* Still at that instruction: nothing is forgotten. */
	assert_int_equal(vcpu()->fault_gpa_count, 1);
	rip += 4;
	assert_status(touch(ADDRESS), KICKED);
	assert_int_equal(vcpu()->fault_gpa_count, 0);
	tdcs()->sept_lock = 1;
	assert_status(touch(ADDRESS), KICKED);
	tdcs()->sept_lock = 0;
}

/* An instruction touches many pages; all that fault after the sixth time have to be there. */
static void pages_are_collected(void **state)
{
	(void)state;
	faults(6, ADDRESS);
	assert_int_equal(vcpu()->fault_gpa_count, 0);
	assert_fault(ADDRESS + PAGE);
	map(ADDRESS + PAGE);
	assert_fault(ADDRESS);
	assert_held(ADDRESS, ADDRESS);
	map(ADDRESS);
	/* The host takes away what it gave before. */
	assert_status(call(TDH_MEM_RANGE_BLOCK, ADDRESS + PAGE, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_held(ADDRESS, ADDRESS + PAGE);
	assert_int_equal(vcpu()->fault_gpa_count, 2);
	assert_status(call(TDH_MEM_TRACK, fixture.tdr, 0, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MEM_RANGE_UNBLOCK, ADDRESS + PAGE, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_status(touch(ADDRESS), KICKED);
}

/* No more than 32 pages are noted: more than an instruction can touch. */
static void the_list_is_full(void **state)
{
	(void)state;
	faults(6, ADDRESS);
	for (unsigned i = 0; i < 40; i++) {
		assert_fault(ADDRESS + i * PAGE);
		map(ADDRESS + i * PAGE);
	}
	assert_int_equal(vcpu()->fault_gpa_count, 32);
	assert_status(touch(ADDRESS), KICKED);
}

static void progress_forgets(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		rip += 2;
		faults(2, ADDRESS);
	}
	/* The first fault at a place is no repetition of the one before: it begins the count. */
	rip += 2;
	faults(6, ADDRESS);
	assert_int_equal(vcpu()->fault_gpa_count, 0);
	rip -= 2;
	faults(7, ADDRESS);
	assert_held(ADDRESS, ADDRESS);
}

/* Only private accesses of instructions count. */
static void what_does_not_count(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		assert_status(tdcall_of_td(TDG_MEM_PAGE_ACCEPT, ADDRESS, 0, 0, 0, &exited),
			      VIOLATION);
		assert_status(tdcall_of_td(TDG_MEM_PAGE_ATTR_RD, ADDRESS, 0, 0, 0, &exited),
			      VIOLATION);
		assert_status(tdcall_of_td(TDG_MR_RTMR_EXTEND, ADDRESS, 0, 0, 0, &exited),
			      VIOLATION);
	}
	vcpu()->tdcall_repeats = false; /* the TD is elsewhere by now */
	/* Shared: suppressed #VE, so that it is an exit. */
	uint64_t *root = hpa_ptr(hpa(fixture.shared_root));
	root[0] = NPT_SUPPRESS_VE;
	for (unsigned i = 0; i < 20; i++) {
		assert_status(touch(SHARED | ADDRESS), VIOLATION);
		assert_int_equal(fixture.runs, 1);
	}
	assert_int_equal(vcpu()->fault_count | vcpu()->fault_gpa_count, 0);
}

/* A TD that wants to know gets a #VE with the fault that was repeated. */
static void notification(void **state)
{
	(void)state;
	tdcs()->notify_enables = TD_NOTIFY_EPT_FAULTS;
	faults(7, ADDRESS);
	assert_held(ADDRESS, ADDRESS);
	map(ADDRESS);
	assert_int_equal(vcpu()->ve.valid, 0);
	assert_status(touch(ADDRESS), KICKED);
	assert_int_equal(fixture.injected & 0xFF, VECTOR_VE);
	assert_int_equal(vcpu()->ve.valid, VE_AREA_VALID);
	assert_int_equal(vcpu()->ve.exit_reason, EXIT_REASON_EPT_VIOLATION);
	assert_int_equal(vcpu()->ve.gpa, ADDRESS);
	assert_int_equal(vcpu()->ve.gla, 0);
	/* Not after an exit of another kind, and not on top of a #VE that waits. */
	vcpu()->ve.valid = 0;
	assert_status(touch(ADDRESS), KICKED);
	assert_int_equal(fixture.injected, 0);
	assert_fault(ADDRESS + PAGE);
	map(ADDRESS + PAGE);
	vcpu()->ve.valid = VE_AREA_VALID;
	assert_status(touch(ADDRESS + PAGE), KICKED);
	assert_int_equal(fixture.injected, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_eighth_entry_is_held, setup),
		cmocka_unit_test_setup(pages_are_collected, setup),
		cmocka_unit_test_setup(the_list_is_full, setup),
		cmocka_unit_test_setup(progress_forgets, setup),
		cmocka_unit_test_setup(what_does_not_count, setup),
		cmocka_unit_test_setup(notification, setup),
	};
	return cmocka_run_group_tests(tests, fixture_load, NULL);
}
