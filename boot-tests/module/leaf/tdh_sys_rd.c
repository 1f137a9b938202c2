// TDH.SYS.RD: reads a field of the platform.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <stddef.h>

#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/metadata.h"
#include "boot-tests/module/sys.h"

/* [TDX ABI 1.5 TDH.SYS.RD] RDX field; R8 value, RDX next field. */
uint64_t tdh_sys_rd(const struct seam_regs *in, struct seam_regs *out)
{
	out->rdx = MD_NONE;
	if (!sys_lp_init_done()) {
		return TDX_SYS_LP_INIT_NOT_DONE;
	}
	struct md_request request = { .id = in->rdx, .access = MD_HOST_READ };
	uint64_t status = md_read(MD_CONTEXT_SYS, NULL, &request);
	out->r8 = request.value;
	out->rdx = request.next;
	return status;
}
