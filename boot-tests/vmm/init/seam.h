// SEAMCALLs as the VMM makes them: named when they fail, retried within a bound when busy.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

#include "arch/base/status.h"
#include "arch/tdx/module.h"

struct seam_result {
	uint64_t status, rcx, rdx, r8;
};

/* One call with the operands most leaves have; OPERAND_BUSY and SYS_BUSY are retried for a time,
 * RND_NO_ENTROPY a few times. */
struct seam_result seam(uint64_t leaf, uint64_t rcx, uint64_t rdx, uint64_t r8, uint64_t r9);

/* ST_TDX when the call failed, which is logged with the name of the leaf. */
enum status seam_status(const char *name, uint64_t rcx, struct seam_result result) MUST_CHECK;
/* Both in one, for calls without outputs. */
#define SEAM_TRY(leaf, rcx, rdx, r8, r9) \
	seam_status(#leaf, (rcx), seam((leaf), (rcx), (rdx), (r8), (r9)))

/* seam(), and any error stops the TD with the name of the leaf. */
struct seam_result seam_must_named(const char *name, uint64_t leaf, uint64_t rcx, uint64_t rdx,
				   uint64_t r8, uint64_t r9);
#define SEAM_MUST(leaf, rcx, rdx, r8, r9) seam_must_named(#leaf, (leaf), (rcx), (rdx), (r8), (r9))

/* Stops the TD: the call failed with a status the VMM has no answer to. */
_Noreturn void seam_failed(const char *name, uint64_t rcx, struct seam_result result);
