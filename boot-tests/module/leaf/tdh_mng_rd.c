// TDH.MNG.RD: reads a field of the TD.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/metadata.h"

/* [TDX ABI 1.5 TDH.MNG.RD] RCX TDR, RDX field; R8 value, RDX next field (version 1; of version 0
 * the hardware gives the first field, too, when it is asked for: tdx-module issue 15). */
uint64_t tdh_mng_rd(const struct td *td, const struct seam_regs *in, struct seam_regs *out)
{
	struct md_request request = { .id = in->rdx, .access = md_host_read(td->tdcs) };
	uint64_t status = md_read(MD_CONTEXT_TD, td->tdcs, &request);
	out->r8 = request.value;
	if (field_get(TDX_VERSION, in->rax) > 0 || in->rdx == MD_NONE) {
		out->rdx = request.next;
	}
	return status;
}
