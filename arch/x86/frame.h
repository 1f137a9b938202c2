// The registers an exception stub saves, shared by every program of the tree that has an IDT.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
//   high addresses   SS, RSP, RFLAGS, CS, RIP     pushed by the CPU
//                    error code                   pushed by the CPU, or 0 by the stub
//                    vector                       pushed by the stub
//   low addresses    15 general registers         pushed by the common part: gpr[] in hardware
//                                                 order without RSP
#pragma once

#include <stdint.h>

#include "arch/base/abi.h"

/* Vectors of exceptions, and how far apart the stubs are that handle a vector each. */
#define EXCEPTION_COUNT 32
#define EXCEPTION_STUB_SIZE 16

struct trap_frame {
	uint64_t rax, rcx, rdx, rbx;       /* 00 */
	uint64_t rbp, rsi, rdi;            /* 20 */
	uint64_t r8, r9, r10, r11;         /* 38 */
	uint64_t r12, r13, r14, r15;       /* 58 */
	uint64_t vector;                   /* 78 */
	uint64_t error_code;               /* 80 */
	uint64_t rip, cs, rflags, rsp, ss; /* 88 */
};
ABI_SIZE(struct trap_frame, 0xB0);
ABI_FIELD(struct trap_frame, vector, 0x78, 8);
ABI_FIELD(struct trap_frame, rip, 0x88, 8);
