// Tests of the TDX module from the TD's side: initial state, TDCALLs, #VE, CPUID, MSRs.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/tdx/ve_info.h"
#include "arch/x86/cpu.h"
#include "arch/x86/insn.h"
#include "arch/x86/paging.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/module/guest/td_cpuid.h"
#include "boot-tests/module/guest/td_cr.h"
#include "boot-tests/module/guest/td_msr.h"
#include "boot-tests/module/module_events.h"
#include "boot-tests/module/td.h"
#include "boot-tests/unit/machine/fake_console.h"
#include "boot-tests/unit/module/module_fixture.h"

#define ADDRESS UINT64_C(0x40000000)
#define DATA (ADDRESS + 0x3000) /* an accepted page */
#define LARGE (ADDRESS + 0x200000)
#define KICKED (TDX_SUCCESS | EXIT_REASON_EXTERNAL_INTERRUPT)

static bool exited;
static uint64_t data_page; /* behind DATA */

static uint64_t tdcall2(uint64_t rax, uint64_t rcx, uint64_t rdx)
{
	return tdcall_of_td(rax, rcx, rdx, 0, 0, &exited);
}

static void add_page(uint64_t address, uint64_t page)
{
	uint64_t source = fixture_frame(PG_4K);
	assert_status(call(TDH_MEM_PAGE_ADD, address, fixture.tdr, page, source), TDX_SUCCESS);
}

static void make_td(const struct td_params *params)
{
	fixture_init(params);
	fixture_vcpus();
	fixture_tables(ADDRESS);
	data_page = fixture_frame(PG_4K);
	add_page(DATA, data_page);
	fixture_finalize();
}

static int setup(void **state)
{
	(void)state;
	make_td(fixture_params());
	return 0;
}

/* --- entry ------------------------------------------------------------------------------------ */

static void kick(struct svm_vcpu *svm, unsigned run)
{
	(void)run;
	svm->vmcb->control.exitcode = VMEXIT_NMI;
}

static void initial_state(void **state)
{
	(void)state;
	assert_status(enter(kick), KICKED);
	const struct vmcb_save *save = &vmcb()->save;
	assert_int_equal(gpr()[RBX], 48);
	assert_int_equal(gpr()[RCX], FIXTURE_HOB);
	assert_int_equal(gpr()[R8], FIXTURE_HOB);
	assert_int_equal(gpr()[RSI], 0);
	assert_int_equal(gpr()[RDX], 0x806F8);
	assert_int_equal(gpr()[RAX] | gpr()[RSP] | gpr()[RBP] | gpr()[RDI] | gpr()[R9], 0);
	assert_int_equal(save->rip, 0xFFFFFFF0);
	assert_int_equal(save->cs.base, 0);
	assert_int_equal(save->cs.attrib, 0xC9B);
	assert_int_equal(save->ss.attrib, 0xC93);
	assert_int_equal(save->cr0 & ~CR0_ET, 0x21);
	assert_int_equal(save->cr4, 0x40);
	assert_int_equal(save->efer & ~EFER_SVME, 0x901);
	assert_int_equal(save->idtr.limit, 0);
	assert_int_equal(save->rflags, 2);
	struct vcpu *second = hpa_ptr(hpa(fixture.tdvpr[1]));
	assert_int_equal(second->svm.gpr[RSI], 1);
}

static void entry_conditions(void **state)
{
	(void)state;
	fixture.cpu = 3;
	assert_status(enter(kick), TDX_VCPU_ASSOCIATED);
	fixture.cpu = 0;
	vcpu()->td.tdcs->epoch_lock = LOCK_HELD_EXCLUSIVE;
	assert_status(enter(kick), TDX_OPERAND_BUSY | TDX_OPERAND_TD_EPOCH);
	vcpu()->td.tdcs->epoch_lock = 0;
	fixture.script = kick;
	assert_status(call(TDH_VP_ENTER, fixture.tdvpr[0] | BIT64(54), 0, 0, 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	/* The hint is for an exit that waited too long, and there is no L2 VM to come from. */
	assert_status(call(TDH_VP_ENTER, fixture.tdvpr[0] | BIT64(52), 0, 0, 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	assert_status(call(TDH_VP_ENTER, fixture.tdvpr[0] | BIT64(53), 0, 0, 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	vcpu()->exit_status = TDX_HOST_PRIORITY_BUSY_TIMEOUT;
	assert_status(call(TDH_VP_ENTER, fixture.tdvpr[0] | BIT64(52), 0, 0, 0), KICKED);
	assert_int_equal(vcpu()->td.tdcs->epoch_vcpus[0] | vcpu()->td.tdcs->epoch_vcpus[1], 0);
}

static void root_has_both_halves(void **state)
{
	(void)state;
	uint64_t *shared = hpa_ptr(hpa(fixture.shared_root));
	shared[3] = 0x1234007;
	assert_status(enter(kick), KICKED);
	const uint64_t *root = hpa_ptr(hpa(vmcb()->control.n_cr3));
	assert_int_equal(root[256 + 3], 0x1234007);
	assert_int_equal(root[0], vcpu()->td.tdcs->sept_root.table[0]);
	assert_true(root[0] & PTE_P);
	/* A new root entry of the Secure EPT is seen at the next entry. */
	assert_status(
		call(TDH_MEM_SEPT_ADD, BIT64(39) | PG_512G, fixture.tdr, fixture_frame(PG_4K), 0),
		TDX_SUCCESS);
	assert_false(root[1] & PTE_P);
	assert_status(enter(kick), KICKED);
	assert_true(root[1] & PTE_P);
}

static void die(struct svm_vcpu *svm, unsigned run)
{
	(void)run;
	svm->vmcb->control.exitcode = VMEXIT_SHUTDOWN;
}

static void triple_fault(void **state)
{
	(void)state;
	assert_status(enter(die), TDX_NON_RECOVERABLE_VCPU | EXIT_REASON_TRIPLE_FAULT);
	assert_status(enter(kick), TDX_VCPU_STATE_INCORRECT);
}

static void strange_exit(struct svm_vcpu *svm, unsigned run)
{
	(void)run;
	svm->vmcb->control.exitcode = VMEXIT_TASK_SWITCH;
}

static void unknown_exit_stops(void **state)
{
	(void)state;
	if (setjmp(fixture.exit) == 0) {
		(void)enter(strange_exit);
		fail();
	}
	assert_non_null(strstr(fixture.reason, "0x7d"));
}

/* --- TDVMCALL --------------------------------------------------------------------------------- */

static void vmcall_masks(void **state)
{
	(void)state;
	static const uint64_t bad[] = {
		BIT64(0), BIT64(1), BIT64(4), BIT64(5), BIT64(32), BIT64(63)
	};
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		assert_status(tdcall2(TDG_VP_VMCALL, 0xFC00 | bad[i], 0),
			      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
		assert_false(exited);
	}
	struct td_params *params = fixture_params();
	params->config_flags = 0;
	make_td(params);
	gpr()[RBP] = 55;
	assert_status(tdcall2(TDG_VP_VMCALL, 0xFC20, 0), EXIT_REASON_TDCALL);
	assert_int_equal(fixture.regs.rbp, 55);
}

static void vmcall_registers(void **state)
{
	(void)state;
	uint64_t rip = vmcb()->save.rip;
	gpr()[R10] = 10;
	gpr()[R12] = 12;
	gpr()[R13] = 13;
	gpr()[RBX] = 3;
	assert_status(tdcall2(TDG_VP_VMCALL, BIT64(R10) | BIT64(R12) | BIT64(RDX), 77),
		      EXIT_REASON_TDCALL);
	assert_true(exited);
	assert_int_equal(vmcb()->save.rip, rip + 4);
	assert_int_equal(fixture.regs.rcx, BIT64(R10) | BIT64(R12) | BIT64(RDX));
	assert_int_equal(fixture.regs.rdx, 77);
	assert_int_equal(fixture.regs.r10, 10);
	assert_int_equal(fixture.regs.r12, 12);
	assert_int_equal(fixture.regs.r13, 0);
	assert_int_equal(fixture.regs.rbx, 0);
	/* The answer: only what the TD selected. */
	fixture.regs.rax = TDH_VP_ENTER;
	fixture.regs.rcx = fixture.tdvpr[0];
	fixture.regs.r10 = 100;
	fixture.regs.r13 = 130;
	fixture.regs.rbx = 30;
	fixture.script = kick;
	gpr()[RAX] = 99;
	(void)seamcall(&fixture.regs);
	assert_int_equal(gpr()[RAX], 0);
	assert_int_equal(gpr()[R10], 100);
	assert_int_equal(gpr()[R13], 13);
	assert_int_equal(gpr()[RBX], 3);
	/* And only once: an asynchronous exit lets no register in. */
	fixture.regs.rax = TDH_VP_ENTER;
	fixture.regs.rcx = fixture.tdvpr[0];
	fixture.regs.r10 = 1000;
	(void)seamcall(&fixture.regs);
	assert_int_equal(gpr()[R10], 100);
}

/* --- other TDCALLs ---------------------------------------------------------------------------- */

static void tdcall_in_32_bit(struct svm_vcpu *svm, unsigned run)
{
	static const uint8_t bytes[] = { 0x66, 0x0F, 0x01, 0xCC };
	memcpy(fixture.code, bytes, sizeof(bytes));
	svm->vmcb->control.exitcode = run == 0 ? VMEXIT_EXCP(VECTOR_UD) : VMEXIT_NMI;
}

static void ud2(struct svm_vcpu *svm, unsigned run)
{
	static const uint8_t bytes[] = { 0x0F, 0x0B };
	memcpy(fixture.code, bytes, sizeof(bytes));
	svm->vmcb->control.exitcode = run == 0 ? VMEXIT_EXCP(VECTOR_UD) : VMEXIT_NMI;
}

static uint64_t vector_after(void (*script)(struct svm_vcpu *svm, unsigned run))
{
	(void)enter(script);
	return field_get(EVENTINJ_VECTOR, fixture.injected);
}

static void undefined_opcodes(void **state)
{
	(void)state;
	assert_int_equal(vector_after(tdcall_in_32_bit), VECTOR_GP);
	assert_int_equal(vector_after(ud2), VECTOR_UD);
}

static void vmcall(struct svm_vcpu *svm, unsigned run)
{
	static const uint8_t bytes[] = { 0x0F, 0x01, 0xC1 };
	memcpy(fixture.code, bytes, sizeof(bytes));
	svm->vmcb->control.exitcode = run == 0 ? VMEXIT_EXCP(VECTOR_UD) : VMEXIT_NMI;
}

static void tdcall_in_user_mode(struct svm_vcpu *svm, unsigned run)
{
	svm->vmcb->save.efer |= EFER_LMA;
	svm->vmcb->save.cs.attrib = VMCB_ATTRIB_CODE64;
	tdcall_in_32_bit(svm, run);
}

/* VMCALL is a #VE from any privilege level, TDCALL is for the kernel. */
static void undefined_opcodes_in_user_mode(void **state)
{
	(void)state;
	for (uint8_t cpl = 0; cpl <= 3; cpl += 3) {
		vmcb()->save.cpl = cpl;
		assert_int_equal(vector_after(vmcall), VECTOR_VE);
		assert_int_equal(vcpu()->ve.exit_reason, EXIT_REASON_VMCALL);
		assert_int_equal(vcpu()->ve.instruction_length, 3);
		vcpu()->ve.valid = 0;
	}
	assert_int_equal(vector_after(tdcall_in_user_mode), VECTOR_GP);
	vmcb()->save.cpl = 0;
}

static void hlt(struct svm_vcpu *svm, unsigned run)
{
	fixture.code[0] = 0xF4;
	svm->vmcb->control.exitcode = run == 0 ? VMEXIT_HLT : VMEXIT_NMI;
}

static void veinfo_and_nesting(void **state)
{
	(void)state;
	assert_status(tdcall2(TDG_VP_VEINFO_GET, 1, 2), TDX_NO_VALID_VE_INFO);
	assert_int_equal(gpr()[RCX] | gpr()[RDX] | gpr()[R8] | gpr()[R9] | gpr()[R10], 0);
	assert_int_equal(vector_after(hlt), VECTOR_VE);
	assert_int_equal(vector_after(hlt), VECTOR_DF);
	assert_true(fixture.injected & EVENTINJ_EV);
	assert_status(tdcall2(TDG_VP_VEINFO_GET, 0, 0), TDX_SUCCESS);
	assert_int_equal(gpr()[RCX], EXIT_REASON_HLT);
	assert_int_equal(gpr()[R10], 1);
	assert_int_equal(vector_after(hlt), VECTOR_VE);
}

/* --- memory ----------------------------------------------------------------------------------- */

static void vp_info(void **state)
{
	(void)state;
	assert_status(tdcall2(TDG_VP_INFO, 0, 0), TDX_SUCCESS);
	assert_int_equal(gpr()[RCX], 48);
	assert_int_equal(gpr()[RDX], TD_ATTRIBUTES_SEPT_VE_DISABLE);
	assert_int_equal(gpr()[R8], UINT64_C(2) << 32 | 2);
	assert_int_equal(gpr()[R9], 0);
	assert_int_equal(gpr()[R10], 1);
	assert_int_equal(gpr()[R11], 0);
}

static uint64_t accept(uint64_t operand)
{
	return tdcall2(TDG_MEM_PAGE_ACCEPT, operand, 0);
}

/* What was traced last is that a page came into this state. */
static void assert_page_traced(const char *expected)
{
	assert_string_equal(strchr(fake_console_text + 2, ' '), expected);
	fake_console_text[0] = 0;
}

static void assert_states_are_traced(uint64_t address)
{
	event_trace_on = true;
	event_trace_only = "private";
	fake_console_text[0] = 0;
	assert_status(call(TDH_MEM_PAGE_AUG, address, fixture.tdr, fixture_frame(PG_4K), 0),
		      TDX_SUCCESS);
	assert_page_traced(" 0 private_page state=PENDING gpa=0x40005000 size=0x1000\n");
	assert_status(accept(address), TDX_SUCCESS);
	assert_page_traced(" 0 private_page state=MAPPED gpa=0x40005000 size=0x1000\n");
	assert_status(accept(address), TDX_PAGE_ALREADY_ACCEPTED);
	assert_string_equal(fake_console_text, "");
	assert_status(call(TDH_MEM_RANGE_BLOCK, LARGE | 1, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_page_traced(" 0 private_page state=BLOCKED gpa=0x40200000 size=0x200000\n");
	event_trace_on = false;
	event_trace_only = "";
}

static void accept_decisions(void **state)
{
	(void)state;
	static const uint64_t bad[] = { ADDRESS | 2, ADDRESS | 8, (ADDRESS + 0x1000) | 1,
					ADDRESS | BIT64(47), ADDRESS | BIT64(52) };
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		assert_status(accept(bad[i]), TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	}
	/* Nothing there: the host is asked, and the TDCALL is not over. */
	uint64_t rip = vmcb()->save.rip;
	assert_status(accept(ADDRESS), EXIT_REASON_EPT_VIOLATION);
	assert_true(exited);
	assert_int_equal(vmcb()->save.rip, rip);
	assert_int_equal(gpr()[RAX], TDG_MEM_PAGE_ACCEPT);
	assert_int_equal(fixture.regs.rcx, EPT_QUAL_WRITE);
	assert_int_equal(fixture.regs.rdx, EXT_QUAL_ACCEPT);
	assert_int_equal(fixture.regs.r8, ADDRESS);
	assert_status(accept(LARGE | 1), EXIT_REASON_EPT_VIOLATION);
	assert_int_equal(fixture.regs.rdx, EXT_QUAL_ACCEPT | BIT64(32) | BIT64(35));

	uint64_t page = fixture_frame(PG_4K);
	memset(hpa_ptr(hpa(page)), 0x77, 4096);
	assert_status(call(TDH_MEM_PAGE_AUG, ADDRESS, fixture.tdr, page, 0), TDX_SUCCESS);
	uint64_t accepted = event_accept_counts[PG_4K];
	assert_status(accept(ADDRESS), TDX_SUCCESS);
	assert_int_equal(event_accept_counts[PG_4K], accepted + 1);
	const uint8_t *bytes = hpa_ptr(hpa(page));
	for (unsigned i = 0; i < 4096; i++) {
		assert_int_equal(bytes[i], 0);
	}
	assert_status(accept(ADDRESS), TDX_PAGE_ALREADY_ACCEPTED);
	assert_status(accept(ADDRESS | 1), TDX_PAGE_SIZE_MISMATCH | 1);

	/* A pending 2 MiB page is not accepted by parts. */
	uint64_t large = fixture_frame(PG_2M);
	assert_status(call(TDH_MEM_PAGE_AUG, LARGE | 1, fixture.tdr, large, 0), TDX_SUCCESS);
	assert_status(accept(LARGE), EXIT_REASON_EPT_VIOLATION);
	assert_int_equal(fixture.regs.rdx, EXT_QUAL_ACCEPT | BIT64(35) |
						   (uint64_t)TDX_SEPT_PENDING << 38 | BIT64(46));
	assert_status(call(TDH_MEM_RANGE_BLOCK, LARGE | 1, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_status(accept(LARGE | 1), EXIT_REASON_EPT_VIOLATION);
	assert_status(call(TDH_MEM_TRACK, fixture.tdr, 0, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MEM_RANGE_UNBLOCK, LARGE | 1, fixture.tdr, 0, 0), TDX_SUCCESS);
	*(uint8_t *)hpa_ptr(hpa(large + 0x1FFFFF)) = 1;
	assert_status(accept(LARGE | 1), TDX_SUCCESS);
	assert_int_equal(*(uint8_t *)hpa_ptr(hpa(large + 0x1FFFFF)), 0);
	assert_status(accept(LARGE | 1), TDX_PAGE_ALREADY_ACCEPTED | 1);
	assert_status(accept(LARGE + 0x5000), TDX_PAGE_ALREADY_ACCEPTED | 1);
	assert_states_are_traced(ADDRESS + 0x5000);
}

static void kicked_script(struct svm_vcpu *svm, unsigned run)
{
	(void)run;
	svm->vmcb->control.exitcode = VMEXIT_NMI;
}

static bool kick_waits(void)
{
	return true;
}

/* The TDCALL that the host was asked for goes on at the entry, before the vCPU runs; not when an
 * interrupt or an exception comes first, nor when it is none any more. */
static void tdcall_goes_on(void **state)
{
	(void)state;
	uint64_t rip = vmcb()->save.rip;
	for (unsigned first = 0; first < 5; first++) {
		assert_status(accept(ADDRESS), EXIT_REASON_EPT_VIOLATION);
		fixture.kicked = first == 0 ? kick_waits : NULL;
		if (first == 1) {
			module_post_interrupt(hpa(fixture.tdvpr[0]), 0x40);
		}
		fixture.nmi = first == 2;
		vmcb()->control.eventinj = first == 3 ? EVENTINJ_V | VECTOR_PF : 0;
		fixture.code[3] = first == 4 ? 0xC1 : 0xCC;
		assert_status(enter(kicked_script), EXIT_REASON_EXTERNAL_INTERRUPT);
		assert_int_equal(fixture.runs, 1);
		assert_int_equal(gpr()[RAX], TDG_MEM_PAGE_ACCEPT);
		/* The vCPU has run: what it does next is its own affair. */
		fixture.kicked = NULL;
		fixture.nmi = false;
		fixture.code[3] = 0xCC;
		memset(fixture_svm()->interrupts, 0, sizeof(fixture_svm()->interrupts));
		assert_status(enter(kicked_script), EXIT_REASON_EXTERNAL_INTERRUPT);
		assert_int_equal(vmcb()->save.rip, rip);
	}
	assert_status(accept(ADDRESS), EXIT_REASON_EPT_VIOLATION);
	assert_status(enter(kicked_script), EXIT_REASON_EPT_VIOLATION);
	assert_int_equal(fixture.runs, 0);
	assert_int_equal(fixture.regs.rdx, EXT_QUAL_ACCEPT);
	assert_int_equal(fixture.regs.r8, ADDRESS);
	uint64_t page = fixture_frame(PG_4K);
	assert_status(call(TDH_MEM_PAGE_AUG, ADDRESS, fixture.tdr, page, 0), TDX_SUCCESS);
	uint64_t calls = event_tdcall_counts[TDG_MEM_PAGE_ACCEPT];
	for (unsigned i = 0; i < 2; i++) { /* once */
		assert_status(enter(kicked_script), EXIT_REASON_EXTERNAL_INTERRUPT);
		assert_int_equal(fixture.runs, 1);
		assert_status(gpr()[RAX], TDX_SUCCESS);
		assert_int_equal(vmcb()->save.rip, rip + 4);
		assert_int_equal(event_tdcall_counts[TDG_MEM_PAGE_ACCEPT], calls + 1);
	}
	/* An exit of another kind since: there is nothing to go on with. */
	assert_status(accept(ADDRESS + 0x1000), EXIT_REASON_EPT_VIOLATION);
	assert_status(tdcall2(TDG_VP_INFO, 0, 0), TDX_SUCCESS);
	assert_status(enter(kicked_script), EXIT_REASON_EXTERNAL_INTERRUPT);
	assert_int_equal(event_tdcall_counts[TDG_MEM_PAGE_ACCEPT], calls + 2);
}

static uint64_t fault_gpa, fault_info;

static void npf(struct svm_vcpu *svm, unsigned run)
{
	svm->vmcb->control.exitcode = run == 0 ? VMEXIT_NPF : VMEXIT_NMI;
	svm->vmcb->control.exitinfo1 = fault_info;
	svm->vmcb->control.exitinfo2 = fault_gpa;
}

static uint64_t fault(uint64_t gpa_raw, uint64_t info)
{
	fault_gpa = gpa_raw;
	fault_info = info;
	return enter(npf);
}

static void private_violations(void **state)
{
	(void)state;
	assert_status(fault(ADDRESS + 0x123, NPF_FINAL | NPF_W), EXIT_REASON_EPT_VIOLATION);
	assert_int_equal(fixture.regs.rcx, EPT_QUAL_WRITE);
	assert_int_equal(fixture.regs.rdx, EXT_QUAL_NONE);
	assert_int_equal(fixture.regs.r8, ADDRESS);
	assert_status(call(TDH_MEM_PAGE_AUG, ADDRESS, fixture.tdr, fixture_frame(PG_4K), 0),
		      TDX_SUCCESS);
	assert_status(fault(ADDRESS, NPF_FINAL), EXIT_REASON_EPT_VIOLATION);
	assert_int_equal(fixture.regs.rdx, EXT_QUAL_PENDING_EPT_VIOLATION);
	/* A walk of the TD's own tables is a read, whatever SVM says. */
	assert_status(fault(ADDRESS, NPF_TABLE | NPF_W), EXIT_REASON_EPT_VIOLATION);
	assert_int_equal(fixture.regs.rcx, EPT_QUAL_READ);
	/* The same with #VE enabled. */
	vcpu()->td.tdcs->td_ctls = 0;
	assert_status(fault(ADDRESS + 8, NPF_FINAL | NPF_I), KICKED);
	assert_int_equal(field_get(EVENTINJ_VECTOR, fixture.injected), VECTOR_VE);
	assert_status(tdcall2(TDG_VP_VEINFO_GET, 0, 0), TDX_SUCCESS);
	assert_int_equal(gpr()[RCX], EXIT_REASON_EPT_VIOLATION);
	assert_int_equal(gpr()[RDX] & ~EPT_QUAL_GLA_VALID, EPT_QUAL_FETCH | EPT_QUAL_FINAL);
	assert_int_equal(gpr()[R9], ADDRESS + 8);
}

static void assert_blocked(uint64_t address, uint64_t aligned)
{
	assert_status(fault(address, NPF_FINAL | NPF_W), EXIT_REASON_EPT_VIOLATION);
	assert_int_equal(fixture.runs, 1);
	assert_int_equal(fixture.regs.rdx, EXT_QUAL_NONE);
	assert_int_equal(fixture.regs.r8, aligned);
	assert_int_equal(fixture.injected, 0);
	assert_int_equal(vcpu()->ve.valid, 0);
}

/* What the host has blocked is the host's affair, also where the TD takes #VEs: it gets the exit,
 * and the TD learns nothing. */
static void blocked_pages(void **state)
{
	(void)state;
	vcpu()->td.tdcs->td_ctls = 0;
	vcpu()->ve.exit_reason = 77;
	assert_status(call(TDH_MEM_RANGE_BLOCK, DATA, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_blocked(DATA + 0x10, DATA);
	assert_status(call(TDH_MEM_PAGE_AUG, ADDRESS, fixture.tdr, fixture_frame(PG_4K), 0),
		      TDX_SUCCESS);
	assert_status(call(TDH_MEM_RANGE_BLOCK, ADDRESS, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_blocked(ADDRESS + 0xFF8, ADDRESS);
	assert_int_equal(vcpu()->ve.exit_reason, 77);
	/* Unblocked it is pending again. */
	assert_status(call(TDH_MEM_TRACK, fixture.tdr, 0, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MEM_RANGE_UNBLOCK, ADDRESS, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_status(fault(ADDRESS, NPF_FINAL | NPF_W), KICKED);
	assert_int_equal(field_get(EVENTINJ_VECTOR, fixture.injected), VECTOR_VE);
}

static void shared_violations(void **state)
{
	(void)state;
	/* mov [rbx+8], eax */
	static const uint8_t bytes[] = { 0x89, 0x43, 0x08 };
	uint64_t raw = UINT64_C(0xFEC00010) | BIT64(47);
	vmcb()->save.efer |= EFER_LMA;
	vmcb()->save.cs.attrib = VMCB_ATTRIB_CODE64;
	memcpy(fixture.code, bytes, sizeof(bytes));
	gpr()[RBX] = raw - 8;
	/* What a #VE before it left where the hardware writes nothing. */
	vcpu()->ve.instruction_length = 7;
	vcpu()->ve.instruction_info = 9;
	assert_status(fault(raw, NPF_FINAL | NPF_W), KICKED);
	assert_int_equal(field_get(EVENTINJ_VECTOR, fixture.injected), VECTOR_VE);
	/* One that was not fetched: no #VE, the host sees it. */
	assert_status(fault(raw, NPF_FINAL | NPF_W), EXIT_REASON_EPT_VIOLATION);
	assert_int_equal(fixture.regs.r8, raw & ~UINT64_C(0xFFF));
	assert_int_equal(fixture.regs.rcx, EPT_QUAL_WRITE);
	assert_status(tdcall2(TDG_VP_VEINFO_GET, 0, 0), TDX_SUCCESS);
	assert_int_equal(gpr()[RDX], EPT_QUAL_WRITE | EPT_QUAL_FINAL | EPT_QUAL_GLA_VALID);
	assert_int_equal(gpr()[R8], raw);
	assert_int_equal(gpr()[R10], UINT64_C(9) << 32 | 7);
	assert_int_equal(gpr()[R9], raw);
	uint64_t *root = hpa_ptr(hpa(fixture.shared_root));
	root[0] = NPT_SUPPRESS_VE;
	assert_status(fault(raw, NPF_FINAL), EXIT_REASON_EPT_VIOLATION);
	root[0] = 0;
	assert_status(fault(BIT64(48) | raw, NPF_FINAL | NPF_I), EXIT_REASON_EPT_VIOLATION);
	gpr()[RBX] = (BIT64(48) | raw) - 8;
	memcpy(fixture.code, bytes, sizeof(bytes));
	assert_status(fault(BIT64(48) | raw, NPF_FINAL | NPF_W), KICKED);
	assert_int_equal(field_get(EVENTINJ_VECTOR, fixture.injected), VECTOR_PF);
	assert_int_equal(field_get(EVENTINJ_ERRORCODE, fixture.injected), 0xB);
	assert_int_equal(vmcb()->save.cr2, BIT64(48) | raw);
}

/* The address that a private page has, with the SHARED bit. */
#define SHARED_DATA (DATA | BIT64(47))

static uint64_t *new_shared_table(void)
{
	uint64_t *table = hpa_ptr(hpa(fixture_frame(PG_4K)));
	memset(table, 0, MEM_PAGE_SIZE);
	return table;
}

/* The host's tables down to the entry of SHARED_DATA; by level. */
static void make_shared_tables(uint64_t *entries[PG_512G + 1])
{
	uint64_t *table = hpa_ptr(hpa(fixture.shared_root));
	for (enum pg_level level = PG_512G;; level--) {
		entries[level] = &table[pt_index(DATA, level)];
		if (level == PG_4K) {
			return;
		}
		table = new_shared_table();
		*entries[level] = ptr_hpa(table).v | PTE_P | PTE_W | PTE_U;
	}
}

/* Where the CPU gets with the tables of the next entry; 0: to a fault. */
static uint64_t reaches(uint64_t gpa_raw)
{
	assert_status(enter(kick), KICKED);
	const uint64_t *table = hpa_ptr(hpa(vmcb()->control.n_cr3));
	for (enum pg_level level = PG_512G;; level--) {
		uint64_t entry = table[pt_index(gpa_raw, level)];
		uint64_t offset = pg_size(level) - 1;
		if ((entry & PTE_P) == 0) {
			return 0;
		}
		if (level == PG_4K || (entry & PTE_PS) != 0) {
			return (entry & PTE_ADDRESS & ~offset) | (gpa_raw & offset);
		}
		table = hpa_ptr(hpa(entry & PTE_ADDRESS));
	}
}

/* A #VE about that address, and no exit that the host sees. */
static void assert_shared_ve(uint64_t gpa_raw, uint64_t access, uint64_t granted)
{
	assert_status(fault(gpa_raw, NPF_FINAL | access), KICKED);
	assert_int_equal(fixture.runs, 2);
	assert_int_equal(field_get(EVENTINJ_VECTOR, fixture.injected), VECTOR_VE);
	assert_status(tdcall2(TDG_VP_VEINFO_GET, 0, 0), TDX_SUCCESS);
	assert_int_equal(gpr()[RCX], EXIT_REASON_EPT_VIOLATION);
	assert_int_equal(gpr()[R9], gpa_raw);
	assert_int_equal(gpr()[RDX] & ~EPT_QUAL_GLA_VALID,
			 EPT_QUAL_FINAL | granted |
				 (access == NPF_W ? EPT_QUAL_WRITE : EPT_QUAL_READ));
}

/* The host takes away what it shares, and when it likes: the TD gets a #VE there, or the host an
 * exit, as its entry says. The private page of that address is never what the TD reaches by it, and
 * keeps its place. */
static void shared_memory_comes_and_goes(void **state)
{
	(void)state;
	uint64_t *entries[PG_512G + 1];
	uint64_t frame = fixture_frame(PG_4K), other = fixture_frame(PG_4K);
	uint64_t leaf = PTE_P | PTE_W | PTE_U | PTE_A | PTE_D;
	make_shared_tables(entries);
	*entries[PG_4K] = frame | leaf;
	assert_int_equal(reaches(SHARED_DATA + 8), frame + 8);
	for (enum pg_level level = PG_4K; level <= PG_512G; level++) {
		uint64_t kept = *entries[level];
		*entries[level] = 0;
		assert_int_equal(reaches(SHARED_DATA), 0);
		assert_shared_ve(SHARED_DATA + 8, NPF_W, 0);
		assert_shared_ve(SHARED_DATA + 0xFF0, 0, 0);
		*entries[level] = NPT_SUPPRESS_VE;
		assert_int_equal(reaches(SHARED_DATA), 0);
		assert_status(fault(SHARED_DATA + 8, NPF_FINAL | NPF_W), EXIT_REASON_EPT_VIOLATION);
		assert_int_equal(fixture.runs, 1);
		assert_int_equal(fixture.injected, 0);
		assert_int_equal(vcpu()->ve.valid, 0);
		assert_int_equal(fixture.regs.rcx, EPT_QUAL_WRITE);
		assert_int_equal(fixture.regs.rdx, EXT_QUAL_NONE);
		assert_int_equal(fixture.regs.r8, SHARED_DATA);
		assert_int_equal(reaches(DATA + 8), data_page + 8);
		*entries[level] = kept;
		assert_int_equal(reaches(SHARED_DATA + 8), frame + 8);
	}
	*entries[PG_4K] = (frame | leaf) & ~PTE_W;
	assert_shared_ve(SHARED_DATA, NPF_W, EPT_QUAL_READABLE | EPT_QUAL_EXECUTABLE);
	/* It comes back elsewhere. */
	*entries[PG_4K] = other | leaf;
	assert_int_equal(reaches(SHARED_DATA), other);
	/* Neither is a private page that the host takes away looked for among the shared ones. */
	assert_status(call(TDH_MEM_RANGE_BLOCK, DATA, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_int_equal(reaches(DATA), 0);
	assert_blocked(DATA + 8, DATA);
	assert_int_equal(reaches(SHARED_DATA), other);
}

/* 004-R5: the TD touches a page before it accepts it, and learns of that by a #VE. It works, and
 * the host has chosen when. */
static void access_first(void **state)
{
	(void)state;
	vcpu()->td.tdcs->td_ctls = 0;
	assert_status(fault(ADDRESS + 8, NPF_FINAL | NPF_W), EXIT_REASON_EPT_VIOLATION);
	assert_int_equal(fixture.injected, 0);
	uint64_t page = fixture_frame(PG_4K);
	assert_status(call(TDH_MEM_PAGE_AUG, ADDRESS, fixture.tdr, page, 0), TDX_SUCCESS);
	assert_int_equal(reaches(ADDRESS + 8), 0);
	assert_status(fault(ADDRESS + 8, NPF_FINAL | NPF_W), KICKED);
	assert_int_equal(field_get(EVENTINJ_VECTOR, fixture.injected), VECTOR_VE);
	assert_status(tdcall2(TDG_VP_VEINFO_GET, 0, 0), TDX_SUCCESS);
	assert_int_equal(gpr()[RCX], EXIT_REASON_EPT_VIOLATION);
	assert_int_equal(gpr()[R9], ADDRESS + 8);
	assert_status(accept(ADDRESS), TDX_SUCCESS);
	assert_int_equal(reaches(ADDRESS + 8), page + 8);
}

static void page_attributes(void **state)
{
	(void)state;
	assert_status(tdcall2(TDG_MEM_PAGE_ATTR_RD, DATA, 0), TDX_SUCCESS);
	assert_int_equal(gpr()[RCX], DATA);
	assert_int_equal(gpr()[RDX], 0); /* VM 0 has no attributes */
	assert_status(tdcall2(TDG_MEM_PAGE_ATTR_RD, ADDRESS, 0), EXIT_REASON_EPT_VIOLATION);
	assert_status(tdcall_of_td(TDG_MEM_PAGE_ATTR_WR, DATA, 0, 1, 0, &exited),
		      TDX_OPERAND_INVALID | TDX_OPERAND_R8);
	assert_status(tdcall2(TDG_MEM_PAGE_ATTR_WR, DATA, 0), TDX_SUCCESS);
	assert_status(tdcall2(TDG_MEM_PAGE_ATTR_WR, ADDRESS | 1, 0), TDX_PAGE_SIZE_MISMATCH | 1);
}

/* --- CPUID, MSRs, control registers ----------------------------------------------------------- */

static void cpuid_leaves(void **state)
{
	(void)state;
	struct cpuid_values v;
	static const uint32_t ve[][2] = {
		{ 2, 0 },          { 6, 0 },          { 0xB, 0 },        { 0x1F, 0 },
		{ 4, 5 },          { 7, 3 },          { 0xD, 19 },       { 0x21, 1 },
		{ 0x40000000, 0 }, { 0x4FFFFFFF, 0 }, { 0x80000002, 0 }, { 0x80000006, 0 },
	};
	for (size_t i = 0; i < ARRAY_COUNT(ve); i++) {
		assert_false(td_cpuid_read(vcpu(), ve[i][0], ve[i][1], &v));
	}
	assert_true(td_cpuid_read(vcpu(), 0, 0, &v));
	assert_int_equal(v.eax, 0x23);
	assert_int_equal(v.ebx, 0x756E6547);
	assert_true(td_cpuid_read(vcpu(), 0x21, 0, &v));
	assert_int_equal(v.ebx, 0x65746E49);
	assert_int_equal(v.edx, 0x5844546C);
	assert_int_equal(v.ecx, 0x20202020);
	vmcb()->save.cr4 = CR4_MCE;
	assert_true(td_cpuid_read(vcpu(), 1, 5, &v));
	assert_true(v.ecx & BIT32(31));
	assert_true(v.ecx & BIT32(21));
	assert_false(v.ecx & (BIT32(3) | BIT32(5) | BIT32(13) | BIT32(24) | BIT32(27)));
	vmcb()->save.cr4 |= CR4_OSXSAVE;
	assert_true(td_cpuid_read(vcpu(), 1, 0, &v));
	assert_true(v.ecx & BIT32(27));
	/* Beyond the last leaf: the last basic one. */
	assert_true(td_cpuid_read(vcpu(), 0x80000009, 0, &v));
	assert_false(td_cpuid_read(vcpu(), 0x24, 4, &v));
	assert_true(td_cpuid_read(vcpu(), 0x15, 0, &v));
	assert_int_equal((uint64_t)v.ecx * v.ebx / v.eax, 2600000000);
	assert_true((uint64_t)v.ecx / 1000 * v.ebx < BIT64(32));
	assert_true(td_cpuid_read(vcpu(), 0x80000008, 0, &v));
	assert_int_equal(v.eax, (insn_cpuid(0x80000008, 0).eax & 0xFF) | 48 << 8);
	assert_status(tdcall2(TDG_VP_CPUIDVE_SET, 4, 0), TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	assert_status(tdcall2(TDG_VP_CPUIDVE_SET, 1, 0), TDX_SUCCESS);
	assert_false(td_cpuid_read(vcpu(), 0, 0, &v));
	vmcb()->save.cpl = 3;
	assert_true(td_cpuid_read(vcpu(), 0, 0, &v));
	vmcb()->save.cpl = 0;
}

static void cpuid_configuration(void **state)
{
	(void)state;
	struct td_params *params = fixture_params();
	uint32_t leaf1[4] = { 0x806F8, 0x00040000, BIT32(24), BIT32(28) };
	memcpy(params->cpuid_config, leaf1, sizeof(leaf1));
	make_td(params);
	struct cpuid_values v;
	assert_true(td_cpuid_read(vcpu(), 1, 0, &v));
	assert_int_equal(v.eax, 0x806F8);
	assert_int_equal(v.ebx & 0xFFFF0000, 0x00040000);
	assert_true(v.ecx & BIT32(24));
	uint64_t value;
	assert_int_equal(td_msr_read(vcpu(), MSR_IA32_TSC_DEADLINE, &value), MSR_VE);
}

/* LA57 is the host's to give, if the CPU has it; leaf 7 is the sixth that the host configures. */
static void cpuid_la57(void **state)
{
	(void)state;
	uint32_t la57 = BIT32(16);
	struct cpuid_values v;
	assert_true(td_cpuid_read(vcpu(), 7, 0, &v));
	assert_int_equal(v.ecx & la57, 0);
	assert_int_equal(td_cpuid_cr4_allowed(vcpu()->td.tdcs) & CR4_LA57, 0);
	struct td_params *params = fixture_params();
	uint32_t leaf7[4] = { 0, 0, la57, 0 };
	memcpy(params->cpuid_config + 5 * sizeof(leaf7), leaf7, sizeof(leaf7));
	make_td(params);
	bool has = (insn_cpuid(7, 0).ecx & la57) != 0;
	assert_true(td_cpuid_read(vcpu(), 7, 0, &v));
	assert_int_equal(v.ecx & la57, has ? la57 : 0);
	assert_true(td_cpuid_read(vcpu(), 0x80000008, 0, &v));
	assert_int_equal(v.eax & 0xFF00, (has ? 57 : 48) << 8);
	assert_int_equal(td_cpuid_cr4_allowed(vcpu()->td.tdcs) & CR4_LA57, has ? CR4_LA57 : 0);
}

static void msrs(void **state)
{
	(void)state;
	uint64_t value = 0;
	assert_int_equal(td_msr_read(vcpu(), 0x1B, &value), MSR_VE);
	assert_int_equal(td_msr_read(vcpu(), 0x4B564D00, &value), MSR_VE);
	assert_int_equal(td_msr_read(vcpu(), 0x9E, &value), MSR_GP);
	assert_int_equal(td_msr_read(vcpu(), MSR_IA32_TSC_DEADLINE, &value), MSR_GP);
	assert_int_equal(td_msr_read(vcpu(), MSR_IA32_MISC_ENABLE, &value), MSR_DONE);
	assert_int_equal(value, 0x1801);
	assert_int_equal(td_msr_write(vcpu(), MSR_IA32_MISC_ENABLE, value), MSR_VE);
	assert_int_equal(td_msr_read(vcpu(), MSR_IA32_XAPIC_DISABLE_STATUS, &value), MSR_DONE);
	assert_int_equal(value, 1);
	assert_int_equal(td_msr_read(vcpu(), 0x802, &value), MSR_VE);
	assert_int_equal(td_msr_write(vcpu(), 0x830, 0), MSR_VE);
	assert_int_equal(td_msr_read(vcpu(), MSR_EFER, &value), MSR_DONE);
	assert_int_equal(value, 0x901);
	assert_int_equal(td_msr_write(vcpu(), MSR_EFER, 0x900), MSR_DONE);
	assert_int_equal(td_msr_write(vcpu(), MSR_EFER, 0xD01), MSR_DONE);
	assert_int_equal(td_msr_write(vcpu(), MSR_EFER, 0x101), MSR_VE);
	assert_int_equal(td_msr_write(vcpu(), MSR_EFER, 0x1901), MSR_VE);
	assert_int_equal(vmcb()->save.efer, 0x901 | EFER_SVME);
	assert_int_equal(td_msr_write(vcpu(), MSR_IA32_PAT, 0x0007040600070402), MSR_GP);
	assert_int_equal(td_msr_write(vcpu(), MSR_IA32_PAT, 0x0007010600070106), MSR_DONE);
	assert_int_equal(td_msr_read(vcpu(), MSR_IA32_PAT, &value), MSR_DONE);
	assert_int_equal(value, 0x0007010600070106);
	assert_int_equal(td_msr_write(vcpu(), 0xDA0, BIT64(11)), MSR_GP);
}

/* The MSR bitmaps of the module and the virtual-APIC page, register by register. */
static void x2apic_msrs(void **state)
{
	(void)state;
	static const struct {
		uint32_t first, last;
		enum msr_outcome read, write;
		bool zero; /* what is read; else what the APIC has */
	} rows[] = {
		{ 0x800, 0x801, MSR_GP, MSR_GP, false },
		{ 0x802, 0x803, MSR_VE, MSR_VE, false },
		{ 0x804, 0x807, MSR_GP, MSR_GP, false },
		{ 0x808, 0x808, MSR_DONE, MSR_DONE, false },
		{ 0x809, 0x809, MSR_DONE, MSR_GP, true },
		{ 0x80A, 0x80A, MSR_DONE, MSR_GP, false },
		{ 0x80B, 0x80B, MSR_DONE, MSR_DONE, true },
		{ 0x80C, 0x80C, MSR_DONE, MSR_GP, true },
		{ 0x80D, 0x80D, MSR_VE, MSR_VE, false },
		{ 0x80E, 0x80E, MSR_DONE, MSR_GP, true },
		{ 0x80F, 0x80F, MSR_VE, MSR_VE, false },
		{ 0x810, 0x827, MSR_DONE, MSR_GP, false },
		{ 0x828, 0x828, MSR_VE, MSR_VE, false },
		{ 0x829, 0x82E, MSR_GP, MSR_GP, false },
		{ 0x82F, 0x830, MSR_VE, MSR_VE, false },
		{ 0x831, 0x831, MSR_GP, MSR_GP, false },
		{ 0x832, 0x83E, MSR_VE, MSR_VE, false },
		{ 0x83F, 0x83F, MSR_DONE, MSR_DONE, true },
		{ 0x840, 0x8FF, MSR_GP, MSR_GP, false },
	};
	uint32_t msr = 0x800;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		assert_int_equal(msr, rows[i].first);
		for (; msr <= rows[i].last; msr++) {
			uint64_t value = UINT64_MAX;
			assert_int_equal(td_msr_read(vcpu(), msr, &value), rows[i].read);
			if (rows[i].read == MSR_DONE) {
				assert_int_equal(value, rows[i].zero ? 0 : msr);
			}
			assert_int_equal(td_msr_write(vcpu(), msr, 0), rows[i].write);
		}
	}
	assert_int_equal(msr, 0x900);

	uint64_t value = 0;
	assert_int_equal(td_msr_write(vcpu(), 0x80B, 1), MSR_GP);
	assert_int_equal(td_msr_write(vcpu(), 0x83F, 0x41), MSR_DONE);
	assert_int_equal(td_msr_write(vcpu(), 0x83F, 0x100), MSR_GP);
	assert_int_equal(td_msr_read(vcpu(), 0x83F, &value), MSR_DONE);
	assert_int_equal(value, 0x41);
}

static void control_registers(void **state)
{
	(void)state;
	struct vmcb_save s = { .cr0 = 0x31,
			       .cr4 = CR4_MCE | CR4_PAE,
			       .efer = EFER_LME | EFER_SVME };
	assert_int_equal(td_cr0_apply(&s, 0x30), CR_VE); /* PE */
	assert_int_equal(td_cr0_apply(&s, 0x11), CR_VE); /* NE */
	assert_int_equal(td_cr0_apply(&s, 0x31 | CR0_CD), CR_VE);
	assert_int_equal(td_cr0_apply(&s, 0x31 | CR0_NW), CR_GP); /* NW without CD */
	assert_int_equal(td_cr0_apply(&s, 0x30 | CR0_PG), CR_GP); /* PG without PE */
	assert_int_equal(td_cr0_apply(&s, 0x31 | BIT64(32)), CR_GP);
	s.cr4 = CR4_MCE;
	assert_int_equal(td_cr0_apply(&s, 0x31 | CR0_PG), CR_GP); /* LME without PAE */
	s.cr4 |= CR4_PAE;
	assert_int_equal(s.efer & EFER_LMA, 0);
	assert_int_equal(td_cr0_apply(&s, 0x21 | CR0_PG | CR0_WP), CR_DONE);
	assert_int_equal(s.cr0, 0x31 | CR0_PG | CR0_WP);
	assert_true(s.efer & EFER_LMA);
	s.cs.attrib = VMCB_ATTRIB_CODE64;
	assert_int_equal(td_cr0_apply(&s, 0x31), CR_GP);           /* in 64-bit mode */
	assert_int_equal(td_cr4_apply(&s, CR4_MCE, 0x7FF), CR_GP); /* PAE in long mode */
	s.cs.attrib = VMCB_ATTRIB_CODE32;
	assert_int_equal(td_cr0_apply(&s, 0x31), CR_DONE);
	assert_int_equal(s.efer & EFER_LMA, 0);

	assert_int_equal(td_cr4_apply(&s, CR4_PAE, 0x7FF), CR_VE); /* MCE */
	assert_int_equal(td_cr4_apply(&s, CR4_MCE | CR4_VMXE, 0x7FF), CR_VE);
	assert_int_equal(td_cr4_apply(&s, CR4_MCE | CR4_SMXE, 0x7FF), CR_VE);
	assert_int_equal(td_cr4_apply(&s, CR4_MCE | CR4_PKE, 0x7FF), CR_GP);
	assert_int_equal(td_cr4_apply(&s, CR4_MCE | BIT64(40), 0x7FF), CR_GP);
	assert_int_equal(td_cr4_apply(&s, CR4_MCE | CR4_PGE, 0x7FF), CR_DONE);
	assert_int_equal(s.cr4, CR4_MCE | CR4_PGE);

	/* LA57: only with paging off, and only if the TD has it. */
	uint64_t with_la57 = 0x7FF | CR4_LA57;
	uint64_t cr4 = CR4_MCE | CR4_PAE;
	assert_int_equal(td_cr4_apply(&s, cr4 | CR4_LA57, 0x7FF), CR_GP);
	assert_int_equal(td_cr4_apply(&s, cr4 | CR4_LA57, with_la57), CR_DONE);
	assert_int_equal(td_cr0_apply(&s, 0x31 | CR0_PG), CR_DONE);
	assert_int_equal(td_cr4_apply(&s, cr4, with_la57), CR_GP);
	assert_int_equal(td_cr4_apply(&s, cr4 | CR4_LA57 | CR4_PGE, with_la57), CR_DONE);
	assert_int_equal(td_cr0_apply(&s, 0x31), CR_DONE);
	assert_int_equal(td_cr4_apply(&s, cr4, with_la57), CR_DONE);
	assert_int_equal(td_cr0_apply(&s, 0x31 | CR0_PG), CR_DONE);
	assert_int_equal(td_cr4_apply(&s, cr4 | CR4_LA57, with_la57), CR_GP);
	assert_int_equal(s.cr4, cr4);
}

static const uint8_t *cr_code;
static unsigned cr_code_size, cr_exit;

static void cr_script(struct svm_vcpu *svm, unsigned run)
{
	memcpy(fixture.code, cr_code, cr_code_size);
	svm->vmcb->control.exitcode = run == 0 ? cr_exit : VMEXIT_NMI;
}

static uint64_t cr_vector(unsigned exit, const uint8_t *code, unsigned size)
{
	cr_exit = exit;
	cr_code = code;
	cr_code_size = size;
	return vector_after(cr_script);
}

static void control_register_instructions(void **state)
{
	(void)state;
	static const uint8_t mov_cr4_rax[] = { 0x0F, 0x22, 0xE0 };
	static const uint8_t mov_cr0_r9[] = { 0x41, 0x0F, 0x22, 0xC1 };
	static const uint8_t clts[] = { 0x0F, 0x06 };
	static const uint8_t lmsw_cx[] = { 0x0F, 0x01, 0xF1 };
	struct vmcb_save *save = &vmcb()->save;
	uint64_t rip = save->rip;
	gpr()[RAX] = CR4_MCE | CR4_PAE;
	assert_int_equal(cr_vector(VMEXIT_CR4_WRITE, mov_cr4_rax, 3), 0);
	assert_int_equal(save->cr4, CR4_MCE | CR4_PAE);
	assert_int_equal(save->rip, rip + 3);
	gpr()[RAX] = CR4_PAE;
	assert_int_equal(cr_vector(VMEXIT_CR4_WRITE, mov_cr4_rax, 3), VECTOR_VE);
	assert_int_equal(save->cr4, CR4_MCE | CR4_PAE);
	assert_int_equal(vcpu()->ve.exit_reason, EXIT_REASON_CR_ACCESS);
	assert_int_equal(vcpu()->ve.exit_qualification, 4);
	vcpu()->ve.valid = 0;
	save->cr0 |= CR0_TS;
	assert_int_equal(cr_vector(VMEXIT_CR0_WRITE, clts, 2), 0);
	assert_int_equal(save->cr0 & CR0_TS, 0);
	gpr()[RCX] = 0xFFFFFFF2; /* MP; PE stays set */
	assert_int_equal(cr_vector(VMEXIT_CR0_WRITE, lmsw_cx, 3), 0);
	assert_int_equal(save->cr0 & 0xF, 3);
	vmcb()->save.cs.attrib = VMCB_ATTRIB_CODE64;
	save->efer |= EFER_LMA;
	gpr()[R9] = BIT64(40);
	assert_int_equal(cr_vector(VMEXIT_CR0_WRITE, mov_cr0_r9, 4), VECTOR_GP);

	/* What another CPU has put there, or taken away, since. */
	static const uint8_t rdtsc[] = { 0x0F, 0x31 };
	rip = save->rip;
	uint64_t cr0 = save->cr0, cr4 = save->cr4;
	for (unsigned gone = 0; gone < 2; gone++) {
		fixture.code_gone = gone != 0;
		const uint8_t *code = gone ? clts : rdtsc;
		assert_int_equal(cr_vector(VMEXIT_CR0_WRITE, code, 2), 0);
		assert_int_equal(cr_vector(VMEXIT_CR4_WRITE, code, 2), 0);
		assert_int_equal(save->rip, rip);
		assert_int_equal(save->cr0, cr0);
		assert_int_equal(save->cr4, cr4);
	}
	fixture.code_gone = false;
}

/* --- other instructions ----------------------------------------------------------------------- */

static uint64_t io_info;
static void io(struct svm_vcpu *svm, unsigned run)
{
	static const uint8_t in_al_60[] = { 0xE4, 0x60 };
	memcpy(fixture.code, in_al_60, sizeof(in_al_60));
	svm->vmcb->control.exitcode = run == 0 ? VMEXIT_IOIO : VMEXIT_NMI;
	svm->vmcb->control.exitinfo1 = io_info;
	svm->vmcb->control.exitinfo2 = svm->vmcb->save.rip + 2;
}

static void port_io(void **state)
{
	(void)state;
	io_info = IOIO_IN | IOIO_SIZE_8 | UINT64_C(0x60) << 16;
	assert_int_equal(vector_after(io), VECTOR_VE);
	assert_int_equal(vcpu()->ve.exit_qualification,
			 IO_QUAL_IN | IO_QUAL_IMMEDIATE | UINT64_C(0x60) << 16);
	assert_int_equal(vcpu()->ve.instruction_length, 2);
	vcpu()->ve.valid = 0;
	io_info = IOIO_STRING | IOIO_REP | IOIO_SIZE_32 | IOIO_ADDRESS_32 | UINT64_C(0x80) << 16 |
		  UINT64_C(3) << 10;
	gpr()[RSI] = 0x1234;
	assert_int_equal(vector_after(io), VECTOR_VE);
	assert_int_equal(vcpu()->ve.exit_qualification,
			 3 | IO_QUAL_STRING | IO_QUAL_REP | UINT64_C(0x80) << 16);
	assert_int_equal(vcpu()->ve.gla, 0x1234);
}

static void interrupts(void **state)
{
	(void)state;
	module_post_interrupt(hpa(fixture.tdvpr[0]), 0x31);
	module_post_interrupt(hpa(fixture.tdvpr[0]), 0xEC);
	uint64_t *pending = fixture_svm()->interrupts;
	(void)enter(kick);
	assert_int_equal(pending[0], BIT64(0x31));
	assert_int_equal(pending[0xEC / 64], BIT64(0xEC % 64));
	assert_status(call(TDH_VP_RD, fixture.tdvpr[0], MD_VP_VCPU_STATE_DETAILS, 0, 0),
		      TDX_SUCCESS);
	assert_int_equal(fixture.regs.r8, VCPU_STATE_DETAILS_VMXIP);
	memset(pending, 0, sizeof(fixture_svm()->interrupts)); /* taken */
	(void)enter(kick);
	assert_false(svm_interrupt_pending(fixture_svm()));
	assert_status(call(TDH_VP_RD, fixture.tdvpr[0], MD_VP_VCPU_STATE_DETAILS, 0, 0),
		      TDX_SUCCESS);
	assert_int_equal(fixture.regs.r8, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(initial_state, setup),
		cmocka_unit_test_setup(entry_conditions, setup),
		cmocka_unit_test_setup(root_has_both_halves, setup),
		cmocka_unit_test_setup(triple_fault, setup),
		cmocka_unit_test_setup(unknown_exit_stops, setup),
		cmocka_unit_test_setup(vmcall_masks, setup),
		cmocka_unit_test_setup(vmcall_registers, setup),
		cmocka_unit_test_setup(undefined_opcodes, setup),
		cmocka_unit_test_setup(undefined_opcodes_in_user_mode, setup),
		cmocka_unit_test_setup(veinfo_and_nesting, setup),
		cmocka_unit_test_setup(vp_info, setup),
		cmocka_unit_test_setup(accept_decisions, setup),
		cmocka_unit_test_setup(tdcall_goes_on, setup),
		cmocka_unit_test_setup(private_violations, setup),
		cmocka_unit_test_setup(blocked_pages, setup),
		cmocka_unit_test_setup(access_first, setup),
		cmocka_unit_test_setup(shared_violations, setup),
		cmocka_unit_test_setup(shared_memory_comes_and_goes, setup),
		cmocka_unit_test_setup(page_attributes, setup),
		cmocka_unit_test_setup(cpuid_leaves, setup),
		cmocka_unit_test_setup(cpuid_configuration, setup),
		cmocka_unit_test_setup(cpuid_la57, setup),
		cmocka_unit_test_setup(msrs, setup),
		cmocka_unit_test_setup(x2apic_msrs, setup),
		cmocka_unit_test_setup(control_registers, setup),
		cmocka_unit_test_setup(control_register_instructions, setup),
		cmocka_unit_test_setup(port_io, setup),
		cmocka_unit_test_setup(interrupts, setup),
	};
	return cmocka_run_group_tests(tests, fixture_load, NULL);
}
