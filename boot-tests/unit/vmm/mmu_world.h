// The host's memory management on the strict fake of the module, with one CPU: what tests of it
// start from. All of it is defined here: one source of a program includes this.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/wake.h"
#include "boot-tests/unit/machine/failing_exit.h"
#include "boot-tests/unit/vmm/no_costs.h"
#include "boot-tests/unit/vmm/strict_module.h"
#include "boot-tests/vmm/init/frames.h"
#include "boot-tests/vmm/mmu/mmu.h"
#include "boot-tests/vmm/td/td_flush.h"

#define WORLD_BLOCK UINT64_C(0x200000)
#define WORLD_POOL_SIZE (32 * MIB)

static struct mmu mmu;
static uint64_t tables[MMU_TABLES_SIZE(0) / sizeof(uint64_t)];
static const struct td_kick vcpus;
static struct seam_failure failure;
static uint8_t *pool; /* the last test frees it */

void td_kick_all(const struct td_kick *kick)
{
	assert_ptr_equal(kick, &vcpus);
}

void td_flush_all(const struct td_kick *kick)
{
	assert_ptr_equal(kick, &vcpus);
}

void td_kick_out(const struct td_kick *kick)
{
	assert_ptr_equal(kick, &vcpus);
}

void td_flush_wait(const struct td_kick *kick)
{
	assert_ptr_equal(kick, &vcpus);
}

void wake_take_kick(void)
{
}

/* A TD with STRICT_BLOCKS of RAM, nothing mapped. */
static void mmu_world_set_up(void)
{
	if (pool == NULL) {
		pool = aligned_alloc(WORLD_BLOCK, WORLD_POOL_SIZE);
	}
	assert_non_null(pool);
	frames_init(ptr_hpa(pool), hpa(ptr_hpa(pool).v + WORLD_POOL_SIZE));
	strict_module_init(ptr_hpa(pool), WORLD_POOL_SIZE);
	mmu_init(&mmu, &vcpus, hpa(STRICT_TDR), (struct shared_backing){ 0 },
		 &(struct td_memory){ .low_size = STRICT_BLOCKS * WORLD_BLOCK }, 48, tables);
}
