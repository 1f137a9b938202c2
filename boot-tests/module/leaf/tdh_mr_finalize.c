// TDH.MR.FINALIZE: closes MRTD; from now on the TD may run.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/fmt.h"
#include "arch/base/mem.h"
#include "boot-tests/machine/console.h"
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/td_mrtd.h"

/* [TDX ABI 1.5 TDH.MR.FINALIZE] RCX TDR. */
uint64_t tdh_mr_finalize(const struct td *td, const struct seam_regs *in, struct seam_regs *out)
{
	(void)in;
	(void)out;
	struct tdcs *tdcs = td->tdcs;
	if (tdcs->num_vcpus == 0) {
		return TDX_NO_VCPUS;
	}
	mrtd_finalize(tdcs);
	__atomic_store_n(&tdcs->op_state, OP_STATE_RUNNABLE, __ATOMIC_RELEASE);

	char text[2 * SHA384_SIZE + 1];
	for (unsigned i = 0; i < SHA384_SIZE; i++) {
		fmt_print(text + 2 * i, 3, "%02x", tdcs->mrtd[i]);
	}
	memcpy(module_measured.mrtd, tdcs->mrtd, SHA384_SIZE);
	console_line('L', "MRTD %s", text);
	return TDX_SUCCESS;
}
