// TDG.SYS.RD: reads a field of the platform.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <stddef.h>

#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/metadata.h"

/* [TDX ABI 1.5 TDG.SYS.RD] RDX field; R8 value, RDX next field. */
uint64_t tdg_sys_rd(struct vcpu *vcpu)
{
	uint64_t *gpr = vcpu->svm.gpr;
	struct md_request request = { .id = gpr[RDX], .access = MD_GUEST_READ };
	uint64_t status = md_read(MD_CONTEXT_SYS, NULL, &request);
	gpr[R8] = request.value;
	gpr[RDX] = request.next;
	return status;
}
