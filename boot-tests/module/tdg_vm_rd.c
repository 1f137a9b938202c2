// TDG.VM.RD: reads a field of the TD.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf.h"
#include "boot-tests/module/metadata.h"

/* [TDX ABI 1.5 TDG.VM.RD] RCX 0, RDX field; R8 value; version 1: RDX next field. */
uint64_t tdg_vm_rd(struct vcpu *vcpu)
{
	uint64_t *gpr = vcpu->svm.gpr;
	bool with_next = field_get(TDX_VERSION, gpr[RAX]) > 0;
	struct md_request request = {
		.id = gpr[RDX], .access = MD_GUEST_READ, .next = MD_NONE
	};
	uint64_t status = TDX_METADATA_FIELD_ID_INCORRECT;
	if (gpr[RCX] != 0) {
		status = TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	} else if (with_next || gpr[RDX] != MD_NONE) {
		status = md_read(MD_CONTEXT_TD, vcpu->td.tdcs, &request);
	}
	gpr[R8] = request.value;
	if (with_next) {
		gpr[RDX] = request.next;
	}
	return status;
}
