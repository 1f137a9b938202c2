// TDH.MNG.WR: writes a field of the TD.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/metadata.h"

/* [TDX ABI 1.5 TDH.MNG.WR] RCX TDR, RDX field, R8 data, R9 mask; R8 old value. */
uint64_t tdh_mng_wr(const struct td *td, const struct seam_regs *in, struct seam_regs *out)
{
	struct md_request request = {
		.id = in->rdx, .access = md_host_write(td->tdcs), .value = in->r8, .mask = in->r9
	};
	uint64_t status = md_write(MD_CONTEXT_TD, td->tdcs, &request);
	out->r8 = request.value;
	return status;
}
