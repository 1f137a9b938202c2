// TDG.MEM.PAGE.ATTR.WR: sets the attributes of a private page for the L2 VMs of the TD.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/tdx/ve.h"
#include "boot-tests/module/ept_violation.h"
#include "boot-tests/module/leaf.h"
#include "boot-tests/module/sept_op.h"

/*
 * [TDX ABI 1.5 TDG.MEM.PAGE.ATTR.WR] RCX GPA and level, RDX attributes, R8 masks. The attributes of
 * VM 0 cannot be written, and this TD has no other VM: a mask with any bit is an error, an empty
 * one checks the page.
 */
uint64_t tdg_mem_page_attr_wr(struct vcpu *vcpu)
{
	uint64_t *gpr = vcpu->svm.gpr;
	gpa_t address;
	enum pg_level level;
	if (!sept_operand(vcpu->td.tdcs, gpr[RCX], PG_4K, PG_2M, &address, &level)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	if (gpr[R8] != 0) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_R8;
	}
	struct sept_walk walk = sept_walk(vcpu->td.tdcs->sept_root, address, level);
	enum sept_state state = sept_state(walk.value);
	bool mapped = state == SEPT_MAPPED || state == SEPT_PENDING;
	if (walk.level != level ? mapped : state == SEPT_NL_MAPPED) {
		return TDX_PAGE_SIZE_MISMATCH | (uint64_t)walk.level;
	}
	if (!mapped) {
		ept_violation_exit(vcpu, address.v, EPT_QUAL_WRITE,
				   field_put(EXT_QUAL_TYPE, EXT_QUAL_ATTR_WR));
		return TDCALL_REPEAT;
	}
	gpr[RCX] = address.v | (uint64_t)level | (state == SEPT_PENDING ? TDX_ATTR_PENDING : 0);
	gpr[RDX] = TDX_ATTR_VALID | TDX_ATTR_R | TDX_ATTR_W | TDX_ATTR_XS | TDX_ATTR_XU;
	return TDX_SUCCESS;
}
