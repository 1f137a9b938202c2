// TDG.VM.WR: writes a field of the TD.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/metadata.h"

/* [TDX ABI 1.5 TDG.VM.WR] RCX 0, RDX field, R8 data, R9 mask; R8 old value. */
uint64_t tdg_vm_wr(struct vcpu *vcpu)
{
	uint64_t *gpr = vcpu->svm.gpr;
	struct md_request request = {
		.id = gpr[RDX], .access = MD_GUEST_WRITE, .value = gpr[R8], .mask = gpr[R9]
	};
	gpr[R8] = 0;
	if (gpr[RCX] != 0) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	uint64_t status = md_write(MD_CONTEXT_TD, vcpu->td.tdcs, &request);
	gpr[R8] = request.value;
	return status;
}
