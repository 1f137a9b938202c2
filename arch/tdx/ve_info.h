// Virtualization exception: exit reasons and exit qualifications.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5 TDG.VP.VEINFO.GET; SDM 3C appendix C, tables 28-5, 28-7]
#pragma once

#include <stdint.h>

#include "arch/base/bits.h"

enum exit_reason {
#define EXIT_REASON(identifier, number, name) EXIT_REASON_##identifier = (number),
#include "arch/tdx/exit_reasons.def"
	EXIT_REASON_COUNT = 80, /* more than any number */
};

/* I/O instructions */
#define IO_QUAL_SIZE MASK64(2, 0) /* bytes - 1 */
#define IO_QUAL_IN BIT64(3)
#define IO_QUAL_STRING BIT64(4)
#define IO_QUAL_REP BIT64(5)
#define IO_QUAL_IMMEDIATE BIT64(6)
#define IO_QUAL_PORT MASK64(31, 16)

/* EPT violations */
#define EPT_QUAL_READ BIT64(0)
#define EPT_QUAL_WRITE BIT64(1)
#define EPT_QUAL_FETCH BIT64(2)
#define EPT_QUAL_READABLE BIT64(3)
#define EPT_QUAL_WRITABLE BIT64(4)
#define EPT_QUAL_EXECUTABLE BIT64(5)
#define EPT_QUAL_GLA_VALID BIT64(7)
#define EPT_QUAL_FINAL BIT64(8) /* access to the translated address, not a page walk */

/* Extended exit qualification of TDH.VP.ENTER (RDX): [3:0] type, [63:32] info. */
#define EXT_QUAL_TYPE MASK64(3, 0)
#define EXT_QUAL_INFO MASK64(63, 32)
#define EXT_QUAL_NONE 0
#define EXT_QUAL_ACCEPT 1
#define EXT_QUAL_GPA_DETAILS 2
#define EXT_QUAL_ATTR_WR 5
#define EXT_QUAL_PENDING_EPT_VIOLATION 6

/* What TDG.VP.VEINFO.GET returns. */
struct ve_info {
	uint32_t exit_reason;        /* RCX[31:0] */
	uint64_t exit_qualification; /* RDX */
	uint64_t gla;                /* R8 */
	uint64_t gpa;                /* R9, SHARED bit included */
	uint32_t instruction_length; /* R10[31:0] */
	uint32_t instruction_info;   /* R10[63:32] */
};
