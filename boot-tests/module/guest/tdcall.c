// TDCALL: recognised, checked, dispatched.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5 TDCALL]
#include "boot-tests/module/guest/tdcall.h"

#include <stddef.h>

#include "arch/base/mem.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/debug_log.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/stats.h"
#include "boot-tests/module/guest/guest_code.h"
#include "boot-tests/module/guest/td_exit.h"
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/platform.h"

bool tdcall_at_rip(const struct vcpu *vcpu)
{
	static const uint8_t bytes[TDCALL_LENGTH] = { 0x66, 0x0F, 0x01, 0xCC };
	uint8_t found[TDCALL_LENGTH];
	return guest_read(&vcpu->svm, guest_linear_rip(vcpu), found, sizeof(found)) &&
	       memcmp(found, bytes, sizeof(found)) == 0;
}

bool tdcall_is_next(struct vcpu *vcpu)
{
	bool repeats = vcpu->tdcall_repeats;
	vcpu->tdcall_repeats = false;
	return repeats && !svm_kick_pending() && !svm_interrupt_pending(&vcpu->svm) &&
	       !svm_nmi_pending(cpu_index()) && !(vcpu->svm.vmcb->control.eventinj & EVENTINJ_V) &&
	       tdcall_at_rip(vcpu);
}

struct tdcall_leaf {
	const char *name;
	tdcall_fn *execute; /* null: a leaf of the ABI that is not built */
	bool versioned;     /* looks at the version itself */
};

static const struct tdcall_leaf leaves[TDG_LEAF_COUNT] = {
	[TDG_VP_VMCALL] = { "TDG.VP.VMCALL", tdg_vp_vmcall, false },
	[TDG_VP_INFO] = { "TDG.VP.INFO", tdg_vp_info, false },
	[TDG_MR_RTMR_EXTEND] = { "TDG.MR.RTMR.EXTEND", tdg_mr_rtmr_extend, false },
	[TDG_VP_VEINFO_GET] = { "TDG.VP.VEINFO.GET", tdg_vp_veinfo_get, false },
	[TDG_MR_REPORT] = { "TDG.MR.REPORT", tdg_mr_report, false },
	[TDG_VP_CPUIDVE_SET] = { "TDG.VP.CPUIDVE.SET", tdg_vp_cpuidve_set, false },
	[TDG_MEM_PAGE_ACCEPT] = { "TDG.MEM.PAGE.ACCEPT", tdg_mem_page_accept, false },
	[TDG_VM_RD] = { "TDG.VM.RD", tdg_vm_rd, true },
	[TDG_VM_WR] = { "TDG.VM.WR", tdg_vm_wr, false },
	[TDG_VP_RD] = { "TDG.VP.RD", tdg_vp_rd, false },
	[TDG_VP_WR] = { "TDG.VP.WR", tdg_vp_wr, false },
	[TDG_SYS_RD] = { "TDG.SYS.RD", tdg_sys_rd, false },
	[TDG_SYS_RDALL] = { "TDG.SYS.RDALL", tdg_sys_rdall, false },
	[18] = { "TDG.SERVTD.RD", NULL, false },
	[20] = { "TDG.SERVTD.WR", NULL, false },
	[TDG_MR_VERIFYREPORT] = { "TDG.MR.VERIFYREPORT", tdg_mr_verifyreport, false },
	[TDG_MEM_PAGE_ATTR_RD] = { "TDG.MEM.PAGE.ATTR.RD", tdg_mem_page_attr_rd, false },
	[TDG_MEM_PAGE_ATTR_WR] = { "TDG.MEM.PAGE.ATTR.WR", tdg_mem_page_attr_wr, false },
	[25] = { "TDG.VP.ENTER", NULL, false },
	[26] = { "TDG.VP.INVEPT", NULL, false },
	[27] = { "TDG.VP.INVVPID", NULL, false },
};

static void trace_call(const struct vcpu *vcpu, const char *name, uint64_t rax, uint64_t rip,
		       uint64_t rcx, uint64_t rdx, uint64_t r8, uint64_t status)
{
	trace(vcpu->index,
	      "%s RAX 0x%llx RCX 0x%llx RDX 0x%llx R8 0x%llx -> 0x%llx RCX 0x%llx RDX 0x%llx "
	      "R8 0x%llx, RIP 0x%llx",
	      name, (unsigned long long)rax, (unsigned long long)rcx, (unsigned long long)rdx,
	      (unsigned long long)r8, (unsigned long long)status,
	      (unsigned long long)vcpu->svm.gpr[RCX], (unsigned long long)vcpu->svm.gpr[RDX],
	      (unsigned long long)vcpu->svm.gpr[R8], (unsigned long long)rip);
}

/* Only so many are logged: what a TD calls is its own affair. */
#define UNKNOWN_LOGGED 16

static void log_unknown(const struct vcpu *vcpu, uint64_t number, const char *name, uint64_t rip)
{
	if (stats_add(&stats.tdcall_unknown) < UNKNOWN_LOGGED) {
		log_line('L', "TDCALL leaf %u (%s) of vCPU %u at RIP 0x%llx: OPERAND_INVALID",
			 (unsigned)number, name, vcpu->index, (unsigned long long)rip);
	}
}

#define US_IN_MS 1000

/* A TD of before knows OPERAND_BUSY only. When all its tries lose for too long the host learns it,
 * by a TD exit behind the TDCALL. */
static uint64_t convert_host_priority(struct vcpu *vcpu, uint64_t status)
{
	if ((status & TDX_STATUS_CODE) != TDX_OPERAND_BUSY_HOST_PRIORITY) {
		vcpu->host_priority = false;
		return status;
	}
	uint64_t now = insn_rdtsc();
	uint64_t timeout = vcpu->td.tdcs->hp_lock_timeout * module_tsc_khz() / US_IN_MS;
	if (!vcpu->host_priority) {
		vcpu->host_priority = true;
		vcpu->host_priority_since = now;
	} else if (now - vcpu->host_priority_since >= timeout) {
		vcpu->host_priority = false;
		td_exit(vcpu, TDX_HOST_PRIORITY_BUSY_TIMEOUT, 0, 0, 0);
	}
	return TDX_OPERAND_BUSY | (status & TDX_STATUS_DETAIL);
}

/* [TDX ABI 1.5 TDCALL] What is wrong with RAX is said before anything else is looked at. */
void tdcall_execute(struct vcpu *vcpu)
{
	static const struct tdcall_leaf unknown = { "no name", NULL, false };
	if (!guest_in_64bit_mode(vcpu) || guest_save(vcpu)->cpl != 0) {
		guest_inject_gp(vcpu);
		return;
	}
	uint64_t *gpr = vcpu->svm.gpr;
	uint64_t rax = gpr[RAX], rcx = gpr[RCX], rdx = gpr[RDX], r8 = gpr[R8];
	uint64_t rip = guest_save(vcpu)->rip;
	uint64_t number = field_get(TDX_LEAF, rax);
	const struct tdcall_leaf *leaf = &unknown;
	if (number < TDG_LEAF_COUNT) {
		stats_add(&stats.tdcall[number]);
		leaf = leaves[number].name != NULL ? &leaves[number] : &unknown;
	}
	uint64_t status = TDX_OPERAND_INVALID | TDX_OPERAND_RAX;
	if (leaf->execute == NULL) {
		log_unknown(vcpu, number, leaf->name, rip);
	} else if ((rax & ~(TDX_LEAF | TDX_VERSION)) == 0 &&
		   (field_get(TDX_VERSION, rax) == 0 || leaf->versioned)) {
		status = leaf->execute(vcpu);
	}
	status = convert_host_priority(vcpu, status);
	if (status != TDCALL_REPEAT) {
		gpr[RAX] = status;
		guest_advance(vcpu, TDCALL_LENGTH);
	}
	vcpu->tdcall_repeats = status == TDCALL_REPEAT && vcpu->exit_pending;
	trace_call(vcpu, leaf->name, rax, rip, rcx, rdx, r8, status);
}
