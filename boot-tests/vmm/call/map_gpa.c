// MapGPA: checks of the request, and its chunks.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/call/map_gpa.h"

#include "arch/tdx/ghci.h"
#include "boot-tests/machine/lapic.h"
#include "boot-tests/vmm/td/host_td.h"

#define CHUNK_SIZE UINT64_C(0x200000)

/* The request, if it is one. Its bytes may not cross the SHARED bit. */
static uint64_t take_request(const struct host_td *td, const struct seam_regs *regs,
			     struct gpa_range *range, enum share *share)
{
	uint64_t bit = gpa_with_share(gpa(0), SHARE_SHARED, td->mmu.gpaw);
	uint64_t last = regs->r12 + regs->r13 - 1;
	if (regs->r13 == 0 || last < regs->r12 || last >= BIT64(td->mmu.gpaw) ||
	    ((regs->r12 ^ last) & bit) != 0) {
		return TDVMCALL_INVALID_OPERAND;
	}
	*share = (regs->r12 & bit) != 0 ? SHARE_SHARED : SHARE_PRIVATE;
	return gpa_range_make(regs->r12 & ~bit, regs->r13, range) ? TDVMCALL_SUCCESS :
								    TDVMCALL_ALIGN_ERROR;
}

static uint64_t address_of(const struct host_td *td, gpa_t at, enum share share)
{
	return gpa_with_share(at, td->config->mapgpa_r11 == MAPGPA_R11_GPA ? SHARE_PRIVATE : share,
			      td->mmu.gpaw);
}

/* Is it this chunk's turn to be put off by user space? */
static bool again(const struct host_td *td, struct host_vcpu *vcpu)
{
	if (vcpu->map_gpa_again < td->config->mapgpa_again) {
		vcpu->map_gpa_again++;
		return true;
	}
	vcpu->map_gpa_again = 0;
	return false;
}

uint64_t map_gpa(struct host_td *td, unsigned index, struct seam_regs *regs)
{
	uint64_t retry = td->config->mapgpa_retry;
	struct gpa_range range;
	enum share share;
	regs->r11 = regs->r12;
	uint64_t status = take_request(td, regs, &range, &share);
	if (status != TDVMCALL_SUCCESS) {
		return status;
	}
	uint64_t chunk_size = retry != 0 ? retry : CHUNK_SIZE;
	for (uint64_t done = 0; done < range.size;) {
		uint64_t left = range.size - done;
		struct gpa_range chunk = { gpa(range.base.v + done),
					   left < chunk_size ? left : chunk_size };
		bool stop = done != 0 && (retry != 0 || lapic_pending());
		if (stop || again(td, &td->vcpus[index])) {
			regs->r11 = address_of(td, chunk.base, share);
			return TDVMCALL_RETRY;
		}
		gpa_t stopped;
		if (mmu_convert(&td->mmu, chunk, share, &stopped) != ST_OK) {
			regs->r11 = gpa_with_share(stopped, share, td->mmu.gpaw);
			return TDVMCALL_INVALID_OPERAND;
		}
		done += chunk.size;
	}
	return TDVMCALL_SUCCESS;
}
