// Accesses of the TD that its nested tables do not allow: #VE, #PF or TD exit.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5, EPT violations; SDM 3C table 28-7]
#pragma once

#include "arch/tdx/ve_info.h"
#include "boot-tests/module/memory/sept.h"
#include "boot-tests/module/td.h"

/* Handles VMEXIT_NPF. True: of a private page, and it ends this run of the vCPU. */
bool ept_violation(struct vcpu *vcpu);

/* Tells the TD, by #VE, that the #VMEXIT before this entry was a violation on a private page that
 * its host let it repeat. Nothing, if the exit was another, or when no #VE can be delivered now. */
void ept_violation_notify(struct vcpu *vcpu);

/* An access of a TDCALL to its operand (EPT_QUAL_READ, and EPT_QUAL_WRITE if it is written) that
 * did not find memory; the TD repeats the TDCALL. */
void ept_violation_of_operand(struct vcpu *vcpu, uint64_t gpa_raw, uint64_t access);

/* A TDCALL on the page of level at address did not find it: a TD exit of the type EXT_QUAL_ACCEPT
 * or EXT_QUAL_ATTR_WR tells the host the entry where the walk ended. The TD repeats the TDCALL. */
void ept_violation_of_page(struct vcpu *vcpu, gpa_t address, enum pg_level level,
			   const struct sept_walk *walk, uint64_t type);

/* Ends the run of the vCPU with a TD exit EPT_VIOLATION. */
void ept_violation_exit(struct vcpu *vcpu, uint64_t gpa_raw, uint64_t qualification,
			uint64_t extended);
