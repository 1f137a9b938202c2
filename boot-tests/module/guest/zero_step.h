// The zero-step defence: a host that lets a vCPU fault at one instruction again and again.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX module base specification, zero-step attack mitigation]
//
// By EPT violations on private pages a host can watch the accesses of one instruction that never
// completes. From the seventh violation on, with no other instruction between them, the module
// notes the pages, and lets the vCPU in only when all of them are there.
#pragma once

#include "boot-tests/module/td.h"

/* At TDH.VP.ENTER. Success; OPERAND_BUSY | SEPT_TREE; or the status of a TD exit EPT_VIOLATION,
 * which is then pending, for a page that is not there. */
uint64_t zero_step_enter(struct vcpu *vcpu);
/* At each #VMEXIT: another instruction makes the module forget. */
void zero_step_progress(struct vcpu *vcpu);
/* A private EPT violation ends this run of the vCPU. */
void zero_step_note(struct vcpu *vcpu, uint64_t gpa_raw);
