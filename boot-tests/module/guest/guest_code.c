// The TD's instruction stream: mode, next instruction, exceptions. Used by all that emulates.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/guest/guest_code.h"

#include "arch/x86/cpu.h"

bool guest_in_64bit_mode(const struct vcpu *vcpu)
{
	const struct vmcb_save *save = &vcpu->svm.vmcb->save;
	return (save->efer & EFER_LMA) != 0 && (save->cs.attrib & VMCB_SEG_L) != 0;
}

enum decode_mode guest_decode_mode(const struct vcpu *vcpu)
{
	if (guest_in_64bit_mode(vcpu)) {
		return DECODE_64;
	}
	return vcpu->svm.vmcb->save.cs.attrib & VMCB_SEG_DB ? DECODE_32 : DECODE_16;
}

uint64_t guest_linear_rip(const struct vcpu *vcpu)
{
	const struct vmcb_save *save = &vcpu->svm.vmcb->save;
	return guest_in_64bit_mode(vcpu) ? save->rip : (uint32_t)(save->cs.base + save->rip);
}

bool guest_decode(const struct vcpu *vcpu, struct insn *out)
{
	uint8_t bytes[INSN_MAX_LENGTH];
	uint64_t rip = guest_linear_rip(vcpu);
	unsigned to_page_end = (unsigned)(pg_size(PG_4K) - (rip & (pg_size(PG_4K) - 1)));
	unsigned count = sizeof(bytes);
	if (!guest_read(&vcpu->svm, rip, bytes, count)) {
		/* The next page may be absent, and not be needed. */
		count = to_page_end;
		if (count >= sizeof(bytes) || !guest_read(&vcpu->svm, rip, bytes, count)) {
			return false;
		}
	}
	return decode_insn(bytes, count, guest_decode_mode(vcpu), out) == ST_OK;
}

unsigned guest_instruction_length(const struct vcpu *vcpu, unsigned usual)
{
	uint8_t first;
	/* All that is emulated by length starts with 0F, but for HLT and the port instructions. */
	if (guest_read(&vcpu->svm, guest_linear_rip(vcpu), &first, 1) &&
	    first != (usual == 1 ? 0xF4 : 0x0F)) {
		struct insn insn;
		if (guest_decode(vcpu, &insn)) {
			return insn.length;
		}
	}
	return usual;
}

void guest_advance(struct vcpu *vcpu, unsigned length)
{
	struct vmcb_save *save = guest_save(vcpu);
	save->rip += length;
	if (!guest_in_64bit_mode(vcpu)) {
		save->rip = (uint32_t)save->rip;
	}
	save->rflags &= ~RFLAGS_RF;
	vcpu->svm.vmcb->control.interrupt_shadow = 0;
	if ((save->rflags & RFLAGS_TF) != 0 && (vcpu->debugctl & DEBUGCTL_BTF) == 0) {
		svm_inject_single_step(&vcpu->svm);
	}
}

void guest_inject(struct vcpu *vcpu, uint8_t vector)
{
	guest_save(vcpu)->rflags |= RFLAGS_RF;
	svm_inject_exception(&vcpu->svm, vector, vector == VECTOR_DF, 0);
}

void guest_inject_gp(struct vcpu *vcpu)
{
	guest_save(vcpu)->rflags |= RFLAGS_RF;
	svm_inject_exception(&vcpu->svm, VECTOR_GP, true, 0);
}

void guest_inject_pf(struct vcpu *vcpu, uint64_t linear, uint64_t error_code)
{
	struct vmcb_save *save = guest_save(vcpu);
	save->rflags |= RFLAGS_RF;
	save->cr2 = linear;
	svm_inject_exception(&vcpu->svm, VECTOR_PF, true, (uint32_t)error_code);
}
