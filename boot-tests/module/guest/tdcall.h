// TDCALL: recognised, checked, dispatched.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "boot-tests/module/td.h"

#define TDCALL_LENGTH 4

/* Does RIP stand on a TDCALL? */
bool tdcall_at_rip(const struct vcpu *vcpu);
/* RIP stands on a TDCALL. */
void tdcall_execute(struct vcpu *vcpu);
/* Once for each entry: is the next that happens the TDCALL of the last TD exit, again? Then the
 * vCPU need not run: it would leave at once. */
bool tdcall_is_next(struct vcpu *vcpu);
