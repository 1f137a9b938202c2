// What the host's memory management costs: SEAMCALLs and kicks, exactly, and that they grow
// linearly.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The module says yes to each call. Prints "cost NAME: ..." lines, which boot-tests/bench.py shows.
#include "boot-tests/machine/time.h"
#include "boot-tests/vmm/mmu/mmu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/tdx/ve_info.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/wake.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/unit/machine/failing_exit.h"
#include "boot-tests/unit/vmm/no_costs.h"
#include "boot-tests/vmm/init/frames.h"
#include "boot-tests/vmm/mmu/conversion.h"
#include "boot-tests/vmm/td/td_flush.h"

#define PAGE UINT64_C(0x1000)
#define BLOCK UINT64_C(0x200000)
#define GIB UINT64_C(0x40000000)
#define POOL_SIZE (160 * MIB)
#define LARGEST (8 * GIB)
#define TABLES (LARGEST / BLOCK + LARGEST / GIB + 8)
#define FRAME UINT64_C(0x100000000000) /* of guest memory that nobody touches */

static struct {
	uint64_t all, kicks;
} count;
static struct mmu mmu;
static uint64_t tables[MMU_TABLES_SIZE(0) / sizeof(uint64_t)];
static struct tdp_page more[TABLES];
static const struct td_kick vcpus;
static struct seam_failure failure;
static uint8_t *pool;

uint64_t seamcall(struct seam_regs *regs)
{
	count.all++;
	if (regs->rax == TDH_MEM_PAGE_REMOVE) {
		gpa_t page = gpa(regs->rcx & TDX_GPA_PAGE);
		hpa_t frame = hpa(FRAME + page.v); /* of grow() */
		if (page.v < BLOCK) {
			guest_frames_find(&mmu.frames, page, &frame);
		}
		regs->rcx = frame.v;
	}
	return regs->rax = TDX_SUCCESS;
}

void td_kick_all(const struct td_kick *kick)
{
	(void)kick;
	count.kicks++;
}

void td_flush_all(const struct td_kick *kick)
{
	(void)kick;
	count.kicks++;
}

void td_kick_out(const struct td_kick *kick)
{
	(void)kick;
}

void td_flush_wait(const struct td_kick *kick)
{
	(void)kick;
}

void wake_take_kick(void)
{
}

void module_host_own(hpa_t base, uint64_t size)
{
	(void)base;
	(void)size;
}

static int set_up(void **state)
{
	(void)state;
	if (pool == NULL) {
		pool = aligned_alloc(BLOCK, POOL_SIZE);
	}
	assert_non_null(pool);
	frames_init(ptr_hpa(pool), hpa(ptr_hpa(pool).v + POOL_SIZE));
	mmu_init(&mmu, &vcpus, hpa(0x7000), (struct shared_backing){ 0 },
		 &(struct td_memory){ .low_size = 2 * GIB }, 48, tables);
	memset(&count, 0, sizeof(count));
	return 0;
}

/* What was counted since the last call of it. */
static void cost(const char *name, uint64_t seamcalls, uint64_t kicks)
{
	print_message("cost %s: %llu SEAMCALLs, %llu kicks\n", name, (unsigned long long)count.all,
		      (unsigned long long)count.kicks);
	assert_int_equal(count.all, seamcalls);
	assert_int_equal(count.kicks, kicks);
	memset(&count, 0, sizeof(count));
}

static void fault(uint64_t address)
{
	assert_int_equal(mmu_private_fault(&mmu, gpa(address), EXT_QUAL_ACCEPT, &failure),
			 MMU_FIXED);
}

static void convert(uint64_t size, enum share share)
{
	gpa_t stopped;
	struct gpa_range range;
	assert_true(gpa_range_make(0, size, &range));
	assert_int_equal(conversion_make(&mmu, range, share, &stopped, &failure), ST_OK);
}

/* Each fault is one exit of the TD. */
static void faults(void **state)
{
	(void)state;
	fault(0);
	cost("fault, the first", 4, 0);
	fault(PAGE);
	cost("fault, in a block with a table", 1, 0);
	fault(BLOCK);
	cost("fault, in another block", 2, 0);
	fault(GIB);
	cost("fault, in another GiB", 3, 0);
	assert_int_equal(mmu_shared_fault(&mmu, gpa(0)), MMU_IS_PRIVATE);
	cost("fault, shared", 0, 0);
}

/* MapGPA of a block is one exit of the TD, and each kick one of every vCPU that is inside. */
static void conversions(void **state)
{
	(void)state;
	for (unsigned single = 0; single < 2; single++) {
		set_up(NULL);
		mmu.zap_one_by_one = single != 0;
		for (uint64_t at = 0; at < BLOCK; at += PAGE) {
			fault(at);
		}
		memset(&count, 0, sizeof(count));
		convert(BLOCK, SHARE_SHARED);
		cost(single != 0 ? "2 MiB of 4 KiB become shared, one by one" :
				   "2 MiB of 4 KiB become shared, batched",
		     3 * 512 + (single != 0 ? 512 : 1), single != 0 ? 512 : 1);
		assert_int_equal(mmu_shared_fault(&mmu, gpa(0)), MMU_FIXED);
		convert(BLOCK, SHARE_PRIVATE);
		cost("2 MiB become private", 0, 1);
	}
	set_up(NULL);
	mmu.large_pages = true;
	assert_int_equal(mmu_private_fault(&mmu, gpa(0),
					   EXT_QUAL_ACCEPT | field_put(EXT_QUAL_INFO, PG_2M),
					   &failure),
			 MMU_FIXED);
	cost("fault, a page of 2 MiB, the first", 3, 0);
}

/* Guest memory of this size is mapped by 4 KiB and zapped, with the mirror's hooks. */
static void grow(uint64_t size, uint64_t *mapped, uint64_t *zapped)
{
	struct tdp_mmu *tdp = &mmu.tdp;
	struct sept_call call = { .failure = &failure };
	uint64_t gone = 0;
	set_up(NULL);
	assert_int_equal(tdp_destroy(tdp, &call), TDP_OK);
	mmu.batch.limit = TDP_BATCH_MAX;
	tdp->pool_used = 0;
	tdp->free = NULL;
	tdp_init(tdp, PG_512G, more, TABLES);
	memset(&count, 0, sizeof(count));
	for (uint64_t at = 0; at < size; at += PAGE) {
		if (tdp_map(tdp, &tdp->mirror, gpa(at), PG_4K, hpa(FRAME + at), &call) != TDP_OK) {
			fail_msg("not mapped: 0x%llx", (unsigned long long)at);
		}
	}
	*mapped = count.all;
	memset(&count, 0, sizeof(count));
	assert_int_equal(tdp_zap(&tdp->mirror, gpa(0), gpa(size), &mmu.batch, &gone, &call),
			 TDP_OK);
	assert_int_equal(gone, size / PAGE);
	*zapped = count.all;
	print_message("cost of %5llu MiB: mapped by %llu SEAMCALLs, zapped by %llu, %llu kicks\n",
		      (unsigned long long)(size / MIB), (unsigned long long)*mapped,
		      (unsigned long long)*zapped, (unsigned long long)count.kicks);
	assert_int_equal(count.kicks, (size / PAGE + TDP_BATCH_MAX - 1) / TDP_BATCH_MAX);
}

/* A page costs the same however many there are: its calls, and its part of the tables' and
 * kicks'. */
static void linear_from_2_mib_to_8_gib(void **state)
{
	(void)state;
	for (uint64_t size = BLOCK; size <= LARGEST; size *= 8) {
		uint64_t mapped;
		uint64_t zapped;
		grow(size, &mapped, &zapped);
		uint64_t gibs = (size + GIB - 1) / GIB;
		assert_int_equal(mapped, size / PAGE + size / BLOCK + gibs + 1);
		assert_int_equal(zapped, 3 * (size / PAGE) +
						 (size / PAGE + TDP_BATCH_MAX - 1) / TDP_BATCH_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(faults, set_up),
		cmocka_unit_test_setup(conversions, set_up),
		cmocka_unit_test_setup(linear_from_2_mib_to_8_gib, set_up),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(pool);
	return failed;
}
