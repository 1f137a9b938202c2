// TDH.SYS.RDALL: all fields of the platform as one list.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/metadata.h"
#include "boot-tests/module/platform.h"
#include "boot-tests/module/sys.h"

/* [TDX ABI 1.5 TDH.SYS.RDALL] RDX page, R8 first field; R8 the field that did not fit, or
 * MD_NONE. */
uint64_t tdh_sys_rdall(const struct seam_regs *in, struct seam_regs *out)
{
	struct md_list list;
	hpa_t page;
	out->r8 = MD_NONE;
	if (!sys_lp_init_done()) {
		return TDX_SYS_LP_INIT_NOT_DONE;
	}
	if (!module_shared(in->rdx, sizeof(list), &page)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RDX;
	}
	uint64_t status = md_read_sys_list(MD_HOST_READ, in->r8, &list, &out->r8);
	if (status != TDX_METADATA_FIELD_ID_INCORRECT) {
		module_host_write(page, &list, list.header.size);
	}
	return status;
}
