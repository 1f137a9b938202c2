// TDH.MR.EXTEND: measures the content of 256 bytes.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/memory.h"
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/memory/sept_op.h"
#include "boot-tests/module/td_mrtd.h"

/* [TDX ABI 1.5 TDH.MR.EXTEND] RCX GPA, RDX TDR. */
uint64_t tdh_mr_extend(const struct td *td, const struct seam_regs *in, struct seam_regs *out)
{
	if (!is_aligned(in->rcx, MRTD_EXTEND_SIZE)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	struct sept_op op;
	uint64_t status = sept_open_mapped(td, in->rcx, LOCK_NONE, &op, out);
	if (status != TDX_SUCCESS) {
		return status;
	}
	status = sept_check_content(&op);
	if (status == TDX_SUCCESS) {
		uint64_t offset = in->rcx & (pg_size(op.walk.level) - 1);
		mrtd_extend(td->tdcs, gpa(in->rcx),
			    hpa_ptr(hpa(sept_hpa(op.walk.value).v + offset)));
	}
	sept_close(&op);
	return status;
}
