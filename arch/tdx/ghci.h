// TDG.VP.VMCALL: sub-functions, register mask, status values of the guest-host interface.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [GHCI 1.5 section 3]
#pragma once

#include "arch/base/bits.h"

/* R11 on entry; R10 = 0. */
#define TDVMCALL_GET_TD_VM_CALL_INFO 0x10000
#define TDVMCALL_MAP_GPA 0x10001
#define TDVMCALL_GET_QUOTE 0x10002
#define TDVMCALL_REPORT_FATAL_ERROR 0x10003
#define TDVMCALL_SETUP_EVENT_NOTIFY_INTERRUPT 0x10004
#define TDVMCALL_SERVICE 0x10005
/* Instructions are numbered by their VMX exit reason (arch/tdx/ve_info.h). */
#define TDVMCALL_CPUID 10
#define TDVMCALL_HLT 12
#define TDVMCALL_IO 30
#define TDVMCALL_RDMSR 31
#define TDVMCALL_WRMSR 32
#define TDVMCALL_MMIO 48
#define TDVMCALL_WBINVD 54
#define TDVMCALL_PCONFIG 65

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
