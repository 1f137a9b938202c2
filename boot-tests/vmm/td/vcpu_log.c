// Where a vCPU stands: what the module, the host and its own registers tell.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/td/vcpu_log.h"

#include <stddef.h>

#include "arch/tdx/module.h"
#include "arch/tdx/ve_info.h"
#include "boot-tests/machine/console.h"
#include "boot-tests/module/module_events.h"
#include "boot-tests/vmm/vmm_events.h"

static const char *named(const struct event *event, uint64_t key)
{
	const char *name = event_key_name(event, key);
	return name != NULL ? name : "without a name";
}

void vcpu_log(const struct host_td *td, unsigned index)
{
	const struct host_vcpu *vcpu = &td->vcpus[index];
	const struct seam_regs *call = &vcpu->last_call;
	uint64_t reason = vcpu->last_exit & TDX_EXIT_REASON;
	module_log_vcpu(vcpu->tdvpr);
	console_line(
		'V',
		"vCPU %u: last TD exit 0x%llx (%s), last TDVMCALL 0x%llx (%s): 0x%llx, 0x%llx, "
		"0x%llx",
		index, (unsigned long long)vcpu->last_exit, named(&event_td_exit, reason),
		(unsigned long long)(call->r10 != 0 ? call->r10 : call->r11),
		call->r10 != 0 ? "KVM hypercall" : named(&event_tdvmcall, tdvmcall_key(call->r11)),
		(unsigned long long)call->r12, (unsigned long long)call->r13,
		(unsigned long long)call->r14);
}
