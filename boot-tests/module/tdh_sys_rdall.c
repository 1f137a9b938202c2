// TDH.SYS.RDALL: all fields of the platform as one list.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/memory.h"
#include "boot-tests/module/leaf.h"
#include "boot-tests/module/metadata.h"

/* [TDX ABI 1.5 TDH.SYS.RDALL] RDX page, R8 first field; R8 the field that did not fit, or MD_NONE. */
uint64_t tdh_sys_rdall(const struct seam_regs *in, struct seam_regs *out)
{
	out->r8 = MD_NONE;
	if (!is_aligned(in->rdx, MD_LIST_SIZE) || in->rdx >= BIT64(HPA_WIDTH)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RDX;
	}
	return md_read_sys_list(MD_HOST_READ, in->r8, hpa_ptr(hpa(in->rdx)), &out->r8);
}
