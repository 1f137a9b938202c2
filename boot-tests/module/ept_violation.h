// Accesses of the TD that its nested tables do not allow: #VE, #PF or TD exit.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5, EPT violations; SDM 3C table 28-7]
#pragma once

#include "boot-tests/module/td.h"

/* Handles VMEXIT_NPF. */
void ept_violation(struct vcpu *vcpu);

/* An access of a TDCALL to its operand (EPT_QUAL_READ, and EPT_QUAL_WRITE if it is to be written) that
 * did not find memory; the TD repeats the TDCALL. */
void ept_violation_of_operand(struct vcpu *vcpu, uint64_t gpa_raw, uint64_t access);

/* Ends the run of the vCPU with a TD exit EPT_VIOLATION. */
void ept_violation_exit(struct vcpu *vcpu, uint64_t gpa_raw, uint64_t qualification,
			uint64_t extended);
