// Memory operands of TDCALLs: a GPA becomes a host pointer, or the TDCALL is repeated.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5, guest-side memory operands]
#pragma once

#include "arch/base/addr.h"
#include "boot-tests/module/leaf/leaf.h"

/*
 * Checks the operand in gpr[operand] (size a power of two, the alignment too) and walks to it.
 * OPERAND_INVALID | operand, or TDCALL_REPEAT when there is no memory: a #VE or a TD exit is then
 * pending. access is EPT_QUAL_READ, with EPT_QUAL_WRITE for an operand that is written. The pointer
 * holds until the TDCALL is over.
 */
uint64_t operand_map(struct vcpu *vcpu, uint32_t operand, uint64_t size, bool shared_allowed,
		     uint64_t access, void **out);
