// TD exits: what TDH.VP.ENTER will tell the host.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/guest/td_exit.h"

#include "boot-tests/module/guest/guest_code.h"
#include "boot-tests/module/module_events.h"

void td_exit(struct vcpu *vcpu, uint64_t status_and_reason, uint64_t qualification,
	     uint64_t extended, uint64_t gpa_raw)
{
	vcpu->exit_pending = true;
	vcpu->exit_status = status_and_reason;
	vcpu->exit_qualification = qualification;
	vcpu->exit_extended = extended;
	vcpu->exit_gpa = gpa_raw;
	vcpu->exit_interruption = 0;
	event(td_exit, vcpu->index, status_and_reason & TDX_EXIT_REASON, guest_save(vcpu)->rip,
	      status_and_reason, qualification, extended, gpa_raw);
}
