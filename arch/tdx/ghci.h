// TDG.VP.VMCALL: sub-functions, register mask, status values of the guest-host interface.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [GHCI 1.5 section 3]
#pragma once

#include <stdint.h>

#include "arch/base/bits.h"
#include "arch/tdx/ve_info.h"

/* R11 on entry, while R10 is 0: the sub-function. */
enum tdvmcall {
#define TDVMCALL(identifier, number, name) TDVMCALL_##identifier = (number),
#include "arch/tdx/vmcalls.def"
	TDVMCALL_FIRST = TDVMCALL_GET_TD_VM_CALL_INFO,
	TDVMCALL_LAST = TDVMCALL_SERVICE,
};

/* Sub-functions that stand for an instruction have the number of its exit reason. */
#define TDVMCALL_CPUID EXIT_REASON_CPUID
#define TDVMCALL_HLT EXIT_REASON_HLT
#define TDVMCALL_IO EXIT_REASON_IO
#define TDVMCALL_RDMSR EXIT_REASON_RDMSR
#define TDVMCALL_WRMSR EXIT_REASON_WRMSR
#define TDVMCALL_MMIO EXIT_REASON_EPT_VIOLATION
#define TDVMCALL_WBINVD EXIT_REASON_WBINVD
#define TDVMCALL_PCONFIG EXIT_REASON_PCONFIG

/* All sub-functions in a row, for tables: instructions by their exit reasons, then the others. */
enum tdvmcall_key {
	TDVMCALL_KEY_FIRST = EXIT_REASON_COUNT,
	TDVMCALL_KEY_COUNT = TDVMCALL_KEY_FIRST + TDVMCALL_LAST - TDVMCALL_FIRST + 1,
};

/* TDVMCALL_KEY_COUNT where there is no such sub-function. */
static inline uint64_t tdvmcall_key(uint64_t sub_function)
{
	if (sub_function < TDVMCALL_KEY_FIRST) {
		return sub_function;
	}
	return sub_function >= TDVMCALL_FIRST && sub_function <= TDVMCALL_LAST ?
		       TDVMCALL_KEY_FIRST + sub_function - TDVMCALL_FIRST :
		       TDVMCALL_KEY_COUNT;
}

/* R10 on return. */
#define TDVMCALL_SUCCESS 0
#define TDVMCALL_RETRY 1
#define TDVMCALL_INVALID_OPERAND 0x8000000000000000
#define TDVMCALL_GPA_INUSE 0x8000000000000001
#define TDVMCALL_ALIGN_ERROR 0x8000000000000002
#define TDVMCALL_SUBFUNC_UNSUPPORTED 0x8000000000000003

/* RCX: which registers the host sees and may change. */
#define TDVMCALL_GPR_SELECT MASK64(15, 0)
#define TDVMCALL_XMM_SELECT MASK64(31, 16)
#define TDVMCALL_RESERVED MASK64(63, 32)
/* RDX, RBX, RSI, RDI, R8 to R15: all that may be exposed with NO_RBP_MOD. */
#define TDVMCALL_EXPOSE_ALL 0xFFCC
#define TDVMCALL_GPR_FORBIDDEN (BIT64(0) | BIT64(1) | BIT64(4))
#define TDVMCALL_GPR_RBP BIT64(5)

#define TDVMCALL_READ 0
#define TDVMCALL_WRITE 1

/* ReportFatalError: R12[31:0] code, R12[63] "R13 is a shared GPA with more text"; the message is
 * up to 64 bytes in R14, R15, RBX, RDI, RSI, R8, R9, RDX, little endian. */
#define TDVMCALL_FATAL_HAS_GPA BIT64(63)
#define TDVMCALL_FATAL_MESSAGE_SIZE 64
