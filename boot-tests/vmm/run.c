// The vCPU loop: enter, look why the TD came out, act, enter again; and the end of the TD.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5 TDH.VP.ENTER; linux arch/x86/kvm/vmx/tdx.c tdx_handle_exit]
#include "boot-tests/vmm/run.h"

#include <stdarg.h>
#include <stddef.h>

#include "arch/base/check.h"
#include "arch/base/fmt.h"
#include "arch/tdx/module.h"
#include "arch/tdx/ve.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/log.h"
#include "boot-tests/machine/stats.h"
#include "boot-tests/machine/svm.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/vmm/frames.h"
#include "boot-tests/vmm/td_destroy.h"
#include "boot-tests/vmm/tdvmcall.h"

/* Low 32 bits of the status: exit reason; bit 26 may say "and a bus lock". */
#define EXIT_REASON MASK64(15, 0)
#define ENTER_BUSY_BOUND_US 10000000
/* EPT violations of a vCPU with nothing else between them that a sane TD can cause at one address:
 * other vCPUs may fault on it and take it away again. */
#define SAME_FAULT_MAX 10000

/* Within this time a TD that ends is out of all its vCPUs. A kick that comes just before its CPU
 * halts is lost, so that kicks are repeated. */
#define END_BOUND_US 30000000
#define END_KICK_US 1000
#define REASON_SIZE 512

/* The only TD of this machine: cpu_run_all() passes no argument on. */
static struct {
	struct td *td;
	uint32_t global_hkid;
	uint64_t frames;  /* bytes that were taken before the TD */
	unsigned running; /* vCPUs that are not out for good */
	bool claimed;     /* one CPU brings the end about */
	bool ending;      /* no vCPU enters any more; what follows is then set */
	unsigned ender;
	enum machine_exit_code code;
	char reason[REASON_SIZE];
} run;

void run_kick_all(struct td *td)
{
	for (unsigned i = 0; i < td->vcpu_count; i++) {
		if (i != cpu_index() && __atomic_load_n(&td->vcpus[i].inside, __ATOMIC_SEQ_CST)) {
			svm_kick(i);
		}
	}
}

void run_kick_tds(void)
{
	if (run.td != NULL) {
		run_kick_all(run.td);
	}
}

/* --- the end ---------------------------------------------------------------------------------- */

bool run_ending(const struct td *td)
{
	CHECK(td == run.td);
	return __atomic_load_n(&run.ending, __ATOMIC_ACQUIRE);
}

void run_end(struct td *td, enum machine_exit_code code, const char *format, ...)
{
	CHECK(td == run.td);
	if (__atomic_exchange_n(&run.claimed, true, __ATOMIC_ACQ_REL)) {
		return; /* the reason that came first is the reason */
	}
	va_list args;
	va_start(args, format);
	fmt_vprint(run.reason, sizeof(run.reason), format, args);
	va_end(args);
	log_line('L', "TD ends: %s", run.reason);
	run.code = code;
	run.ender = cpu_index();
	__atomic_store_n(&run.ending, true, __ATOMIC_RELEASE);
}

/* This CPU's vCPU will not enter again. */
static void come_out(struct td *td, unsigned index)
{
	if (td_flush_vcpu(td, index) != ST_OK) {
		machine_exit(EXIT_BUG, "bug of the machine: vCPU %u cannot be flushed", index);
	}
	__atomic_store_n(&td->vcpus[index].out, true, __ATOMIC_RELEASE);
	__atomic_sub_fetch(&run.running, 1, __ATOMIC_ACQ_REL);
}

static void bring_out(struct td *td)
{
	uint64_t deadline = cpu_time_us() + END_BOUND_US;
	unsigned left;
	while ((left = __atomic_load_n(&run.running, __ATOMIC_ACQUIRE)) != 0) {
		if (cpu_time_us() >= deadline) {
			machine_exit(EXIT_BUG, "bug of the machine: %u vCPUs stay in the TD", left);
		}
		for (unsigned i = 0; i < td->vcpu_count; i++) {
			if (!__atomic_load_n(&td->vcpus[i].out, __ATOMIC_ACQUIRE)) {
				svm_kick(i);
			}
		}
		cpu_delay_us(END_KICK_US);
	}
}

static void must_balance(const char *what, uint64_t now, uint64_t before)
{
	if (now != before) {
		machine_exit(EXIT_BUG, "bug of the machine: after the TD %llu %s, not %llu",
			     (unsigned long long)now, what, (unsigned long long)before);
	}
}

/* No page, no frame and no key id may be left behind. */
static void check_nothing_left(void)
{
	struct module_census census = module_census();
	if (census.broken != NULL) {
		machine_exit(EXIT_BUG, "bug of the machine: after the TD page 0x%llx %s",
			     (unsigned long long)census.page.v, census.broken);
	}
	must_balance("pages are a TD's", census.owned, 0);
	must_balance("key ids are in use", census.hkids, 1); /* the module's own */
	must_balance("bytes of frames are taken", frames_taken(), run.frames);
}

_Noreturn void run_finish(struct td *td, enum machine_exit_code code, const char *reason)
{
	fw_cfg_remap_destroy(&td->fw_cfg);
	if (td_destroy(td, run.global_hkid) != ST_OK) {
		machine_exit(EXIT_BUG, "bug of the machine: the TD cannot be taken down: tdrun "
				       "--machine-log says more");
	}
	check_nothing_left();
	machine_exit(code, "%s", reason);
}

/* --- the loop --------------------------------------------------------------------------------- */

/* TDH.VP.ENTER; a lock of the module that the host holds is waited for. */
static uint64_t enter(struct vcpu *vcpu, struct seam_regs *regs)
{
	uint64_t deadline = 0;
	struct seam_regs saved = *regs;
	for (;;) {
		regs->rax = TDH_VP_ENTER;
		regs->rcx = vcpu->tdvpr.v;
		__atomic_store_n(&vcpu->inside, true, __ATOMIC_SEQ_CST);
		uint64_t status = seamcall(regs);
		__atomic_store_n(&vcpu->inside, false, __ATOMIC_SEQ_CST);
		if ((status & TDX_STATUS_CODE) != TDX_OPERAND_BUSY) {
			return status;
		}
		uint64_t now = cpu_time_us();
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

static void handle_fault(struct td *td, unsigned index, const struct seam_regs *regs,
			 struct fault_watch *watch)
{
	unsigned long long at = regs->r8;
	uint64_t shared_bit = gpa_with_share(gpa(0), SHARE_SHARED, TD_GPAW);
	trace(index, "EPT violation GPA 0x%llx qualification 0x%llx extended 0x%llx", at,
	      (unsigned long long)regs->rcx, (unsigned long long)regs->rdx);
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

static void handle_exit(struct td *td, unsigned index, uint64_t status, struct seam_regs *regs,
			struct fault_watch *watch)
{
	uint64_t code = status & TDX_STATUS_CODE;
	uint64_t reason = status & EXIT_REASON;
	if (code == TDX_NON_RECOVERABLE_VCPU) {
		run_end(td, EXIT_VCPU_DIED, "vCPU %u died: %s (status 0x%016llx)", index,
			reason == EXIT_REASON_TRIPLE_FAULT ? "triple fault" : "no way to go on",
			(unsigned long long)status);
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

static void run_vcpu(unsigned index)
{
	struct td *td = run.td;
	struct vcpu *vcpu = &td->vcpus[index];
	struct fault_watch watch = { 0 };
	struct seam_regs regs = { 0 };
	svm_cpu_init();
	if (stats_icount && index == 0) {
		stats.bare_exit = svm_bare_exit();
	}
	while (!run_ending(td)) {
		uint64_t status = enter(vcpu, &regs);
		stats_add(&stats.td_exits[index]);
		handle_exit(td, index, status, &regs, &watch);
	}
	come_out(td, index);
	if (run.ender == index) {
		bring_out(td);
		run_finish(td, run.code, run.reason);
	}
	cpu_stop();
}

void run_init(uint32_t global_hkid)
{
	run.global_hkid = global_hkid;
	run.frames = frames_taken();
}

_Noreturn void run_td(struct td *td)
{
	run.td = td;
	run.running = td->vcpu_count;
	cpu_run_all(run_vcpu);
}
