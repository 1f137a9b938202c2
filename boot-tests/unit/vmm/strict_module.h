// A fake of the TDX module for tests of the host's memory manager: strict, small, for many threads.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// It knows one TD, whose memory is the first blocks of GPAs, and frames of one range. A call that a
// real module would refuse for good is a violation, told by name; what is busy is TDX_OPERAND_BUSY,
// as entries are locked while they are changed. Pages are pending from the start and are not
// accepted.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/addr.h"
#include "boot-tests/module/seamcall.h"

#define STRICT_TDR 0x7000
#define STRICT_BLOCKS 4u /* of 2 MiB */
#define STRICT_VCPUS 8u

/* All is as after TDH.MR.FINALIZE; frames are [base, base + size). */
void strict_module_init(hpa_t base, uint64_t size);

/* One SEAMCALL by any thread. */
uint64_t strict_module_call(struct seam_regs *regs);

/* A vCPU enters the TD, and has the epoch of that moment until it leaves. */
void strict_module_enter(unsigned vcpu);
void strict_module_leave(unsigned vcpu);
bool strict_module_inside(unsigned vcpu);

/* Inside: the frame of a mapped page, as a TLB would take it; 0: none, or blocked. */
uint64_t strict_module_translate(gpa_t page);
/* Is that frame still the TD's? */
bool strict_module_owns(uint64_t frame);

/* Calls of a leaf so far. */
unsigned strict_module_count(uint64_t leaf);
/* The first violation; null: there was none. */
const char *strict_module_violation(void);
