// TDCALL: recognised, checked, dispatched.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "boot-tests/module/td.h"

#define TDCALL_LENGTH 4

/* RIP stands on a TDCALL. */
void tdcall_execute(struct vcpu *vcpu);
