// TDG.VP.VMCALL: a call of the TD to its host; it ends the run of the vCPU.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5 TDG.VP.VMCALL, TDH.VP.ENTER]
#include <stddef.h>

#include "arch/tdx/ve_info.h"
#include "boot-tests/module/guest/guest_tables.h"
#include "boot-tests/module/guest/misuse.h"
#include "boot-tests/module/guest/td_exit.h"
#include "boot-tests/module/leaf/leaf.h"

#define CONTROL_RESERVED MASK64(63, 32)
/* RAX, RCX and RSP are never exposed. */
#define GPRS_NEVER (BIT64(RAX) | BIT64(RCX) | BIT64(RSP))

/* RCX: [15:0] general registers that the host sees and sets, [31:16] XMM registers. */
uint64_t tdg_vp_vmcall(struct vcpu *vcpu)
{
	uint64_t control = vcpu->svm.gpr[RCX];
	uint64_t never = GPRS_NEVER;
	if ((vcpu->td.tdcs->config_flags & TD_CONFIG_FLAGS_NO_RBP_MOD) != 0) {
		never |= BIT64(RBP);
	}
	if ((control & never & BIT64(RBP)) != 0) {
		misuse(vcpu, MISUSE_RBP_EXPOSED, control);
	}
	if ((control & (CONTROL_RESERVED | never)) != 0) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	guest_tables_trace(vcpu);
	vcpu->vmcall_open = true;
	vcpu->vmcall_control = control;
	td_exit(vcpu, TDX_SUCCESS | EXIT_REASON_TDCALL, 0, 0, 0);
	return TDX_SUCCESS;
}

/* Where each register of the TD stands in struct seam_regs; RSP has no place there. */
static const uint16_t seam_offset[16] = {
	[RDX] = offsetof(struct seam_regs, rdx), [RBX] = offsetof(struct seam_regs, rbx),
	[RBP] = offsetof(struct seam_regs, rbp), [RSI] = offsetof(struct seam_regs, rsi),
	[RDI] = offsetof(struct seam_regs, rdi), [R8] = offsetof(struct seam_regs, r8),
	[R9] = offsetof(struct seam_regs, r9),   [R10] = offsetof(struct seam_regs, r10),
	[R11] = offsetof(struct seam_regs, r11), [R12] = offsetof(struct seam_regs, r12),
	[R13] = offsetof(struct seam_regs, r13), [R14] = offsetof(struct seam_regs, r14),
	[R15] = offsetof(struct seam_regs, r15),
};

void tdg_vp_vmcall_report(const struct vcpu *vcpu, struct seam_regs *out)
{
	out->rcx = vcpu->vmcall_control;
	for (unsigned i = 0; i < 16; i++) {
		if ((vcpu->vmcall_control & ~GPRS_NEVER & BIT64(i)) != 0) {
			*(uint64_t *)((uint8_t *)out + seam_offset[i]) = vcpu->svm.gpr[i];
		}
	}
}

void tdg_vp_vmcall_complete(struct vcpu *vcpu, const struct seam_regs *in)
{
	vcpu->vmcall_open = false;
	for (unsigned i = 0; i < 16; i++) {
		if ((vcpu->vmcall_control & ~GPRS_NEVER & BIT64(i)) != 0) {
			vcpu->svm.gpr[i] =
				*(const uint64_t *)((const uint8_t *)in + seam_offset[i]);
		}
	}
	vcpu->svm.gpr[RAX] = TDX_SUCCESS;
}
