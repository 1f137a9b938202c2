// The walk that the CPU makes from a GPA of a TD: through the Secure EPT or the shared EPT.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/guest/ept_walk.h"

#include <stddef.h>

#include "boot-tests/machine/memory.h"

static uint64_t granted_by(uint64_t entry)
{
	if ((entry & PTE_P) == 0) {
		return 0;
	}
	return EPT_QUAL_READABLE | (entry & PTE_W ? EPT_QUAL_WRITABLE : 0) |
	       (entry & PTE_NX ? 0 : EPT_QUAL_EXECUTABLE);
}

struct ept_walk ept_walk(const struct vcpu *vcpu, uint64_t gpa_raw)
{
	const struct tdcs *tdcs = vcpu->td.tdcs;
	uint64_t shared_bit = td_shared_bit(tdcs);
	const uint64_t *table = gpa_raw & shared_bit ?
					hpa_ptr(hpa(vcpu->shared_eptp & PTE_ADDRESS)) :
					tdcs->sept_root.table;
	uint64_t address = gpa_raw & ~shared_bit;
	struct ept_walk walk = { .level = tdcs->sept_root.top };
	if (table == NULL) {
		return walk;
	}
	walk.granted = EPT_QUAL_READABLE | EPT_QUAL_WRITABLE | EPT_QUAL_EXECUTABLE;
	for (;; walk.level--) {
		walk.entry =
			__atomic_load_n(&table[pt_index(address, walk.level)], __ATOMIC_ACQUIRE);
		walk.granted &= granted_by(walk.entry);
		if ((walk.entry & PTE_P) == 0 || (walk.entry & PTE_PS) != 0 ||
		    walk.level == PG_4K) {
			return walk;
		}
		table = hpa_ptr(hpa(walk.entry & PTE_ADDRESS));
	}
}
