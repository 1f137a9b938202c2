// SEAMCALLs as the VMM makes them: named when they fail, retried within a bound when busy.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/status.h"
#include "arch/tdx/module.h"
#include "boot-tests/vmm/init/seam_failure.h"

/* Does the status say that another CPU holds a lock of the module? */
static inline bool seam_is_busy(uint64_t status)
{
	uint64_t code = status & TDX_STATUS_CODE;
	return code == TDX_OPERAND_BUSY || code == TDX_SYS_BUSY;
}

/* One call with the operands most leaves have; OPERAND_BUSY and SYS_BUSY are retried for a time,
 * RND_NO_ENTROPY a few times. */
struct seam_result seam(uint64_t leaf, uint64_t rcx, uint64_t rdx, uint64_t r8, uint64_t r9);
/* As seam(), but one try: for callers that do better than to wait where they stand. */
struct seam_result seam_once(uint64_t leaf, uint64_t rcx, uint64_t rdx, uint64_t r8, uint64_t r9);

/* ST_TDX when result is an error: it is then in *failure, and in the log. */
enum status seam_status(const char *leaf, uint64_t rcx, struct seam_result result,
			struct seam_failure *failure) MUST_CHECK;
static inline enum status seam_try(const char *name, uint64_t leaf, uint64_t rcx, uint64_t rdx,
				   uint64_t r8, uint64_t r9, struct seam_failure *failure)
{
	return seam_status(name, rcx, seam(leaf, rcx, rdx, r8, r9), failure);
}
/* seam() and seam_status() in one, for calls without outputs. Evaluates each operand once. */
#define SEAM_TRY(leaf, rcx, rdx, r8, r9, failure) \
	seam_try(#leaf, (leaf), (rcx), (rdx), (r8), (r9), (failure))
