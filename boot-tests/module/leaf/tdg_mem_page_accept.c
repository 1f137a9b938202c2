// TDG.MEM.PAGE.ACCEPT: zeroes a pending page and maps it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/tdx/ve_info.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/svm.h"
#include "boot-tests/machine/wake.h"
#include "boot-tests/module/guest/ept_violation.h"
#include "boot-tests/module/guest/misuse.h"
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/memory/page.h"
#include "boot-tests/module/memory/sept_op.h"
#include "boot-tests/module/module_events.h"

/* Zeroes what is left of a large page, and ends early when an interrupt of the host waits: the
 * pieces that are done are then counted in the entry. */
static bool zero_large(const struct sept_walk *walk)
{
	hpa_t page = sept_hpa(walk->value);
	uint64_t pieces = pg_size(PG_2M) / pg_size(PG_4K);
	uint64_t done = field_get(SEPT_ACCEPT_COUNTER, walk->value);
	while (done < pieces) {
		page_zero(hpa(page.v + done * pg_size(PG_4K)), PG_4K);
		done++;
		if (done < pieces && wake_kick_pending()) {
			uint64_t value = (walk->value & ~SEPT_ACCEPT_COUNTER) |
					 field_put(SEPT_ACCEPT_COUNTER, done);
			__atomic_store_n(walk->entry, value | SEPT_LOCK, __ATOMIC_RELEASE);
			return false;
		}
	}
	return true;
}

static bool zero(const struct sept_walk *walk)
{
	if (walk->level == PG_2M) {
		return zero_large(walk);
	}
	page_zero(sept_hpa(walk->value), PG_4K);
	return true;
}

static uint64_t already_accepted(const struct vcpu *vcpu, gpa_t address, enum pg_level level)
{
	event_count(accept_already, 0);
	misuse(vcpu, MISUSE_ACCEPTED_TWICE, address.v);
	return TDX_PAGE_ALREADY_ACCEPTED | (uint64_t)level;
}

/* The entry is locked. */
static uint64_t accept(struct vcpu *vcpu, gpa_t address, const struct sept_walk *walk)
{
	enum pg_level level = walk->level;
	switch (sept_state(walk->value)) {
	case SEPT_NL_MAPPED:
	case SEPT_NL_BLOCKED:
		event_count(accept_size_mismatch, 0);
		return TDX_PAGE_SIZE_MISMATCH | (uint64_t)level;
	case SEPT_MAPPED:
		return already_accepted(vcpu, address, level);
	case SEPT_FREE:
	case SEPT_BLOCKED:
	case SEPT_PENDING_BLOCKED:
		ept_violation_of_page(vcpu, address, level, walk, EXT_QUAL_ACCEPT);
		return TDCALL_REPEAT;
	case SEPT_PENDING:
		break;
	}
	hpa_t page = sept_hpa(walk->value);
	if (!page_untouched(page, level) && !zero(walk)) {
		return TDCALL_REPEAT;
	}
	page_mark_guest(page, level);
	sept_write(walk->entry, SEPT_MAPPED, page, level);
	event(accept, vcpu->index, level, address.v);
	event_line(private_page, vcpu->index, TDX_SEPT_MAPPED, address.v, pg_size(level));
	event_count(accept_cpus, cpu_index());
	return TDX_SUCCESS;
}

/* [TDX ABI 1.5 TDG.MEM.PAGE.ACCEPT] RCX GPA and level (0, 1). */
uint64_t tdg_mem_page_accept(struct vcpu *vcpu)
{
	gpa_t address;
	enum pg_level level;
	if (!sept_operand(vcpu->td.tdcs, vcpu->svm.gpr[RCX], PG_4K, PG_2M, &address, &level)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	struct sept_walk walk = sept_walk(vcpu->td.tdcs->sept_root, address, level);
	if (walk.level != level) {
		if (sept_state(walk.value) == SEPT_MAPPED) {
			return already_accepted(vcpu, address, walk.level);
		}
		/* The host has to add, unblock or split; then the TD tries again. */
		ept_violation_of_page(vcpu, address, level, &walk, EXT_QUAL_ACCEPT);
		return TDCALL_REPEAT;
	}
	uint64_t status = sept_lock_guest(&walk);
	if (status != TDX_SUCCESS) {
		return status | TDX_OPERAND_RCX;
	}
	status = accept(vcpu, address, &walk);
	sept_unlock(&walk);
	return status;
}
