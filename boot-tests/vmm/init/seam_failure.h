// A SEAMCALL that failed with a status to which the host has no answer.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

/* What a SEAMCALL has returned: RAX, RCX, RDX, R8. */
struct seam_result {
	uint64_t status, rcx, rdx, r8;
};

struct seam_failure {
	const char *leaf; /* its name */
	uint64_t rcx;     /* its first operand */
	struct seam_result result;
};

#define SEAM_FAILURE_SIZE 160
/* "TDH_X(RCX 0x...) failed: ...", for people. */
void seam_failure_text(const struct seam_failure *failure, char text[SEAM_FAILURE_SIZE]);
