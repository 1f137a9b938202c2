// Memory operands of TDCALLs: a GPA becomes a host pointer, or the TDCALL is repeated.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/guest/operand.h"

#include "boot-tests/machine/memory.h"
#include "boot-tests/module/guest/ept_violation.h"
#include "boot-tests/module/guest/ept_walk.h"
#include "boot-tests/module/memory/sept.h"

static bool map_private(const struct vcpu *vcpu, uint64_t raw, hpa_t *out)
{
	struct sept_walk walk =
		sept_walk(vcpu->td.tdcs->sept_root, gpa(align_down(raw, pg_size(PG_4K))), PG_4K);
	if (sept_state(walk.value) != SEPT_MAPPED || (walk.value & SEPT_POISONED) != 0) {
		return false;
	}
	*out = hpa(sept_hpa(walk.value).v + (raw & (pg_size(walk.level) - 1)));
	return true;
}

/* By the shared EPT itself, of which the vCPU's nested tables have a copy. */
static bool map_shared(const struct vcpu *vcpu, uint64_t raw, uint64_t access, hpa_t *out)
{
	struct ept_walk walk = ept_walk(vcpu, raw);
	if ((access & ~ept_allowed(walk.granted)) != 0) {
		return false;
	}
	uint64_t offset = pg_size(walk.level) - 1;
	*out = hpa((walk.entry & PTE_ADDRESS & ~offset) | (raw & offset));
	return true;
}

uint64_t operand_map(struct vcpu *vcpu, uint32_t operand, uint64_t size, bool shared_allowed,
		     uint64_t access, void **out)
{
	uint64_t raw = vcpu->svm.gpr[operand];
	const struct tdcs *tdcs = vcpu->td.tdcs;
	bool shared = (raw & td_shared_bit(tdcs)) != 0;
	if (!is_aligned(raw, size) || raw >= BIT64(td_gpa_bits(tdcs)) ||
	    (shared && !shared_allowed)) {
		return TDX_OPERAND_INVALID | operand;
	}
	hpa_t found;
	if (shared ? map_shared(vcpu, raw, access, &found) : map_private(vcpu, raw, &found)) {
		*out = hpa_ptr(found);
		return TDX_SUCCESS;
	}
	ept_violation_of_operand(vcpu, raw, access);
	return TDCALL_REPEAT;
}
