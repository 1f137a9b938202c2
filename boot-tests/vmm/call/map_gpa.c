// MapGPA: checks of the request, and its chunks.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/call/map_gpa.h"

#include "arch/tdx/ghci.h"
#include "boot-tests/machine/lapic.h"
#include "boot-tests/vmm/config.h"
#include "boot-tests/vmm/mmu/conversion.h"
#include "boot-tests/vmm/mmu/mmu.h"
#include "boot-tests/vmm/secret.h"
#include "boot-tests/vmm/verdict.h"

/* A chunk ends where a page of this size does, so that what is large need not become small. Those
 * of KVM, which gives a TD no large pages, are as long from the request's own begin on. */
#define CHUNK_SIZE UINT64_C(0x200000)

/* The request, if it is one. Its bytes may not cross the SHARED bit. */
static uint64_t take_request(const struct mmu *mmu, const struct seam_regs *regs,
			     struct gpa_range *range, enum share *share)
{
	uint64_t bit = gpa_with_share(gpa(0), SHARE_SHARED, mmu->gpaw);
	uint64_t last = regs->r12 + regs->r13 - 1;
	if (regs->r13 == 0 || last < regs->r12 || last >= BIT64(mmu->gpaw) ||
	    ((regs->r12 ^ last) & bit) != 0) {
		return TDVMCALL_INVALID_OPERAND;
	}
	*share = (regs->r12 & bit) != 0 ? SHARE_SHARED : SHARE_PRIVATE;
	return gpa_range_make(regs->r12 & ~bit, regs->r13, range) ? TDVMCALL_SUCCESS :
								    TDVMCALL_ALIGN_ERROR;
}

/* R11 of a RETRY. */
static uint64_t address_of(const struct mmu *mmu, const struct config *config, gpa_t at,
			   enum share share)
{
	return gpa_with_share(at, config->mapgpa_r11 == MAPGPA_R11_GPA ? SHARE_PRIVATE : share,
			      mmu->gpaw);
}

/* Is a chunk put off by user space once more (--mapgpa-again)? */
static bool is_put_off(const struct config *config, uint64_t *again)
{
	if (*again < config->mapgpa_again) {
		++*again;
		return true;
	}
	*again = 0;
	return false;
}

uint64_t map_gpa(struct mmu *mmu, const struct config *config, uint64_t *again,
		 struct seam_regs *regs, struct verdict *verdict)
{
	uint64_t retry = config->mapgpa_retry;
	struct gpa_range range;
	enum share share;
	regs->r11 = regs->r12;
	uint64_t status = take_request(mmu, regs, &range, &share);
	if (status != TDVMCALL_SUCCESS) {
		return status;
	}
	for (uint64_t done = 0; done < range.size;) {
		uint64_t at = range.base.v + done;
		uint64_t left = range.size - done;
		uint64_t most = retry != 0 ? retry : CHUNK_SIZE - at % CHUNK_SIZE;
		struct gpa_range chunk = { gpa(at), left < most ? left : most };
		bool stop = done != 0 && (retry != 0 || lapic_pending());
		if (stop || is_put_off(config, again)) {
			regs->r11 = address_of(mmu, config, chunk.base, share);
			return TDVMCALL_RETRY;
		}
		uint64_t where;
		if (share == SHARE_PRIVATE && secret_in_shared(config->secret, mmu, chunk.base.v,
							       gpa_range_end(chunk), &where)) {
			verdict_secret_in_memory(verdict, gpa(where));
			return TDVMCALL_INVALID_OPERAND;
		}
		gpa_t stopped;
		struct seam_failure failure;
		enum status converted = conversion_make(mmu, chunk, share, &stopped, &failure);
		if (converted == ST_TDX) {
			verdict_seam_failed(verdict, &failure);
			return TDVMCALL_INVALID_OPERAND;
		}
		if (converted != ST_OK) {
			regs->r11 = gpa_with_share(stopped, share, mmu->gpaw);
			return TDVMCALL_INVALID_OPERAND;
		}
		done += chunk.size;
	}
	return TDVMCALL_SUCCESS;
}
