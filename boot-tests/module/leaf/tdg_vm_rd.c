// TDG.VM.RD: reads a field of the TD.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/metadata.h"

#define MAX_VERSION 1

/* [TDX ABI 1.5 TDG.VM.RD] RCX 0, RDX field; R8 value; from version 1 on: RDX next field. */
uint64_t tdg_vm_rd(struct vcpu *vcpu)
{
	uint64_t *gpr = vcpu->svm.gpr;
	uint64_t version = field_get(TDX_VERSION, gpr[RAX]);
	struct md_request request = { .id = gpr[RDX], .access = MD_GUEST_READ, .next = MD_NONE };
	uint64_t status = TDX_METADATA_FIELD_ID_INCORRECT;
	if (version > MAX_VERSION) {
		status = TDX_OPERAND_INVALID | TDX_OPERAND_RAX;
	} else if (gpr[RCX] != 0) {
		status = TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	} else if (version > 0 || (gpr[RDX] | MD_CONTEXT) != MD_NONE) {
		status = md_read(MD_CONTEXT_TD, vcpu->td.tdcs, &request);
	}
	gpr[R8] = request.value;
	if (version > 0) {
		gpr[RDX] = request.next;
	}
	return status;
}
