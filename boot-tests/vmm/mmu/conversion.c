// The user-space half of the host: what the TD asks to be private or shared, and what becomes of
// it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/mmu/conversion.h"

#include "boot-tests/vmm/mmu/mmu.h"

/* First address at or above at, but not above end, where td_memory_is_ram() changes. */
static uint64_t next_border(const struct td_memory *memory, uint64_t at, uint64_t end)
{
	const uint64_t borders[] = { memory->low_size, FOUR_GIB, FOUR_GIB + memory->high_size };
	for (unsigned i = 0; i < ARRAY_COUNT(borders); i++) {
		if (at < borders[i] && borders[i] < end) {
			return borders[i];
		}
	}
	return end;
}

/* What becomes shared has its private frames no more: memory is not there twice. */
static enum status convert_ram(struct mmu *mmu, uint64_t start, uint64_t end, enum share share,
			       struct seam_failure *failure)
{
	TRY(mmu_set_attributes(mmu, gpa(start), gpa(end), share, failure));
	return share == SHARE_SHARED ? mmu_punch_hole(mmu, gpa(start), gpa(end), failure) : ST_OK;
}

enum status conversion_make(struct mmu *mmu, struct gpa_range range, enum share share,
			    gpa_t *stopped, struct seam_failure *failure)
{
	uint64_t end = gpa_range_end(range);
	for (uint64_t at = range.base.v; at != end;) {
		uint64_t border = next_border(&mmu->memory, at, end);
		bool firmware =
			ranges_overlap(at, border - at, FOUR_GIB - mmu->memory.firmware_size,
				       mmu->memory.firmware_size);
		if (td_memory_is_ram(&mmu->memory, at)) {
			TRY(convert_ram(mmu, at, border, share, failure));
		} else if (share == SHARE_PRIVATE || firmware) {
			*stopped = gpa(at);
			return ST_BAD_ARGUMENT;
		} /* else devices, which are shared already */
		at = border;
	}
	return ST_OK;
}
