// TDG.MEM.PAGE.ATTR.WR: sets the attributes of a private page for the L2 VMs of the TD.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/tdx/ve_info.h"
#include "boot-tests/module/guest/ept_violation.h"
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/memory/sept_op.h"

/* One word of attributes and one of masks for each VM. */
#define MAX_VMS 4
#define VM_BITS 16

/* The attributes of VM 0 cannot be written, and this TD has no other VM. */
static uint64_t check_attributes(uint64_t attributes, uint64_t masks)
{
	for (unsigned vm = 0; vm < MAX_VMS; vm++) {
		uint64_t word = MASK64(vm * VM_BITS + VM_BITS - 1, vm * VM_BITS);
		if (attributes & word) {
			return TDX_OPERAND_INVALID | TDX_OPERAND_RDX;
		}
		if (masks & word) {
			return TDX_OPERAND_INVALID | TDX_OPERAND_R8;
		}
	}
	return TDX_SUCCESS;
}

/* The entry is locked. */
static uint64_t attr_wr_describe(struct vcpu *vcpu, gpa_t address, const struct sept_walk *walk)
{
	enum sept_state state = sept_state(walk->value);
	if (state == SEPT_NL_MAPPED || state == SEPT_NL_BLOCKED) {
		return TDX_PAGE_SIZE_MISMATCH | (uint64_t)walk->level;
	}
	if (state != SEPT_MAPPED && state != SEPT_PENDING) {
		ept_violation_of_page(vcpu, address, walk->level, walk, EXT_QUAL_ATTR_WR);
		return TDCALL_REPEAT;
	}
	vcpu->svm.gpr[RCX] |= state == SEPT_PENDING ? TDX_ATTR_PENDING : 0;
	vcpu->svm.gpr[RDX] = 0;
	return TDX_SUCCESS;
}

static uint64_t attr_wr(struct vcpu *vcpu)
{
	const uint64_t *gpr = vcpu->svm.gpr;
	uint64_t status = check_attributes(gpr[RDX], gpr[R8]);
	if (status != TDX_SUCCESS) {
		return status;
	}
	gpa_t address;
	enum pg_level level;
	if (!sept_operand(vcpu->td.tdcs, gpr[RCX], PG_4K, PG_1G, &address, &level)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	struct sept_walk walk = sept_walk(vcpu->td.tdcs->sept_root, address, level);
	if (walk.level != level) {
		ept_violation_of_page(vcpu, address, level, &walk, EXT_QUAL_ATTR_WR);
		return TDCALL_REPEAT;
	}
	status = sept_lock_guest(&walk);
	if (status != TDX_SUCCESS) {
		return status | TDX_OPERAND_RCX;
	}
	status = attr_wr_describe(vcpu, address, &walk);
	sept_unlock(&walk);
	return status;
}

/* [TDX ABI 1.5 TDG.MEM.PAGE.ATTR.WR] RCX GPA and level, RDX attributes, R8 masks; RCX GPA, level,
 * flags; RDX attributes. */
uint64_t tdg_mem_page_attr_wr(struct vcpu *vcpu)
{
	uint64_t status = attr_wr(vcpu);
	if (status != TDX_SUCCESS && status != TDCALL_REPEAT) {
		vcpu->svm.gpr[RCX] = vcpu->svm.gpr[RDX] = 0;
	}
	return status;
}
