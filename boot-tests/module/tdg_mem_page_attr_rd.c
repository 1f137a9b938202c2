// TDG.MEM.PAGE.ATTR.RD: reads the attributes of a private page for each VM of the TD.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/tdx/ve.h"
#include "boot-tests/module/ept_violation.h"
#include "boot-tests/module/leaf.h"
#include "boot-tests/module/sept_op.h"

/* [TDX ABI 1.5 TDG.MEM.PAGE.ATTR.RD] RCX GPA; RCX GPA, level, flags; RDX attributes. There are no
 * L2 VMs: only the word of VM 0 is not 0. */
uint64_t tdg_mem_page_attr_rd(struct vcpu *vcpu)
{
	uint64_t *gpr = vcpu->svm.gpr;
	gpa_t address;
	enum pg_level level;
	if (!sept_operand(vcpu->td.tdcs, gpr[RCX], PG_4K, PG_4K, &address, &level)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	struct sept_walk walk = sept_walk(vcpu->td.tdcs->sept_root, address, PG_4K);
	enum sept_state state = sept_state(walk.value);
	if (state != SEPT_MAPPED && state != SEPT_PENDING) {
		ept_violation_exit(vcpu, address.v, EPT_QUAL_READ, EXT_QUAL_NONE);
		return TDCALL_REPEAT;
	}
	gpr[RCX] = align_down(address.v, pg_size(walk.level)) | (uint64_t)walk.level |
		   (state == SEPT_PENDING ? TDX_ATTR_PENDING : 0);
	gpr[RDX] = TDX_ATTR_VALID | TDX_ATTR_R | TDX_ATTR_W | TDX_ATTR_XS | TDX_ATTR_XU;
	return TDX_SUCCESS;
}
