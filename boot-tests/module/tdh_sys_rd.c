// TDH.SYS.RD: reads a field of the platform.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf.h"
#include "boot-tests/module/metadata.h"

/* [TDX ABI 1.5 TDH.SYS.RD] RDX field; R8 value, RDX next field. */
uint64_t tdh_sys_rd(const struct seam_regs *in, struct seam_regs *out)
{
	struct md_request request = { .id = in->rdx, .access = MD_HOST_READ };
	uint64_t status = md_read(MD_CONTEXT_SYS, 0, &request);
	out->r8 = request.value;
	out->rdx = request.next;
	return status;
}
