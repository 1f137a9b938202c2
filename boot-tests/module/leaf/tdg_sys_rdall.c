// TDG.SYS.RDALL: all fields of the platform that a TD may read, as one list.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/tdx/ve_info.h"
#include "boot-tests/module/guest/operand.h"
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/metadata.h"

/* [TDX ABI 1.5 TDG.SYS.RDALL] RDX GPA of a page, R8 first field; R8 the field that did not fit, or
 * MD_NONE. */
uint64_t tdg_sys_rdall(struct vcpu *vcpu)
{
	uint64_t *gpr = vcpu->svm.gpr;
	void *list;
	uint64_t status =
		operand_map(vcpu, RDX, MD_LIST_SIZE, false, EPT_QUAL_READ | EPT_QUAL_WRITE, &list);
	if (status == TDCALL_REPEAT) {
		return status;
	}
	uint64_t first = gpr[R8];
	gpr[R8] = MD_NONE;
	if (status != TDX_SUCCESS) {
		return status;
	}
	return md_read_sys_list(MD_GUEST_READ, first, list, &gpr[R8]);
}
