// TDH.SYS.LP.SHUTDOWN: does nothing, for hosts that were written for modules before 1.5.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf/leaf.h"

/* [TDX ABI 1.5 TDH.SYS.LP.SHUTDOWN] */
uint64_t tdh_sys_lp_shutdown(const struct seam_regs *in, struct seam_regs *out)
{
	(void)in;
	(void)out;
	return TDX_SUCCESS;
}
