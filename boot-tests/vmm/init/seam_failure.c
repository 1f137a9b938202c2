// A SEAMCALL that failed with a status to which the host has no answer.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/init/seam_failure.h"

#include "arch/base/fmt.h"

void seam_failure_text(const struct seam_failure *failure, char text[SEAM_FAILURE_SIZE])
{
	fmt_print(text, SEAM_FAILURE_SIZE,
		  "%s(RCX 0x%llx) failed: 0x%016llx, RCX 0x%llx, RDX 0x%llx", failure->leaf,
		  (unsigned long long)failure->rcx, (unsigned long long)failure->result.status,
		  (unsigned long long)failure->result.rcx, (unsigned long long)failure->result.rdx);
}
