// TDCALL: recognised, checked, dispatched.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5 TDCALL]
#include "boot-tests/module/guest/tdcall.h"

#include <stddef.h>

#include "arch/base/mem.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/console.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/wake.h"
#include "boot-tests/module/guest/guest_code.h"
#include "boot-tests/module/guest/td_exit.h"
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/module_events.h"
#include "boot-tests/module/platform.h"
#include "boot-tests/module/seamcall.h"

bool tdcall_at_rip(const struct vcpu *vcpu)
{
	static const uint8_t bytes[TDCALL_LENGTH] = { 0x66, 0x0F, 0x01, 0xCC };
	uint8_t found[TDCALL_LENGTH];
	return guest_read(&vcpu->svm, guest_linear_rip(vcpu), found, sizeof(found)) &&
	       memcmp(found, bytes, sizeof(found)) == 0;
}

bool tdcall_is_next(struct vcpu *vcpu)
{
	bool repeats = vcpu->tdcall_repeats;
	vcpu->tdcall_repeats = false;
	return repeats && !wake_kick_pending() && !svm_interrupt_pending(&vcpu->svm) &&
	       !wake_nmi_pending(cpu_index()) &&
	       (vcpu->svm.vmcb->control.eventinj & EVENTINJ_V) == 0 && tdcall_at_rip(vcpu);
}

struct tdcall_leaf {
	tdcall_fn *execute; /* null: the leaf does not exist, or is not built */
	bool versioned;     /* looks at the version itself */
};

static const struct tdcall_leaf leaves[TDG_LEAF_COUNT] = {
#define TDCALL(identifier, function, versioned) [TDG_##identifier] = { function, versioned },
#include "boot-tests/module/leaf/tdcalls.def"
};

/* Only so many are logged: what a TD calls is its own affair. */
#define UNKNOWN_LOGGED 16

static void log_unknown(const struct vcpu *vcpu, uint64_t number, uint64_t rip)
{
	const char *name = event_key_name(&event_tdcall, number);
	if (event_count(tdcall_unknown, 0) < UNKNOWN_LOGGED) {
		console_line('L', "TDCALL leaf %u (%s) of vCPU %u at RIP 0x%llx: OPERAND_INVALID",
			     (unsigned)number, name != NULL ? name : "no name", vcpu->index,
			     (unsigned long long)rip);
	}
}

#define US_IN_MS 1000

/* A TD of before knows OPERAND_BUSY only. When all its tries lose for too long the host learns it,
 * by a TD exit after the TDCALL. */
static uint64_t convert_host_priority(struct vcpu *vcpu, uint64_t status)
{
	if ((status & TDX_STATUS_CODE) != TDX_OPERAND_BUSY_HOST_PRIORITY) {
		vcpu->host_priority = false;
		return status;
	}
	uint64_t now = insn_rdtsc();
	uint64_t timeout = vcpu->td.tdcs->hp_lock_timeout * module_tsc_khz() / US_IN_MS;
	if (!vcpu->host_priority) {
		vcpu->host_priority = true;
		vcpu->host_priority_since = now;
	} else if (now - vcpu->host_priority_since >= timeout) {
		vcpu->host_priority = false;
		td_exit(vcpu, TDX_HOST_PRIORITY_BUSY_TIMEOUT, 0, 0, 0);
	}
	return TDX_OPERAND_BUSY | (status & TDX_STATUS_DETAIL);
}

static const uint64_t *(*tdcall_hook)(uint64_t leaf);

void module_tdcall_hook(const uint64_t *(*instead)(uint64_t leaf))
{
	tdcall_hook = instead;
}

/* [TDX ABI 1.5 TDCALL] What is wrong with RAX is said before anything else is looked at. */
void tdcall_execute(struct vcpu *vcpu)
{
	static const struct tdcall_leaf unknown = { NULL, false };
	if (!guest_in_64bit_mode(vcpu) || guest_save(vcpu)->cpl != 0) {
		guest_inject_gp(vcpu);
		return;
	}
	uint64_t *gpr = vcpu->svm.gpr;
	uint64_t rax = gpr[RAX], rcx = gpr[RCX], rdx = gpr[RDX], r8 = gpr[R8];
	uint64_t rip = guest_save(vcpu)->rip;
	uint64_t number = field_get(TDX_LEAF, rax);
	const struct tdcall_leaf *leaf = number < TDG_LEAF_COUNT ? &leaves[number] : &unknown;
	event_count(tdcall, number);
	uint64_t status = TDX_OPERAND_INVALID | TDX_OPERAND_RAX;
	const uint64_t *instead = tdcall_hook != NULL ? tdcall_hook(number) : NULL;
	if (instead != NULL) {
		status = *instead;
	} else if (leaf->execute == NULL) {
		log_unknown(vcpu, number, rip);
	} else if ((rax & ~(TDX_LEAF | TDX_VERSION)) == 0 &&
		   (field_get(TDX_VERSION, rax) == 0 || leaf->versioned)) {
		status = leaf->execute(vcpu);
	}
	status = convert_host_priority(vcpu, status);
	if (status != TDCALL_REPEAT) {
		gpr[RAX] = status;
		guest_advance(vcpu, TDCALL_LENGTH);
	}
	vcpu->tdcall_repeats = status == TDCALL_REPEAT && vcpu->exit_pending;
	event_line(tdcall, vcpu->index, number, rip, rax, rcx, rdx, r8, status, gpr[RCX], gpr[RDX],
		   gpr[R8]);
}
