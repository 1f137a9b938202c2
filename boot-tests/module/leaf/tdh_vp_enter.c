// TDH.VP.ENTER: runs a vCPU until the next TD exit.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <stddef.h>

#include "arch/base/mem.h"
#include "arch/tdx/ve_info.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/module/guest/tdcall.h"
#include "boot-tests/module/guest/tlb.h"
#include "boot-tests/module/guest/vmexit.h"
#include "boot-tests/module/guest/zero_step.h"
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/module_events.h"

/* Joins the current TLB epoch. What was blocked before it is not in this vCPU's TLB: that is
 * emptied if, and only if, the vCPU was last entered in another epoch. */
static bool epoch_join(struct vcpu *vcpu)
{
	struct tdcs *tdcs = vcpu->td.tdcs;
	if (!lock_try(&tdcs->epoch_lock, LOCK_SHARED)) {
		return false;
	}
	if (vcpu->epoch != tdcs->epoch) {
		tlb_empty(vcpu);
		vcpu->epoch = tdcs->epoch;
	}
	__atomic_fetch_add(&tdcs->epoch_vcpus[vcpu->epoch & 1], 1, __ATOMIC_SEQ_CST);
	lock_release(&tdcs->epoch_lock, LOCK_SHARED);
	return true;
}

static void epoch_leave(struct vcpu *vcpu)
{
	__atomic_fetch_sub(&vcpu->td.tdcs->epoch_vcpus[vcpu->epoch & 1], 1, __ATOMIC_SEQ_CST);
}

/* The table of that tree whose entries are of the seam's level; null: there is none. */
static const uint64_t *at_seam(const struct tdcs *tdcs, const uint64_t *root)
{
	if (root == NULL || tdcs->gpaw != 0 || tdcs->sept_root.top == PG_512G) {
		return root;
	}
	uint64_t entry = __atomic_load_n(&root[0], __ATOMIC_ACQUIRE);
	return (entry & PTE_P) != 0 ? hpa_ptr(hpa(entry & PTE_ADDRESS)) : NULL;
}

static void copy_entries(uint64_t *to, const uint64_t *from, unsigned count)
{
	if (from == NULL) {
		memset(to, 0, count * sizeof(*to));
		return;
	}
	for (unsigned i = 0; i < count; i++) {
		to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
	}
}

/* Takes the entries of the Secure EPT and of the shared EPT into the seam. [td.h] */
static void fill_seam(struct vcpu *vcpu)
{
	const struct tdcs *tdcs = vcpu->td.tdcs;
	unsigned shared = pt_index(td_shared_bit(tdcs), tdcs->gpaw != 0 ? PG_256T : PG_512G);
	uint64_t generation = __atomic_load_n(&tdcs->root_generation, __ATOMIC_ACQUIRE);
	if (vcpu->root_generation != generation) {
		copy_entries(vcpu->seam, at_seam(tdcs, tdcs->sept_root.table), shared);
		vcpu->root_generation = generation;
	}
	const uint64_t *root = hpa_ptr(hpa(vcpu->shared_eptp & PTE_ADDRESS));
	copy_entries(vcpu->seam + shared, at_seam(tdcs, root), shared);
}

/* Hands the interrupts that wait to the TD. */
static void deliver_interrupts(struct vcpu *vcpu)
{
	for (unsigned i = 0; i < ARRAY_COUNT(vcpu->posted); i++) {
		uint64_t waiting = __atomic_exchange_n(&vcpu->posted[i], 0, __ATOMIC_ACQUIRE);
		for (; waiting != 0; waiting &= waiting - 1) {
			unsigned bit = (unsigned)__builtin_ctzll(waiting);
			svm_post_interrupt(&vcpu->svm, (uint8_t)(64 * i + bit));
		}
	}
}

void module_post_interrupt(hpa_t tdvpr, uint8_t vector)
{
	struct vcpu *vcpu = hpa_ptr(tdvpr);
	__atomic_fetch_or(&vcpu->posted[vector / 64], BIT64(vector % 64), __ATOMIC_RELEASE);
}

static void run(struct vcpu *vcpu)
{
	vcpu->exit_pending = false;
	deliver_interrupts(vcpu);
	if (tdcall_is_next(vcpu)) {
		tdcall_execute(vcpu);
		zero_step_progress(vcpu);
	}
	while (!vcpu->exit_pending) {
		deliver_interrupts(vcpu);
		/* No NMI comes before the TD has fetched what its last #VE was about: a #VE of the
		 * NMI's handler would be a #DF. [TDX ABI 1.5 TDG.VP.VEINFO.GET] */
		vcpu->svm.nmi_blocked = vcpu->ve.valid != 0;
		tlb_begin(vcpu);
		svm_enter(&vcpu->svm);
		tlb_end(vcpu);
		event_count(exits, cpu_index());
		zero_step_progress(vcpu);
		vmexit_handle(vcpu);
	}
	vcpu->state_details = svm_interrupt_pending(&vcpu->svm) ? VCPU_STATE_DETAILS_VMXIP : 0;
}

/* RBP survives only where the TD cannot use it. */
static void report_exit(const struct vcpu *vcpu, const struct seam_regs *in, struct seam_regs *out)
{
	bool keep_rbp = (vcpu->td.tdcs->config_flags & TD_CONFIG_FLAGS_NO_RBP_MOD) != 0;
	*out = (struct seam_regs){ .rbp = keep_rbp ? in->rbp : 0 };
	if (vcpu->vmcall_open) {
		tdg_vp_vmcall_report(vcpu, out);
		return;
	}
	out->rcx = vcpu->exit_qualification;
	out->rdx = vcpu->exit_extended;
	out->r8 = vcpu->exit_gpa;
	out->r9 = vcpu->exit_interruption;
}

/* The hint answers an exit in which the host had let the TD wait too long; and there is no L2 VM
 * whose exit could be given to L1. */
static bool flags_fit(const struct vcpu *vcpu, uint64_t flags)
{
	bool waited = !vcpu->vmcall_open &&
		      (vcpu->exit_status & TDX_STATUS_CODE) == TDX_HOST_PRIORITY_BUSY_TIMEOUT;
	return !(flags & TDX_VP_ENTER_RESUME_L1) &&
	       (!(flags & TDX_VP_ENTER_HOST_RECOVERABILITY_HINT) || waited);
}

/* [TDX ABI 1.5 TDH.VP.ENTER] RCX TDVPR and flags. */
uint64_t tdh_vp_enter(struct vcpu *vcpu, const struct seam_regs *in, struct seam_regs *out)
{
	if (!vcpu_has_pages(vcpu)) {
		return TDX_TDCX_NUM_INCORRECT;
	}
	uint64_t status = vcpu_associate(vcpu, false);
	if (status != TDX_SUCCESS) {
		return status;
	}
	if (!flags_fit(vcpu, in->rcx)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	if (!epoch_join(vcpu)) {
		return TDX_OPERAND_BUSY | TDX_OPERAND_TD_EPOCH;
	}
	status = zero_step_enter(vcpu);
	if (status == TDX_SUCCESS) {
		if (vcpu->vmcall_open) {
			tdg_vp_vmcall_complete(vcpu, in);
		}
		fill_seam(vcpu);
		run(vcpu);
		status = vcpu->exit_status;
	}
	epoch_leave(vcpu);
	if ((status & TDX_STATUS_CODE) != TDX_OPERAND_BUSY) {
		report_exit(vcpu, in, out);
	}
	return status;
}
