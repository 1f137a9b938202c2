// Looks whether the mirror, the Secure EPT and the frames of a TD that stands still agree.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5 TDH.MEM.SEPT.RD]
#include "boot-tests/vmm/mmu/mmu_check.h"

#include "arch/base/fmt.h"
#include "boot-tests/vmm/init/seam.h"
#include "boot-tests/vmm/mmu/tdp_entry.h"

/* The check so far. */
struct check {
	struct mmu *mmu;
	uint64_t pages;
	const char *wrong; /* null: all is well */
	gpa_t address;
	enum pg_level level;
	uint64_t value;
	struct seam_result read;
};

static bool is_ram_and_shared(const struct mmu *mmu, gpa_t address)
{
	return td_memory_is_ram(&mmu->memory, address.v) &&
	       attribute_shared(&mmu->attributes, address);
}

/* A leaf of the mirror, and what the Secure EPT has there; null, or what is wrong. */
static const char *check_leaf(const struct check *check, enum tdx_sept_state state)
{
	hpa_t frame = tdp_frame(check->value);
	hpa_t owned;
	if (state != TDX_SEPT_MAPPED && state != TDX_SEPT_PENDING) {
		return "is no page of the Secure EPT";
	}
	if ((check->read.rcx & PTE_ADDRESS & ~(pg_size(check->level) - 1)) != frame.v) {
		return "is another frame in the Secure EPT";
	}
	if (!guest_frames_find(&check->mmu->frames, check->address, &owned) || owned.v != frame.v) {
		return "is a frame that is not its own";
	}
	return is_ram_and_shared(check->mmu, check->address) ?
		       "is private, and shared by attribute" :
		       NULL;
}

static const char *check_private(struct check *check)
{
	bool is_leaf = tdp_is_leaf(check->value, check->level);
	if (check->value == TDP_FROZEN) {
		return "is frozen";
	}
	check->read = seam(TDH_MEM_SEPT_RD, check->address.v | (uint64_t)check->level,
			   check->mmu->sept.tdr.v, 0, 0);
	if ((check->read.status & TDX_ERROR) != 0) {
		return "cannot be read in the Secure EPT";
	}
	enum tdx_sept_state state =
		(enum tdx_sept_state)field_get(TDX_SEPT_RDX_STATE, check->read.rdx);
	if (is_leaf) {
		check->pages += pg_size(check->level) / pg_size(PG_4K);
		return check_leaf(check, state);
	}
	check->pages += tdp_present(check->value);
	if (state != (tdp_present(check->value) ? TDX_SEPT_NL_MAPPED : TDX_SEPT_FREE)) {
		return "is another thing in the Secure EPT";
	}
	return NULL;
}

static bool visit_private(void *arg, gpa_t address, enum pg_level level, uint64_t value)
{
	struct check *check = arg;
	if (address.v >= gpa_with_share(gpa(0), SHARE_SHARED, check->mmu->gpaw)) {
		return true; /* the other half of the root */
	}
	check->address = address;
	check->level = level;
	check->value = value;
	check->wrong = check_private(check);
	return check->wrong == NULL;
}

static bool visit_shared(void *arg, gpa_t address, enum pg_level level, uint64_t value)
{
	struct check *check = arg;
	check->address = address;
	check->level = level;
	check->value = value;
	if (value == TDP_FROZEN) {
		check->wrong = "is frozen";
	} else if (tdp_is_leaf(value, level) &&
		   !mmu_is_shared(check->mmu, address.v, pg_size(level))) {
		check->wrong = "is shared, and private by attribute";
	}
	return check->wrong == NULL;
}

enum mmu_checked mmu_check(struct mmu *mmu, uint64_t *pages, char *error, size_t error_size)
{
	struct check check = { .mmu = mmu };
	tdp_visit(&mmu->tdp.mirror, visit_private, &check);
	if (check.wrong == NULL) {
		tdp_visit(&mmu->tdp.shared, visit_shared, &check);
	}
	*pages = check.pages;
	if ((check.read.status & TDX_STATUS_CODE) == TDX_TD_FATAL) {
		return MMU_UNREADABLE;
	}
	if (check.wrong != NULL) {
		fmt_print(error, error_size,
			  "GPA 0x%llx, level %u: the entry 0x%llx %s (0x%llx, RCX 0x%llx, RDX "
			  "0x%llx)",
			  (unsigned long long)check.address.v, (unsigned)check.level,
			  (unsigned long long)check.value, check.wrong,
			  (unsigned long long)check.read.status, (unsigned long long)check.read.rcx,
			  (unsigned long long)check.read.rdx);
	}
	return check.wrong == NULL ? MMU_AGREES : MMU_DIFFERS;
}
