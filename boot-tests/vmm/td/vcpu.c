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
#include "boot-tests/vmm/mmu/memory_fault.h"
#include "boot-tests/vmm/td/td_flush.h"
#include "boot-tests/vmm/vmm_events.h"
#include "linker/memmap.h"

#define ENTER_BUSY_BOUND_US 10000000
/* EPT violations of a vCPU with nothing else between them that a sane TD can cause at one address:
 * other vCPUs may fault on it and take it away again. */
#define SAME_FAULT_MAX 10000
/* Between the exit that is fatal for a TD and what its host makes of it. */
#define REASON_BOUND_US 1000000

/* TDH.VP.ENTER; a lock of the module that the host holds is waited for. */
static uint64_t enter(struct host_td *td, unsigned index, struct seam_regs *regs)
{
	uint64_t deadline = 0;
	struct seam_regs saved = *regs;
	for (;;) {
		regs->rax = TDH_VP_ENTER;
		regs->rcx = td->vcpus[index].tdvpr.v;
		td_kick_inside(&td->kick, index, true);
		td_flush_asked();
		if (sept_keeps_out(&td->mmu.sept)) {
			td_kick_inside(&td->kick, index, false);
			insn_pause();
			continue;
		}
		uint64_t status = hook_seamcall(regs);
		td_kick_inside(&td->kick, index, false);
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

/* An access that the attribute of its page forbids is up to user space. */
static enum mmu_answer ask_user_space(struct host_td *td, unsigned index, gpa_t address,
				      enum mmu_answer answer, struct seam_failure *failure)
{
	const struct memory_fault fault = {
		.address = gpa(align_down(address.v, MEM_PAGE_SIZE)),
		.size = MEM_PAGE_SIZE,
		.is_private = answer == MMU_IS_SHARED,
	};
	event(memory_fault, index, 0, fault.address.v, fault.size, fault.is_private);
	return memory_fault_answer(&td->mmu, td->config->memory_fault, &fault,
				   &td->vcpus[index].memory_faults, failure);
}

static void handle_fault(struct host_td *td, unsigned index, const struct seam_regs *regs,
			 struct fault_watch *watch, struct verdict *verdict)
{
	uint64_t shared_bit = gpa_with_share(gpa(0), SHARE_SHARED, td->mmu.gpaw);
	event(ept_violation, index, 0, regs->r8, regs->rcx, regs->rdx);
	watch->count = watch->gpa == regs->r8 ? watch->count + 1 : 0;
	watch->gpa = regs->r8;
	if (watch->count > SAME_FAULT_MAX) {
		verdict_endless_fault(verdict, index, regs->r8);
		return;
	}
	struct seam_failure failure;
	gpa_t address = gpa(regs->r8 & ~shared_bit);
	enum mmu_answer answer = (regs->r8 & shared_bit) != 0 ?
					 mmu_shared_fault(&td->mmu, address) :
					 mmu_private_fault(&td->mmu, address, regs->rdx, &failure);
	if (answer == MMU_IS_SHARED || answer == MMU_IS_PRIVATE) {
		answer = ask_user_space(td, index, address, answer, &failure);
	}
	verdict_memory(verdict, answer, index, address, &failure);
}

/* No vCPU enters a TD that one of them has left for good: that one knows why, and will say. */
static bool other_knows(const struct host_td *td)
{
	uint64_t start = time_us();
	while (!td_ending(td) && time_us() - start < REASON_BOUND_US) {
		insn_pause();
	}
	return td_ending(td);
}

static void handle_exit(struct host_td *td, unsigned index, uint64_t status, struct seam_regs *regs,
			struct fault_watch *watch, struct verdict *verdict)
{
	uint64_t code = status & TDX_STATUS_CODE;
	uint64_t reason = status & TDX_EXIT_REASON;
	if (code == TDX_NON_RECOVERABLE_VCPU) {
		verdict_vcpu_died(verdict, index, status, reason == EXIT_REASON_TRIPLE_FAULT);
		return;
	}
	if (code == TDX_TD_FATAL && other_knows(td)) {
		return;
	}
	if (code != TDX_SUCCESS) {
		verdict_enter_failed(verdict, index, status);
		return;
	}
	switch (reason) {
	case EXIT_REASON_TDCALL:
		watch->count = 0;
		tdvmcall(td, index, regs, verdict);
		break;
	case EXIT_REASON_EPT_VIOLATION:
		handle_fault(td, index, regs, watch, verdict);
		break;
	case EXIT_REASON_EXCEPTION_OR_NMI: /* a kick */
	case EXIT_REASON_EXTERNAL_INTERRUPT:
		break;
	default:
		verdict_unknown_exit(verdict, index, (unsigned)reason, regs->r8);
	}
}

void vcpu_run(struct host_td *td, unsigned index, struct verdict *verdict)
{
	struct host_vcpu *vcpu = &td->vcpus[index];
	struct fault_watch watch = { 0 };
	struct seam_regs regs = { 0 };
	event_line(vcpu_start, index, 0);
	while (!verdict->given && !td_ending(td)) {
		if (cpu_stop_asked()) {
			verdict_timeout(verdict);
			return;
		}
		uint64_t status = enter(td, index, &regs);
		event_count(td_exits, cpu_index());
		if (!cpu_stop_asked()) { /* the exit that this causes tells nothing */
			vcpu->last_exit = status;
		}
		handle_exit(td, index, status, &regs, &watch, verdict);
	}
}
