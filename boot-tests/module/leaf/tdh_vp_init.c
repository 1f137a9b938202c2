// TDH.VP.INIT: the state in which a vCPU of a TD starts.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/x86/cpu.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/module/guest/guest_code.h"
#include "boot-tests/module/guest/td_cpuid.h"
#include "boot-tests/module/guest/td_msr.h"
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/memory/page.h"

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
	gpr[RBX] = td_gpa_bits(vcpu->td.tdcs);
	gpr[RCX] = gpr[R8] = initial;
	gpr[RDX] = td_cpuid_platform_signature();
	gpr[RSI] = vcpu->index;
}

/* [td.h, the seam] */
static void init_nested(struct vcpu *vcpu)
{
	uint64_t *root = hpa_ptr(vcpu->tdcx[1]);
	vcpu->seam = root;
	if (svm_nested_top() == PG_256T && vcpu->td.tdcs->gpaw == 0) {
		root[0] = vcpu->tdcx[2].v | PTE_P | PTE_W | PTE_U | PTE_A;
		vcpu->seam = hpa_ptr(vcpu->tdcx[2]);
	}
}

/* Version 1 gives the vCPU its x2APIC id, and the TDR is locked exclusive. Version 0 leaves it 0:
 * the TD then cannot enumerate its topology. */
static uint64_t take_x2apic_id(struct tdcs *tdcs, const struct seam_regs *in, uint32_t index)
{
	if (field_get(TDX_VERSION, in->rax) == 0) {
		tdcs->topology_enum_configured = 0;
		return TDX_SUCCESS;
	}
	if (in->r8 > X2APIC_ID_MAX) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_R8;
	}
	for (uint32_t i = 0; i < index; i++) {
		if (tdcs->x2apic_ids[i] == in->r8) {
			return TDX_X2APIC_ID_NOT_UNIQUE | in->r8;
		}
	}
	tdcs->x2apic_ids[index] = (uint32_t)in->r8;
	return TDX_SUCCESS;
}

/* Its index is the number of those before it. As in the module, one that is refused for its x2APIC
 * id's sake has used its index up. */
static uint64_t take_index(struct tdcs *tdcs, const struct seam_regs *in, uint32_t *index)
{
	*index = __atomic_fetch_add(&tdcs->num_vcpus, 1, __ATOMIC_ACQ_REL);
	uint64_t status = *index < tdcs->max_vcpus ? take_x2apic_id(tdcs, in, *index) :
						     TDX_MAX_VCPUS_EXCEEDED;
	if (status != TDX_SUCCESS && (status & TDX_STATUS_CODE) != TDX_X2APIC_ID_NOT_UNIQUE) {
		__atomic_fetch_sub(&tdcs->num_vcpus, 1, __ATOMIC_ACQ_REL);
	}
	return status;
}

/* [TDX ABI 1.5 TDH.VP.INIT] RCX TDVPR, RDX initial RCX and R8, R8 x2APIC id (version 1). */
uint64_t tdh_vp_init(struct vcpu *vcpu, const struct seam_regs *in, struct seam_regs *out)
{
	(void)out;
	struct tdcs *tdcs = vcpu->td.tdcs;
	if (!vcpu_has_pages(vcpu)) {
		return TDX_TDCX_NUM_INCORRECT;
	}
	if (vcpu->state != VCPU_UNINITIALIZED) {
		return TDX_VCPU_STATE_INCORRECT;
	}
	uint64_t status = take_index(tdcs, in, &vcpu->index);
	if (status != TDX_SUCCESS) {
		return status;
	}
	vcpu->x2apic_id = tdcs->x2apic_ids[vcpu->index];
	vcpu->pat = RESET_PAT;
	vcpu->posted_vector = VCPU_NO_VECTOR;
	vcpu->posted_descriptor = VCPU_NO_DESCRIPTOR;
	init_nested(vcpu);
	/* Not the TDCS's: the first entry fills the seam. */
	vcpu->root_generation = tdcs->root_generation - 1;
	svm_vcpu_init(&vcpu->svm, hpa_ptr(vcpu->tdcx[0]), vcpu->tdcx[1], GUEST_ASID);
	td_msr_allow_native(vcpu->svm.msrpm);
	vcpu->svm.vmcb->control.tsc_offset = tdcs->tsc_offset;
	init_save(guest_save(vcpu));
	init_gprs(vcpu, in->rdx);
	vcpu->state = VCPU_READY;
	return vcpu_associate(vcpu, false);
}
