// TDG.MEM.PAGE.ATTR.RD: reads the attributes of a private page for each VM of the TD.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/tdx/ve_info.h"
#include "boot-tests/module/guest/ept_violation.h"
#include "boot-tests/module/leaf/leaf.h"

/* The page's GPA, level and attributes. VM 0 has none, and there are no other VMs. */
static uint64_t attr_rd_describe(struct vcpu *vcpu, uint64_t address, const struct sept_walk *walk)
{
	enum sept_state state = sept_state(walk->value);
	if (state != SEPT_MAPPED && state != SEPT_PENDING) {
		ept_violation_exit(vcpu, address, 0, EXT_QUAL_NONE);
		return TDCALL_REPEAT;
	}
	vcpu->svm.gpr[RCX] = align_down(address, pg_size(walk->level)) | (uint64_t)walk->level |
			     (state == SEPT_PENDING ? TDX_ATTR_PENDING : 0);
	vcpu->svm.gpr[RDX] = 0;
	return TDX_SUCCESS;
}

static uint64_t attr_rd(struct vcpu *vcpu, uint64_t address)
{
	if (address >= td_shared_bit(vcpu->td.tdcs)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	struct sept_walk walk = sept_walk(vcpu->td.tdcs->sept_root,
					  gpa(align_down(address, pg_size(PG_4K))), PG_4K);
	uint64_t status = sept_lock_guest(&walk);
	if (status != TDX_SUCCESS) {
		return status | TDX_OPERAND_RCX;
	}
	status = attr_rd_describe(vcpu, address, &walk);
	sept_unlock(&walk);
	return status;
}

/* [TDX ABI 1.5 TDG.MEM.PAGE.ATTR.RD] RCX GPA of any byte; RCX GPA, level, flags; RDX attributes. */
uint64_t tdg_mem_page_attr_rd(struct vcpu *vcpu)
{
	uint64_t status = attr_rd(vcpu, vcpu->svm.gpr[RCX]);
	if (status != TDX_SUCCESS && status != TDCALL_REPEAT) {
		vcpu->svm.gpr[RCX] = vcpu->svm.gpr[RDX] = 0;
	}
	return status;
}
