// Virtualization exceptions of the TD.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5, #VE; SDM 3C 26.5.7]
#pragma once

#include "arch/tdx/ve_info.h"
#include "boot-tests/module/td.h"

/* Gives the TD a #VE for the instruction at RIP; a #DF when it has not fetched the last one. */
void ve_inject(struct vcpu *vcpu, const struct ve_info *info);
/* The same for an instruction of this reason, qualification and length. */
void ve_inject_instruction(struct vcpu *vcpu, uint32_t exit_reason, uint64_t qualification,
			   unsigned length);
