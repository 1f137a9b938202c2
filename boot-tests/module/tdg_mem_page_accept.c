// TDG.MEM.PAGE.ACCEPT: zeroes a pending page and maps it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/tdx/ve.h"
#include "boot-tests/machine/stats.h"
#include "boot-tests/module/ept_violation.h"
#include "boot-tests/module/leaf.h"
#include "boot-tests/module/page.h"
#include "boot-tests/module/sept_op.h"

/* Extended exit qualification of type ACCEPT. [TDX ABI 1.5] */
#define ACCEPT_LEVEL MASK64(34, 32)
#define ACCEPT_ENTRY_LEVEL MASK64(37, 35)
#define ACCEPT_ENTRY_STATE MASK64(45, 38)
#define ACCEPT_ENTRY_LEAF BIT64(46)

/* The host has to add or unblock the page; then the TD tries again. */
static uint64_t ask_host(struct vcpu *vcpu, gpa_t address, enum pg_level level,
			 const struct sept_walk *walk)
{
	uint64_t extended = field_put(EXT_QUAL_TYPE, EXT_QUAL_ACCEPT) |
			    field_put(ACCEPT_LEVEL, level) |
			    field_put(ACCEPT_ENTRY_LEVEL, walk->level) |
			    field_put(ACCEPT_ENTRY_STATE, sept_public_state(walk->value)) |
			    (sept_is_leaf(sept_state(walk->value)) ? ACCEPT_ENTRY_LEAF : 0);
	ept_violation_exit(vcpu, address.v, EPT_QUAL_WRITE, extended);
	return TDCALL_REPEAT;
}

/* [TDX ABI 1.5 TDG.MEM.PAGE.ACCEPT] RCX GPA and level (0, 1). */
uint64_t tdg_mem_page_accept(struct vcpu *vcpu)
{
	gpa_t address;
	enum pg_level level;
	if (!sept_operand(vcpu->td.tdcs, vcpu->svm.gpr[RCX], PG_4K, PG_2M, &address,
			  &level)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	struct sept_walk walk = sept_walk(vcpu->td.tdcs->sept_root, address, level);
	enum sept_state state = sept_state(walk.value);
	if (state == SEPT_MAPPED) {
		return TDX_PAGE_ALREADY_ACCEPTED | (uint64_t)walk.level;
	}
	if (walk.level == level) {
		if (walk.value & SEPT_LOCK) {
			return TDX_OPERAND_BUSY | TDX_OPERAND_RCX;
		}
		if (state == SEPT_NL_MAPPED || state == SEPT_NL_BLOCKED) {
			stats_add(&stats.accept_size_mismatch);
			return TDX_PAGE_SIZE_MISMATCH | (uint64_t)level;
		}
	}
	if (walk.level != level || state != SEPT_PENDING) {
		return ask_host(vcpu, address, level, &walk);
	}
	if (!sept_lock(&walk)) {
		return TDX_OPERAND_BUSY | TDX_OPERAND_RCX;
	}
	hpa_t page = sept_hpa(walk.value);
	page_zero(page, level);
	sept_write(walk.entry, SEPT_MAPPED, page, level);
	stats_add(&stats.accept[level]);
	return TDX_SUCCESS;
}
