// TDCALL: recognised, checked, dispatched.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5 TDCALL]
#include "boot-tests/module/tdcall.h"

#include "boot-tests/machine/exit.h"
#include "boot-tests/machine/log.h"
#include "boot-tests/machine/stats.h"
#include "boot-tests/module/guest.h"
#include "boot-tests/module/leaf.h"

#define TDCALL_LENGTH 4

struct tdcall_leaf {
	const char *name;
	tdcall_fn *execute; /* null: a leaf of the ABI that is not built */
	uint8_t max_version;
};

static const struct tdcall_leaf leaves[TDG_LEAF_COUNT] = {
	[TDG_VP_VMCALL] = { "TDG.VP.VMCALL", tdg_vp_vmcall, 0 },
	[TDG_VP_INFO] = { "TDG.VP.INFO", tdg_vp_info, 0 },
	[TDG_MR_RTMR_EXTEND] = { "TDG.MR.RTMR.EXTEND", tdg_mr_rtmr_extend, 0 },
	[TDG_VP_VEINFO_GET] = { "TDG.VP.VEINFO.GET", tdg_vp_veinfo_get, 0 },
	[TDG_MR_REPORT] = { "TDG.MR.REPORT", tdg_mr_report, 0 },
	[TDG_VP_CPUIDVE_SET] = { "TDG.VP.CPUIDVE.SET", tdg_vp_cpuidve_set, 0 },
	[TDG_MEM_PAGE_ACCEPT] = { "TDG.MEM.PAGE.ACCEPT", tdg_mem_page_accept, 0 },
	[TDG_VM_RD] = { "TDG.VM.RD", tdg_vm_rd, 1 },
	[TDG_VM_WR] = { "TDG.VM.WR", tdg_vm_wr, 0 },
	[TDG_VP_RD] = { "TDG.VP.RD", tdg_vp_rd, 0 },
	[TDG_VP_WR] = { "TDG.VP.WR", tdg_vp_wr, 0 },
	[TDG_SYS_RD] = { "TDG.SYS.RD", tdg_sys_rd, 0 },
	[TDG_SYS_RDALL] = { "TDG.SYS.RDALL", tdg_sys_rdall, 0 },
	[18] = { "TDG.SERVTD.RD", 0, 0 },
	[20] = { "TDG.SERVTD.WR", 0, 0 },
	[TDG_MR_VERIFYREPORT] = { "TDG.MR.VERIFYREPORT", tdg_mr_verifyreport, 0 },
	[TDG_MEM_PAGE_ATTR_RD] = { "TDG.MEM.PAGE.ATTR.RD", tdg_mem_page_attr_rd, 0 },
	[TDG_MEM_PAGE_ATTR_WR] = { "TDG.MEM.PAGE.ATTR.WR", tdg_mem_page_attr_wr, 0 },
	[25] = { "TDG.VP.ENTER", 0, 0 },
	[26] = { "TDG.VP.INVEPT", 0, 0 },
	[27] = { "TDG.VP.INVVPID", 0, 0 },
};

static void trace_call(const struct vcpu *vcpu, const char *name, uint64_t rip, uint64_t rcx,
		       uint64_t rdx, uint64_t r8, uint64_t status)
{
	trace(vcpu->index, "%s RCX 0x%llx RDX 0x%llx R8 0x%llx -> 0x%llx RCX 0x%llx RDX 0x%llx "
			   "R8 0x%llx, RIP 0x%llx",
	      name, (unsigned long long)rcx, (unsigned long long)rdx, (unsigned long long)r8,
	      (unsigned long long)status, (unsigned long long)vcpu->svm.gpr[RCX],
	      (unsigned long long)vcpu->svm.gpr[RDX], (unsigned long long)vcpu->svm.gpr[R8],
	      (unsigned long long)rip);
}

void tdcall_execute(struct vcpu *vcpu)
{
	if (!guest_in_64bit_mode(vcpu) || guest_save(vcpu)->cpl != 0) {
		guest_inject_gp(vcpu);
		return;
	}
	uint64_t *gpr = vcpu->svm.gpr;
	uint64_t rax = gpr[RAX], rcx = gpr[RCX], rdx = gpr[RDX], r8 = gpr[R8];
	uint64_t rip = guest_save(vcpu)->rip;
	uint64_t number = field_get(TDX_LEAF, rax);
	const struct tdcall_leaf *leaf = number < TDG_LEAF_COUNT ? &leaves[number] : 0;
	if (leaf == 0 || leaf->execute == 0) {
		machine_exit(EXIT_TD_STOPPED, "vCPU %u: TDCALL leaf %u (%s) at RIP 0x%llx is %s",
			     vcpu->index, (unsigned)number,
			     leaf != 0 && leaf->name != 0 ? leaf->name : "no name",
			     (unsigned long long)rip,
			     leaf != 0 && leaf->name != 0 ? "not built into the machine" :
							    "not in the ABI");
	}
	stats_add(&stats.tdcall[number]);
	uint64_t status = TDX_OPERAND_INVALID | TDX_OPERAND_RAX;
	if ((rax & ~(TDX_LEAF | TDX_VERSION)) == 0 &&
	    field_get(TDX_VERSION, rax) <= leaf->max_version) {
		status = leaf->execute(vcpu);
	}
	if (status != TDCALL_REPEAT) {
		gpr[RAX] = status;
		guest_advance(vcpu, TDCALL_LENGTH);
	}
	trace_call(vcpu, leaf->name, rip, rcx, rdx, r8, status);
}
