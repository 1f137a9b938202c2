// The zero-step defence: a host that lets a vCPU fault at one instruction again and again.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/guest/zero_step.h"

#include "arch/tdx/ve_info.h"
#include "boot-tests/module/guest/ept_violation.h"
#include "boot-tests/module/guest/guest_code.h"
#include "boot-tests/module/memory/sept.h"

/* Violations that are nothing special. */
#define FAULTS 6

static bool would_fault(const struct vcpu *vcpu, uint64_t gpa_raw)
{
	gpa_t page = gpa(align_down(gpa_raw, pg_size(PG_4K)));
	struct sept_walk walk = sept_walk(vcpu->td.tdcs->sept_root, page, PG_4K);
	return sept_state(walk.value) != SEPT_MAPPED;
}

uint64_t zero_step_enter(struct vcpu *vcpu)
{
	struct tdcs *tdcs = vcpu->td.tdcs;
	vcpu->entry_rip = guest_save(vcpu)->rip;
	if (vcpu->fault_gpa_count == 0) {
		return TDX_SUCCESS;
	}
	if (!lock_try(&tdcs->sept_lock, LOCK_EXCLUSIVE)) {
		return TDX_OPERAND_BUSY | TDX_OPERAND_SEPT_TREE;
	}
	uint64_t status = TDX_SUCCESS;
	for (unsigned i = 0; status == TDX_SUCCESS && i < vcpu->fault_gpa_count; i++) {
		if (would_fault(vcpu, vcpu->fault_gpas[i])) {
			vcpu->vmcall_open = false; /* this exit takes the place of the last */
			ept_violation_exit(vcpu, vcpu->fault_gpas[i], EPT_QUAL_WRITE,
					   EXT_QUAL_NONE);
			status = vcpu->exit_status;
		}
	}
	if (status == TDX_SUCCESS && (tdcs->notify_enables & TD_NOTIFY_EPT_FAULTS) != 0) {
		ept_violation_notify(vcpu);
	}
	lock_release(&tdcs->sept_lock, LOCK_EXCLUSIVE);
	return status;
}

void zero_step_progress(struct vcpu *vcpu)
{
	if (guest_save(vcpu)->rip != vcpu->entry_rip) {
		vcpu->fault_count = 0;
		vcpu->fault_gpa_count = 0;
	}
}

void zero_step_note(struct vcpu *vcpu, uint64_t gpa_raw)
{
	if (vcpu->fault_count < FAULTS) {
		vcpu->fault_count++;
		return;
	}
	for (unsigned i = 0; i < vcpu->fault_gpa_count; i++) {
		if (vcpu->fault_gpas[i] == gpa_raw) {
			return;
		}
	}
	if (vcpu->fault_gpa_count < ARRAY_COUNT(vcpu->fault_gpas)) {
		vcpu->fault_gpas[vcpu->fault_gpa_count++] = gpa_raw;
	}
}
