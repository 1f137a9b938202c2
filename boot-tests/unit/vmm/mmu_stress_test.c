// Threads at the host's memory manager, under ThreadSanitizer, against a strict fake of the module.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// vCPUs enter, access pages through what they have translated since, and fault; others convert, and
// take frames back. What the module refuses, and an access to a frame that is the TD's no more, is
// a failure.
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "arch/tdx/ve_info.h"
#include "boot-tests/machine/console.h"
#include "boot-tests/machine/exit.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/time.h"
#include "boot-tests/machine/wake.h"
#include "boot-tests/unit/vmm/no_costs.h"
#include "boot-tests/unit/vmm/strict_module.h"
#include "boot-tests/vmm/init/frames.h"
#include "boot-tests/vmm/mmu/conversion.h"
#include "boot-tests/vmm/mmu/mmu.h"
#include "boot-tests/vmm/mmu/tdp_entry.h"
#include "boot-tests/vmm/td/td_flush.h"

#define PAGE UINT64_C(0x1000)
#define BLOCK UINT64_C(0x200000)
#define RAM_PAGES (STRICT_BLOCKS * 512)
#define POOL_SIZE (32 * MIB)
#define VCPUS 3u
#define STAYS 4000u       /* of each vCPU in the TD */
#define ACCESSES 32u      /* in a stay, if nothing ends it */
#define CONVERSIONS 1500u /* of each of the two that convert */
#define RANGE_MAX 96u     /* pages */

static struct mmu mmu;
static uint64_t tables[MMU_TABLES_SIZE(0) / sizeof(uint64_t)];
static const struct td_kick vcpus;
static uint8_t *pool;
static bool kicked[VCPUS];
static const char *wrong;

static void tell(const char *what)
{
	const char *none = NULL;
	__atomic_compare_exchange_n(&wrong, &none, what, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

uint64_t seamcall(struct seam_regs *regs)
{
	return strict_module_call(regs);
}

uint64_t time_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

unsigned module_keyid_bits(void)
{
	return MODULE_KEYID_BITS;
}

void td_kick_all(const struct td_kick *kick)
{
	(void)kick;
	for (unsigned i = 0; i < VCPUS; i++) {
		if (strict_module_inside(i)) {
			__atomic_store_n(&kicked[i], true, __ATOMIC_SEQ_CST);
		}
	}
}

void td_flush_all(const struct td_kick *kick)
{
	td_kick_all(kick);
}

void td_kick_out(const struct td_kick *kick)
{
	td_kick_all(kick);
	for (unsigned i = 0; i < VCPUS; i++) {
		while (strict_module_inside(i)) {
			sched_yield();
		}
	}
}

/* Each vCPU was outside, or has entered since: one that is inside was kicked. */
void td_flush_wait(const struct td_kick *kick)
{
	(void)kick;
	for (unsigned i = 0; i < VCPUS; i++) {
		while (strict_module_inside(i) && __atomic_load_n(&kicked[i], __ATOMIC_SEQ_CST)) {
			sched_yield();
		}
	}
}

void wake_take_kick(void)
{
	sched_yield();
}

void module_host_own(hpa_t base, uint64_t size)
{
	(void)base;
	(void)size;
}

void console_line(char kind, const char *format, ...)
{
	(void)kind;
	tell(format);
}

_Noreturn void machine_exit(enum machine_exit_code code, const char *format, ...)
{
	fprintf(stderr, "machine_exit(%u, %s)\n", (unsigned)code, format);
	abort();
}

static unsigned draw(unsigned *seed, unsigned below)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % below;
}

static void fault(unsigned page, unsigned *seed)
{
	struct seam_failure failure;
	uint64_t level = draw(seed, 4) == 0 ? PG_2M : PG_4K;
	enum mmu_answer answer =
		mmu_private_fault(&mmu, gpa(page * PAGE),
				  EXT_QUAL_ACCEPT | field_put(EXT_QUAL_INFO, level), &failure);
	if (answer == MMU_IS_SHARED) {
		answer = mmu_shared_fault(&mmu, gpa(page * PAGE));
		answer = answer == MMU_IS_PRIVATE ? MMU_FIXED : answer;
	}
	if (answer != MMU_FIXED && answer != MMU_SPURIOUS) {
		tell("a fault has no answer");
	}
}

/* Until an access faults, or a kick. */
static void stay(unsigned vcpu, unsigned *seed)
{
	unsigned page = 0;
	bool missed = false;
	uint64_t tlb[ACCESSES];
	__atomic_store_n(&kicked[vcpu], false, __ATOMIC_SEQ_CST);
	strict_module_enter(vcpu);
	missed = sept_keeps_out(&mmu.sept);
	for (unsigned i = 0; i < ACCESSES && !missed; i++) {
		page = draw(seed, RAM_PAGES);
		tlb[i] = strict_module_translate(gpa(page * PAGE));
		missed = tlb[i] == 0;
		for (unsigned j = 0; j < i; j++) {
			if (!strict_module_owns(tlb[j])) {
				tell("a frame is gone while a TLB has it");
			}
		}
		missed = missed || __atomic_load_n(&kicked[vcpu], __ATOMIC_SEQ_CST);
	}
	strict_module_leave(vcpu);
	if (missed) {
		fault(page, seed);
	}
}

static void *run_vcpu(void *arg)
{
	unsigned vcpu = *(const unsigned *)arg;
	unsigned seed = vcpu + 1;
	for (unsigned i = 0; i < STAYS; i++) {
		stay(vcpu, &seed);
	}
	return NULL;
}

static void *run_converter(void *arg)
{
	unsigned seed = 100 + *(const unsigned *)arg;
	for (unsigned i = 0; i < CONVERSIONS; i++) {
		struct seam_failure failure;
		struct gpa_range range;
		gpa_t stopped;
		unsigned first = draw(&seed, RAM_PAGES - RANGE_MAX);
		unsigned count = 1 + draw(&seed, RANGE_MAX);
		enum share share = draw(&seed, 3) == 0 ? SHARE_SHARED : SHARE_PRIVATE;
		enum status status = ST_OK;
		if (i % 4 == 0) {
			status = mmu_punch_hole(&mmu, gpa(first * PAGE),
						gpa((first + count) * PAGE), &failure);
		} else if (gpa_range_make(first * PAGE, count * PAGE, &range)) {
			status = conversion_make(&mmu, range, share, &stopped, &failure);
		}
		if (status != ST_OK) {
			tell("a conversion failed");
		}
	}
	return NULL;
}

/* 001-R92, 001-R54: entry by entry; and 001-R64: a shared page has no private leaf. */
static void check_entries(void)
{
	for (uint64_t at = 0; at < RAM_PAGES * PAGE; at += PAGE) {
		enum pg_level level;
		uint64_t value = tdp_look(&mmu.tdp.mirror, gpa(at), &level);
		struct seam_regs regs = { .rax = TDH_MEM_SEPT_RD,
					  .rcx = align_down(at, pg_size(level)) | level,
					  .rdx = STRICT_TDR };
		assert_int_equal(strict_module_call(&regs), TDX_SUCCESS);
		assert_int_equal(field_get(TDX_SEPT_RDX_STATE, regs.rdx),
				 tdp_present(value) ? TDX_SEPT_PENDING : TDX_SEPT_FREE);
		assert_int_not_equal(value, TDP_FROZEN);
		if (tdp_present(value)) {
			assert_int_equal(tdp_frame(value).v, regs.rcx);
			assert_false(mmu_is_shared(&mmu, at, PAGE));
		}
		if (tdp_present(tdp_look(&mmu.tdp.shared, gpa(at), &level))) {
			assert_true(mmu_is_shared(&mmu, at, PAGE));
		}
	}
}

static void stress(bool one_by_one)
{
	static unsigned numbers[VCPUS + 2];
	pthread_t threads[VCPUS + 2];
	struct seam_failure failure;
	frames_init(ptr_hpa(pool), hpa(ptr_hpa(pool).v + POOL_SIZE));
	strict_module_init(ptr_hpa(pool), POOL_SIZE);
	mmu_init(&mmu, &vcpus, hpa(STRICT_TDR), (struct shared_backing){ 0 },
		 &(struct td_memory){ .low_size = RAM_PAGES * PAGE }, 48, tables);
	mmu.large_pages = true;
	mmu.zap_one_by_one = one_by_one;
	mmu.shrink_every = 10;
	for (unsigned i = 0; i < VCPUS + 2; i++) {
		numbers[i] = i;
		assert_int_equal(pthread_create(&threads[i], NULL,
						i < VCPUS ? run_vcpu : run_converter, &numbers[i]),
				 0);
	}
	for (unsigned i = 0; i < VCPUS + 2; i++) {
		pthread_join(threads[i], NULL);
	}
	assert_null(strict_module_violation());
	assert_null(wrong);
	check_entries();
	print_message("AUG %u, BLOCK %u, TRACK %u, REMOVE %u, DEMOTE %u\n",
		      strict_module_count(TDH_MEM_PAGE_AUG),
		      strict_module_count(TDH_MEM_RANGE_BLOCK), strict_module_count(TDH_MEM_TRACK),
		      strict_module_count(TDH_MEM_PAGE_REMOVE),
		      strict_module_count(TDH_MEM_PAGE_DEMOTE));
	assert_int_not_equal(strict_module_count(TDH_MEM_PAGE_REMOVE), 0);
	assert_int_equal(mmu_destroy(&mmu, &failure), ST_OK);
	assert_int_equal(frames_taken(), 0);
}

/* 001-R79, 001-R80, 001-R78 */
static void faults_and_batched_conversions(void **state)
{
	(void)state;
	stress(false);
}

static void faults_and_conversions_one_by_one(void **state)
{
	(void)state;
	stress(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(faults_and_batched_conversions),
		cmocka_unit_test(faults_and_conversions_one_by_one),
	};
	pool = aligned_alloc(BLOCK, POOL_SIZE);
	if (pool == NULL) {
		return 1;
	}
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(pool);
	return failed;
}
