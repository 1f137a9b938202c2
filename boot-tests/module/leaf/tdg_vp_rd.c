// TDG.VP.RD: reads a field of the calling vCPU.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/metadata.h"

/* [TDX ABI 1.5 TDG.VP.RD] RCX 0, RDX field; R8 value, RDX next field. */
uint64_t tdg_vp_rd(struct vcpu *vcpu)
{
	uint64_t *gpr = vcpu->svm.gpr;
	struct md_request request = { .id = gpr[RDX], .access = MD_GUEST_READ, .next = MD_NONE };
	uint64_t status = TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	if (gpr[RCX] == 0) {
		status = md_read(MD_CONTEXT_VCPU, vcpu, &request);
	}
	gpr[R8] = request.value;
	gpr[RDX] = request.next;
	return status;
}
