// Virtualization exceptions of the TD.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/guest/ve_inject.h"

#include "arch/x86/cpu.h"
#include "boot-tests/module/guest/guest_code.h"
#include "boot-tests/module/module_events.h"

void ve_inject(struct vcpu *vcpu, const struct ve_info *info)
{
	if (vcpu->ve.valid != 0) {
		event(double_fault, vcpu->index, info->exit_reason, guest_save(vcpu)->rip,
		      vcpu->ve.exit_reason);
		guest_inject(vcpu, VECTOR_DF);
		return;
	}
	event(ve, vcpu->index, info->exit_reason, guest_save(vcpu)->rip, info->exit_qualification,
	      info->gpa);
	vcpu->ve = (struct ve_area){
		.exit_reason = info->exit_reason,
		.valid = VE_AREA_VALID,
		.exit_qualification = info->exit_qualification,
		.gla = info->gla,
		.gpa = info->gpa,
		.instruction_length = info->instruction_length,
		.instruction_info = info->instruction_info,
	};
	guest_inject(vcpu, VECTOR_VE);
}

void ve_inject_instruction(struct vcpu *vcpu, uint32_t exit_reason, uint64_t qualification,
			   unsigned length)
{
	ve_inject(vcpu, &(struct ve_info){ .exit_reason = exit_reason,
					   .exit_qualification = qualification,
					   .instruction_length = length });
}
