// What the user-space half of the host makes of an access that the attribute of its page forbids.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/mmu/memory_fault.h"

#include "arch/base/check.h"
#include "boot-tests/machine/time.h"
#include "boot-tests/vmm/mmu/conversion.h"

/* As if the TD had asked for it by MapGPA. What has an attribute is RAM: it can be done. */
static enum mmu_answer convert(struct mmu *mmu, const struct memory_fault *fault,
			       struct seam_failure *failure)
{
	gpa_t stopped;
	struct gpa_range range;
	CHECK(gpa_range_make(fault->address.v, fault->size, &range));
	enum status status = conversion_make(
		mmu, range, fault->is_private ? SHARE_PRIVATE : SHARE_SHARED, &stopped, failure);
	CHECK(status == ST_OK || status == ST_TDX);
	return status == ST_OK ? MMU_FIXED : MMU_FAILED;
}

enum mmu_answer memory_fault_answer(struct mmu *mmu, enum config_memory_fault policy,
				    const struct memory_fault *fault,
				    struct memory_fault_record *record,
				    struct seam_failure *failure)
{
	enum mmu_answer kill = fault->is_private ? MMU_IS_SHARED : MMU_IS_PRIVATE;
	switch (policy) {
	case MEMORY_FAULT_CONVERT:
		return convert(mmu, fault, failure);
	case MEMORY_FAULT_RESUME: /* a race: another vCPU's MapGPA is on its way */
		return MMU_FIXED;
	case MEMORY_FAULT_THROTTLE: /* an attack, perhaps */
		if (record->throttled == MEMORY_FAULT_WAITS_MAX) {
			return kill;
		}
		record->throttled++;
		time_delay_us((uint64_t)record->throttled * MEMORY_FAULT_WAIT_US);
		return MMU_FIXED;
	case MEMORY_FAULT_KILL: /* a bug of the TD */
	default:
		return kill;
	}
}
