// TDH.MNG.KEY.RECLAIMID: does nothing, for hosts that were written for modules before 1.0.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf/leaf.h"

/* [TDX ABI 1.5 TDH.MNG.KEY.RECLAIMID] Operands are not looked at. */
uint64_t tdh_mng_key_reclaimid(const struct seam_regs *in, struct seam_regs *out)
{
	(void)in;
	(void)out;
	return TDX_SUCCESS;
}
