// TDH.MEM.SEPT.RD: shows an entry of the Secure EPT.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf.h"
#include "boot-tests/module/sept_op.h"

/* [TDX ABI 1.5 TDH.MEM.SEPT.RD] RCX GPA and level, RDX TDR; RCX entry, RDX level and state. */
uint64_t tdh_mem_sept_rd(const struct td *td, const struct seam_regs *in, struct seam_regs *out)
{
	struct sept_walk walk;
	uint64_t status = sept_open(td, in->rcx, PG_4K, SEPT_MAX_LEVEL, &walk, out);
	if (status == TDX_SUCCESS) {
		(void)sept_refuse(&walk, TDX_SUCCESS, out);
	}
	return status;
}
