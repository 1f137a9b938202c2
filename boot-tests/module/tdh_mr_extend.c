// TDH.MR.EXTEND: measures the content of 256 bytes.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/memory.h"
#include "boot-tests/module/leaf.h"
#include "boot-tests/module/mrtd.h"
#include "boot-tests/module/sept_op.h"

/* [TDX ABI 1.5 TDH.MR.EXTEND] RCX GPA, RDX TDR. */
uint64_t tdh_mr_extend(const struct td *td, const struct seam_regs *in, struct seam_regs *out)
{
	if (!is_aligned(in->rcx, MRTD_EXTEND_SIZE)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	uint64_t offset = in->rcx & (pg_size(PG_4K) - 1);
	struct sept_walk walk;
	uint64_t status = sept_open(td, in->rcx - offset, PG_4K, PG_4K, &walk, out);
	if (status == (TDX_EPT_WALK_FAILED | TDX_OPERAND_RCX)) {
		return TDX_EPT_ENTRY_NOT_PRESENT | TDX_OPERAND_RCX;
	}
	if (status != TDX_SUCCESS) {
		return status;
	}
	if (sept_state(walk.value) != SEPT_MAPPED) {
		return sept_refuse(&walk, TDX_EPT_ENTRY_NOT_PRESENT, out);
	}
	status = sept_check_content(td, &walk);
	if (status != TDX_SUCCESS) {
		return status;
	}
	mrtd_extend(td->tdcs, gpa(in->rcx), hpa_ptr(hpa(sept_hpa(walk.value).v + offset)));
	sept_unlock(&walk);
	return TDX_SUCCESS;
}
