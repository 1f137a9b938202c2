// Every way out of the TD: what the module does, what becomes an exception, what the host sees.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5, TD exits]
#pragma once

#include "boot-tests/module/td.h"

/* Handles the #VMEXIT that stands in the VMCB. The vCPU may run on unless exit_pending is set. */
void vmexit_handle(struct vcpu *vcpu);
