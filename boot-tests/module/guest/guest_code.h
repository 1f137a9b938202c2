// The TD's instruction stream: mode, next instruction, exceptions. Used by all that emulates.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/decode.h"
#include "boot-tests/module/td.h"

static inline struct vmcb_save *guest_save(struct vcpu *vcpu)
{
	return &vcpu->svm.vmcb->save;
}

bool guest_in_64bit_mode(const struct vcpu *vcpu);
enum decode_mode guest_decode_mode(const struct vcpu *vcpu);
/* Linear address of the next instruction. */
uint64_t guest_linear_rip(const struct vcpu *vcpu);

/* Reads and decodes the instruction at RIP; false when it cannot be read or decoded. */
bool guest_decode(const struct vcpu *vcpu, struct insn *out);
/* Length of the instruction at RIP: usual, unless it has prefixes. */
unsigned guest_instruction_length(const struct vcpu *vcpu, unsigned usual);

/* Completes an instruction: RIP after it, interrupt shadow and RF gone, and a single-step trap for
 * the next entry if the TD steps through its instructions. */
void guest_advance(struct vcpu *vcpu, unsigned length);

/* Exceptions for the next entry. */
void guest_inject(struct vcpu *vcpu, uint8_t vector);
void guest_inject_gp(struct vcpu *vcpu);
void guest_inject_pf(struct vcpu *vcpu, uint64_t linear, uint64_t error_code);
