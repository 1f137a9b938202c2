// The shared half of a TD's memory: where the host has it, and what the TDP MMU asks about it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/mmu/shared_half.h"

#include "arch/base/check.h"
#include "boot-tests/vmm/td/td_flush.h"
#include "linker/memmap.h"

hpa_t shared_half_backing(const struct shared_half *shared, gpa_t address)
{
	const struct shared_backing *backing = &shared->backing;
	bool upper =
		backing->upper.v != 0 && address.v >= TD_LOW_MEMORY_SPLIT && address.v < FOUR_GIB;
	return hpa(upper ? backing->upper.v + (address.v - TD_LOW_MEMORY_SPLIT) :
			   backing->base.v + address.v);
}

static bool is_mmio(void *owner, gpa_t address, uint64_t size)
{
	const struct td_memory *memory = &((const struct shared_half *)owner)->memory;
	return !ranges_overlap(address.v, size, 0, memory->low_size) &&
	       !ranges_overlap(address.v, size, FOUR_GIB, memory->high_size);
}

static enum tdp_answer shared_flush(void *owner, void *call)
{
	(void)call;
	td_flush_all(((const struct shared_half *)owner)->kick);
	return TDP_OK;
}

static void settle(void *owner)
{
	td_flush_wait(((const struct shared_half *)owner)->kick);
}

void shared_half_init(struct tdp_half *half, struct shared_half *shared)
{
	CHECK(is_aligned(shared->backing.base.v | shared->backing.upper.v, pg_size(PG_2M)));
	half->owner = shared;
	half->is_mmio = is_mmio;
	half->flush = shared_flush;
	half->settle = settle;
}
