// TDH.VP.INIT: the state in which a vCPU of a TD starts.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/x86/cpu.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/module/td_cpuid.h"
#include "boot-tests/module/guest.h"
#include "boot-tests/module/leaf.h"
#include "boot-tests/module/td_msr.h"
#include "boot-tests/module/page.h"

#define RESET_RIP 0xFFFFFFF0
#define RESET_FMASK 0x20200
#define RESET_PAT 0x0007040600070406
#define RESET_DR6 0xFFFF0FF0
#define RESET_DR7 0x400
#define FLAT_LIMIT 0xFFFFFFFF
#define TABLE_LIMIT 0xFFFF
#define X2APIC_ID_MAX UINT32_MAX

/* All vCPUs share one address-space id: one vCPU runs on a CPU, and QEMU flushes at each entry. */
#define GUEST_ASID 1

/* [TDX ABI 1.5, initial state of TD VMCS] */
static void init_save(struct vmcb_save *save)
{
	struct vmcb_segment data = { .attrib = VMCB_ATTRIB_DATA, .limit = FLAT_LIMIT };
	save->cs = (struct vmcb_segment){ .attrib = VMCB_ATTRIB_CODE32, .limit = FLAT_LIMIT };
	save->ds = save->es = save->fs = save->gs = save->ss = data;
	save->ldtr = (struct vmcb_segment){ .attrib = 0, .limit = TABLE_LIMIT };
	save->tr = (struct vmcb_segment){ .attrib = VMCB_ATTRIB_TSS_BUSY, .limit = TABLE_LIMIT };
	save->gdtr = (struct vmcb_segment){ .limit = TABLE_LIMIT };
	save->idtr = (struct vmcb_segment){ .limit = 0 };
	save->rip = RESET_RIP;
	save->rflags = RFLAGS_FIXED;
	save->cr0 = CR0_PE | CR0_NE | CR0_ET;
	save->cr4 = CR4_MCE;
	save->efer |= EFER_SCE | EFER_LME | EFER_NXE;
	save->dr6 = RESET_DR6;
	save->dr7 = RESET_DR7;
	save->g_pat = RESET_PAT;
	save->sfmask = RESET_FMASK;
}

static void init_gprs(struct vcpu *vcpu, uint64_t initial)
{
	uint64_t *gpr = vcpu->svm.gpr;
	gpr[RBX] = GPAW;
	gpr[RCX] = gpr[R8] = initial;
	gpr[RDX] = td_cpuid_platform_signature();
	gpr[RSI] = vcpu->index;
}

/* Version 1 gives every vCPU its x2APIC id; version 0 its index. */
static uint64_t take_x2apic_id(struct tdcs *tdcs, const struct seam_regs *in, uint32_t *id)
{
	*id = tdcs->num_vcpus;
	if (field_get(TDX_VERSION, in->rax) == 0) {
		return TDX_SUCCESS;
	}
	if (in->r8 > X2APIC_ID_MAX) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_R8;
	}
	*id = (uint32_t)in->r8;
	for (uint32_t i = 0; i < tdcs->num_vcpus; i++) {
		if (tdcs->x2apic_ids[i] == *id) {
			return TDX_X2APIC_ID_NOT_UNIQUE;
		}
	}
	return TDX_SUCCESS;
}

/* [TDX ABI 1.5 TDH.VP.INIT] RCX TDVPR, RDX initial RCX and R8, R8 x2APIC id (version 1). */
uint64_t tdh_vp_init(struct vcpu *vcpu, const struct seam_regs *in, struct seam_regs *out)
{
	(void)out;
	struct tdcs *tdcs = vcpu->td.tdcs;
	if (vcpu->state != VCPU_UNINITIALIZED) {
		return TDX_VCPU_STATE_INCORRECT;
	}
	if (vcpu->tdcx_count != TDX_TDVPS_PAGES - 1) {
		return TDX_TDCX_NUM_INCORRECT;
	}
	if (tdcs->num_vcpus == tdcs->max_vcpus) {
		return TDX_MAX_VCPUS_EXCEEDED;
	}
	uint32_t id;
	uint64_t status = take_x2apic_id(tdcs, in, &id);
	if (status == TDX_SUCCESS) {
		status = vcpu_associate(vcpu);
	}
	if (status != TDX_SUCCESS) {
		return status;
	}
	vcpu->index = tdcs->num_vcpus;
	vcpu->x2apic_id = id;
	vcpu->pat = RESET_PAT;
	vcpu->root = hpa_ptr(vcpu->tdcx[1]);
	/* Not the TDCS's: the first entry fills the root. */
	vcpu->root_generation = tdcs->root_generation - 1;
	svm_vcpu_init(&vcpu->svm, hpa_ptr(vcpu->tdcx[0]), vcpu->tdcx[1], GUEST_ASID);
	td_msr_allow_native(vcpu->svm.msrpm);
	vcpu->svm.vmcb->control.tsc_offset = tdcs->tsc_offset;
	init_save(guest_save(vcpu));
	init_gprs(vcpu, in->rdx);
	tdcs->x2apic_ids[vcpu->index] = id;
	tdcs->num_vcpus++;
	vcpu->state = VCPU_READY;
	return TDX_SUCCESS;
}
