// TD exits: what TDH.VP.ENTER will tell the host.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5, TD exits]
#pragma once

#include "boot-tests/module/td.h"

/* Ends the run of the vCPU: status_and_reason is RAX of TDH.VP.ENTER. */
void td_exit(struct vcpu *vcpu, uint64_t status_and_reason, uint64_t qualification,
	     uint64_t extended, uint64_t gpa_raw);
