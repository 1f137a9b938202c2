// Writes of CR0 and CR4 by the TD.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/guest/td_cr.h"

#include "arch/tdx/ve_info.h"
#include "arch/x86/cpu.h"
#include "boot-tests/module/guest/guest_code.h"
#include "boot-tests/module/guest/misuse.h"
#include "boot-tests/module/guest/td_cpuid.h"
#include "boot-tests/module/guest/ve_inject.h"

#define CR0_DEFINED                                                                                \
	(CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | \
	 CR0_PG)
/* The TD cannot clear the first two, nor set the others. */
#define CR0_ALWAYS_SET (CR0_PE | CR0_NE)
#define CR0_ALWAYS_CLEAR (CR0_NW | CR0_CD)
/* #VE instead of #GP, though the TD may not have them. */
#define CR4_OWNED (CR4_VMXE | CR4_SMXE)

/* [SDM 2B MOV to control register; SDM 3A 10.8.5] */
static bool cr0_legal(const struct vmcb_save *save, uint64_t value)
{
	bool long_code = (save->efer & EFER_LMA) != 0 && (save->cs.attrib & VMCB_SEG_L) != 0;
	if ((value >> 32) != 0 || ((value & CR0_PG) != 0 && (value & CR0_PE) == 0) ||
	    ((value & CR0_NW) != 0 && (value & CR0_CD) == 0)) {
		return false;
	}
	if ((value & CR0_PG) != 0 && (save->cr0 & CR0_PG) == 0) {
		return (save->efer & EFER_LME) == 0 ||
		       ((save->cr4 & CR4_PAE) != 0 && (save->cs.attrib & VMCB_SEG_L) == 0);
	}
	if ((value & CR0_PG) == 0 && (save->cr0 & CR0_PG) != 0) {
		return !long_code && (save->cr4 & CR4_PCIDE) == 0;
	}
	return true;
}

enum cr_outcome td_cr0_apply(struct vmcb_save *save, uint64_t value)
{
	if (!cr0_legal(save, value) || ((value & CR0_WP) == 0 && (save->cr4 & CR4_CET) != 0)) {
		return CR_GP;
	}
	if ((value & CR0_ALWAYS_SET) != CR0_ALWAYS_SET || (value & CR0_ALWAYS_CLEAR) != 0) {
		return CR_VE;
	}
	if ((value & CR0_PG) == 0) {
		save->efer &= ~EFER_LMA;
	} else if ((save->efer & EFER_LME) != 0) {
		save->efer |= EFER_LMA;
	}
	/* Undefined bits are ignored; ET is always set. */
	save->cr0 = (value & CR0_DEFINED) | CR0_ET;
	return CR_DONE;
}

enum cr_outcome td_cr4_apply(struct vmcb_save *save, uint64_t value, uint64_t allowed)
{
	bool long_mode = (save->efer & EFER_LMA) != 0;
	if ((value & ~(allowed | CR4_OWNED)) != 0 || (long_mode && (value & CR4_PAE) == 0) ||
	    (long_mode && ((value ^ save->cr4) & CR4_LA57) != 0) ||
	    ((value & CR4_CET) != 0 && (save->cr0 & CR0_WP) == 0)) {
		return CR_GP;
	}
	if ((value & CR4_MCE) == 0 || (value & CR4_OWNED) != 0) {
		return CR_VE;
	}
	save->cr4 = value;
	return CR_DONE;
}

/* Qualification of a CR access. [SDM 3C table 28-3] */
#define CR_QUAL_NUMBER MASK64(3, 0)
#define CR_QUAL_ACCESS MASK64(5, 4)
#define CR_QUAL_LMSW_MEMORY BIT64(6)
#define CR_QUAL_GPR MASK64(11, 8)
#define CR_QUAL_LMSW_SOURCE MASK64(31, 16)
#define CR_ACCESS_MOV_TO 0
#define CR_ACCESS_CLTS 2
#define CR_ACCESS_LMSW 3

#define OPCODE_MOV_TO_CR 0x22
#define OPCODE_CLTS 0x06
#define OPCODE_LMSW 0x01
#define LMSW_BITS (CR0_PE | CR0_MP | CR0_EM | CR0_TS)

#define MODRM_REG MASK64(5, 3)
#define MODRM_RM MASK64(2, 0)
#define MODRM_MOD MASK64(7, 6)
#define REX_B BIT64(0)

struct cr_write {
	uint64_t value, qualification;
	unsigned length;
};

static unsigned rm_register(const struct insn *insn)
{
	return (unsigned)(field_get(MODRM_RM, insn->modrm) + (insn->rex & REX_B ? 8 : 0));
}

static struct cr_write decode_mov(const struct vcpu *vcpu, const struct insn *insn)
{
	unsigned gpr = rm_register(insn);
	uint64_t value = vcpu->svm.gpr[gpr];
	return (struct cr_write){
		.value = insn->mode == DECODE_64 ? value : (uint32_t)value,
		.qualification = field_put(CR_QUAL_NUMBER, field_get(MODRM_REG, insn->modrm)) |
				 field_put(CR_QUAL_ACCESS, CR_ACCESS_MOV_TO) |
				 field_put(CR_QUAL_GPR, gpr),
		.length = insn->length,
	};
}

/* LMSW cannot clear PE. */
static bool decode_lmsw(const struct vcpu *vcpu, const struct insn *insn, struct cr_write *out)
{
	const struct vmcb_save *save = &vcpu->svm.vmcb->save;
	bool memory = field_get(MODRM_MOD, insn->modrm) != 3;
	uint16_t source = (uint16_t)vcpu->svm.gpr[rm_register(insn)];
	if (memory &&
	    !guest_read(&vcpu->svm,
			decode_effective_address(insn, vcpu->svm.gpr, save->rip + insn->length,
						 save->fs.base, save->gs.base),
			&source, sizeof(source))) {
		return false;
	}
	*out = (struct cr_write){
		.value = (save->cr0 & ~(LMSW_BITS & ~CR0_PE)) | (source & LMSW_BITS),
		.qualification = field_put(CR_QUAL_ACCESS, CR_ACCESS_LMSW) |
				 (memory ? CR_QUAL_LMSW_MEMORY : 0) |
				 field_put(CR_QUAL_LMSW_SOURCE, source),
		.length = insn->length,
	};
	return true;
}

/*
 * False: another CPU has changed the instruction, or what leads to it, since this one stopped
 * there. Nothing is emulated then: the vCPU goes on at the same RIP, and the CPU finds what is
 * there now.
 */
static bool decode_write(const struct vcpu *vcpu, struct cr_write *out)
{
	const struct vmcb_save *save = &vcpu->svm.vmcb->save;
	struct insn insn;
	if (!guest_decode(vcpu, &insn) || insn.map != INSN_MAP_0F) {
		return false;
	}
	switch (insn.opcode) {
	case OPCODE_MOV_TO_CR:
		*out = decode_mov(vcpu, &insn);
		return true;
	case OPCODE_CLTS:
		*out = (struct cr_write){
			.value = save->cr0 & ~CR0_TS,
			.qualification = field_put(CR_QUAL_ACCESS, CR_ACCESS_CLTS),
			.length = insn.length,
		};
		return true;
	case OPCODE_LMSW:
		return decode_lmsw(vcpu, &insn, out);
	default:
		return false;
	}
}

static void conclude(struct vcpu *vcpu, enum cr_outcome outcome, const struct cr_write *write)
{
	switch (outcome) {
	case CR_DONE:
		guest_advance(vcpu, write->length);
		return;
	case CR_VE:
		ve_inject_instruction(vcpu, EXIT_REASON_CR_ACCESS, write->qualification,
				      write->length);
		return;
	case CR_GP:
		guest_inject_gp(vcpu);
		return;
	}
}

void td_cr_write_cr0(struct vcpu *vcpu)
{
	struct cr_write write;
	if (decode_write(vcpu, &write)) {
		conclude(vcpu, td_cr0_apply(guest_save(vcpu), write.value), &write);
	}
}

void td_cr_write_cr4(struct vcpu *vcpu)
{
	struct cr_write write;
	if (!decode_write(vcpu, &write)) {
		return;
	}
	uint64_t allowed = td_cpuid_cr4_allowed(vcpu->td.tdcs);
	enum cr_outcome outcome = td_cr4_apply(guest_save(vcpu), write.value, allowed);
	if (outcome == CR_VE && (write.value & CR4_MCE) == 0) {
		misuse(vcpu, MISUSE_CR4_MCE_CLEARED, write.value);
	}
	conclude(vcpu, outcome, &write);
}
