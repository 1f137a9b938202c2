// TDH.MEM.SEPT.RD: shows an entry of the Secure EPT.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/memory/sept_op.h"

/* [TDX ABI 1.5 TDH.MEM.SEPT.RD] RCX GPA and level, RDX TDR and flag; RCX entry, RDX level and
 * state; with the flag R8 what L2 VMs, of which there are none, may do. */
uint64_t tdh_mem_sept_rd(const struct td *td, const struct seam_regs *in, struct seam_regs *out)
{
	bool l2 = (in->rdx & TDX_SEPT_RD_L2_ATTRIBUTES) != 0;
	if (l2 && (td->tdcs->attributes & TD_ATTRIBUTES_DEBUG) == 0) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RDX;
	}
	struct sept_op op;
	uint64_t status = sept_open(td, in->rcx, PG_4K, SEPT_MAX_LEVEL, LOCK_SHARED, &op, out);
	if (status != TDX_SUCCESS) {
		return status;
	}
	sept_describe(&op, out);
	if (l2) {
		out->r8 = 0;
	}
	sept_close(&op);
	return TDX_SUCCESS;
}
