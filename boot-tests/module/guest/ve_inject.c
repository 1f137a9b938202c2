// Virtualization exceptions of the TD.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/guest/ve_inject.h"

#include "arch/base/check.h"
#include "arch/x86/cpu.h"
#include "boot-tests/machine/debug_log.h"
#include "boot-tests/machine/stats.h"
#include "boot-tests/module/guest/guest_code.h"

void ve_inject(struct vcpu *vcpu, const struct ve_info *info)
{
	CHECK(info->exit_reason < STATS_VE_REASONS);
	if (vcpu->ve.valid != 0) {
		trace(vcpu->index, "#DF: #VE reason %u on top of reason %u, RIP 0x%llx",
		      info->exit_reason, vcpu->ve.exit_reason,
		      (unsigned long long)guest_save(vcpu)->rip);
		guest_inject(vcpu, VECTOR_DF);
		return;
	}
	stats_add(&stats.ve[info->exit_reason]);
	trace(vcpu->index, "#VE reason %u, qualification 0x%llx, GPA 0x%llx, RIP 0x%llx",
	      info->exit_reason, (unsigned long long)info->exit_qualification,
	      (unsigned long long)info->gpa, (unsigned long long)guest_save(vcpu)->rip);
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
