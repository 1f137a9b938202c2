// The vCPU loop: enter, look why the TD came out, act, enter again.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5 TDH.VP.ENTER; linux arch/x86/kvm/vmx/tdx.c tdx_handle_exit]
#include "boot-tests/vmm/td/vcpu.h"

#include "arch/tdx/module.h"
#include "arch/tdx/ve_info.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/time.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/vmm/call/tdvmcall.h"
#include "boot-tests/vmm/hooks.h"
#include "boot-tests/vmm/td/run.h"
#include "boot-tests/vmm/vmm_events.h"

#define ENTER_BUSY_BOUND_US 10000000
/* EPT violations of a vCPU with nothing else between them that a sane TD can cause at one address:
 * other vCPUs may fault on it and take it away again. */
#define SAME_FAULT_MAX 10000
/* Between the exit that is fatal for a TD and what its host makes of it. */
#define REASON_BOUND_US 1000000

/* TDH.VP.ENTER; a lock of the module that the host holds is waited for. */
static uint64_t enter(struct host_vcpu *vcpu, struct seam_regs *regs)
{
	uint64_t deadline = 0;
	struct seam_regs saved = *regs;
	for (;;) {
		regs->rax = TDH_VP_ENTER;
		regs->rcx = vcpu->tdvpr.v;
		__atomic_store_n(&vcpu->inside, true, __ATOMIC_SEQ_CST);
		uint64_t status = hook_seamcall(regs);
		__atomic_store_n(&vcpu->inside, false, __ATOMIC_SEQ_CST);
		if ((status & TDX_STATUS_CODE) != TDX_OPERAND_BUSY) {
			return status;
		}
		uint64_t now = time_us();
		deadline = deadline == 0 ? now + ENTER_BUSY_BOUND_US : deadline;
		if (now >= deadline) {
			return status;
		}
		*regs = saved;
		insn_pause();
	}
}

/* A vCPU that faults for ever at one place is a bug of the host. */
struct fault_watch {
	uint64_t gpa;
	unsigned count;
};

static void handle_fault(struct host_td *td, unsigned index, const struct seam_regs *regs,
			 struct fault_watch *watch)
{
	unsigned long long at = regs->r8;
	uint64_t shared_bit = gpa_with_share(gpa(0), SHARE_SHARED, td->mmu.gpaw);
	event(ept_violation, index, 0, regs->r8, regs->rcx, regs->rdx);
	watch->count = watch->gpa == regs->r8 ? watch->count + 1 : 0;
	watch->gpa = regs->r8;
	if (watch->count > SAME_FAULT_MAX) {
		run_end(td, EXIT_TD_STOPPED, "host: vCPU %u faults on GPA 0x%llx again and again",
			index, at);
		return;
	}
	if (regs->r8 & shared_bit) {
		mmu_shared_fault(&td->mmu, index, gpa(regs->r8 & ~shared_bit));
	} else {
		mmu_private_fault(&td->mmu, index, gpa(regs->r8), regs->rdx);
	}
}

/* No vCPU enters a TD that one of them has left for good: that one knows why, and will say. */
static bool other_knows(const struct host_td *td)
{
	uint64_t start = time_us();
	while (!run_ending(td) && time_us() - start < REASON_BOUND_US) {
		insn_pause();
	}
	return run_ending(td);
}

static void handle_exit(struct host_td *td, unsigned index, uint64_t status, struct seam_regs *regs,
			struct fault_watch *watch)
{
	uint64_t code = status & TDX_STATUS_CODE;
	uint64_t reason = status & TDX_EXIT_REASON;
	if (code == TDX_NON_RECOVERABLE_VCPU) {
		run_end(td, EXIT_VCPU_DIED, "vCPU %u died: %s (status 0x%016llx)", index,
			reason == EXIT_REASON_TRIPLE_FAULT ? "triple fault" : "no way to go on",
			(unsigned long long)status);
		return;
	}
	if (code == TDX_TD_FATAL && other_knows(td)) {
		return;
	}
	if (code != TDX_SUCCESS) {
		run_end(td, EXIT_TD_STOPPED, "host: TDH_VP_ENTER of vCPU %u failed: 0x%016llx",
			index, (unsigned long long)status);
		return;
	}
	switch (reason) {
	case EXIT_REASON_TDCALL:
		watch->count = 0;
		tdvmcall(td, index, regs);
		break;
	case EXIT_REASON_EPT_VIOLATION:
		handle_fault(td, index, regs, watch);
		break;
	case EXIT_REASON_EXCEPTION_OR_NMI: /* a kick */
	case EXIT_REASON_EXTERNAL_INTERRUPT:
		break;
	default:
		run_end(td, EXIT_TD_STOPPED,
			"TD exit of vCPU %u, reason %u, GPA 0x%llx: the host knows no answer",
			index, (unsigned)reason, (unsigned long long)regs->r8);
	}
}

void vcpu_run(struct host_td *td, unsigned index)
{
	struct host_vcpu *vcpu = &td->vcpus[index];
	struct fault_watch watch = { 0 };
	struct seam_regs regs = { 0 };
	while (!run_ending(td)) {
		if (cpu_stop_asked()) {
			run_end(td, EXIT_TIMEOUT, "the time is over");
			continue; /* who ends the TD is known once run_ending() says so */
		}
		uint64_t status = enter(vcpu, &regs);
		event_count(td_exits, cpu_index());
		if (!cpu_stop_asked()) { /* the exit that this causes tells nothing */
			vcpu->last_exit = status;
		}
		handle_exit(td, index, status, &regs, &watch);
	}
}
