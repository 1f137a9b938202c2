// Tests of what user space makes of an access that the attribute of its page forbids.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The whole of the host's memory management, on a strict fake of the module.
#include "boot-tests/machine/time.h"
#include "boot-tests/vmm/mmu/memory_fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "arch/tdx/ghci.h"
#include "arch/tdx/ve_info.h"
#include "boot-tests/machine/lapic.h"
#include "boot-tests/unit/vmm/mmu_world.h"
#include "boot-tests/vmm/call/map_gpa.h"
#include "boot-tests/vmm/mmu/tdp_entry.h"
#include "boot-tests/vmm/verdict.h"

#define PAGE UINT64_C(0x1000)
#define BLOCK UINT64_C(0x200000)
#define SHARED BIT64(47)

static const struct config config;
static struct memory_fault_record record;
static uint64_t waited;
static uint64_t refuse; /* this leaf; 0: none */

uint64_t seamcall(struct seam_regs *regs)
{
	if (refuse != 0 && regs->rax == refuse) {
		return regs->rax = TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	return strict_module_call(regs);
}

void time_delay_us(uint64_t us)
{
	waited += us;
}

bool lapic_pending(void)
{
	return false;
}

static int set_up(void **state)
{
	(void)state;
	mmu_world_set_up();
	record = (struct memory_fault_record){ 0 };
	waited = refuse = 0;
	return 0;
}

static enum mmu_answer accept(uint64_t address)
{
	return mmu_private_fault(&mmu, gpa(address), EXT_QUAL_ACCEPT, &failure);
}

static void map(uint64_t address, uint64_t size)
{
	uint64_t again = 0;
	struct verdict verdict = { 0 };
	struct seam_regs regs = { .r11 = TDVMCALL_MAP_GPA, .r12 = address, .r13 = size };
	assert_int_equal(map_gpa(&mmu, &config, &again, &regs, &verdict), TDVMCALL_SUCCESS);
}

/* A fault at a page, and the answer by the policy. */
static enum mmu_answer answer(enum config_memory_fault policy, uint64_t address, bool is_private)
{
	const struct memory_fault fault = { gpa(address), PAGE, is_private };
	return memory_fault_answer(&mmu, policy, &fault, &record, &failure);
}

/* 001-R72, 001-R65, 001-R70: ten steps, in their order. */
static void a_conversion_by_fault(void **state)
{
	(void)state;
	hpa_t frame;
	assert_int_equal(accept(PAGE), MMU_FIXED);
	map(PAGE | SHARED, PAGE);                                 /* 1, 2: MapGPA, to user space */
	assert_true(mmu_is_shared(&mmu, PAGE, PAGE));             /* 3 */
	assert_false(mmu_private_frame(&mmu, gpa(PAGE), &frame)); /* 001-R77 */
	assert_int_equal(strict_module_translate(gpa(PAGE)), 0);
	assert_int_equal(mmu_shared_fault(&mmu, gpa(PAGE)), MMU_FIXED); /* 4: it is used */
	unsigned calls = strict_module_count(TDH_MEM_PAGE_AUG);
	assert_int_equal(accept(PAGE), MMU_IS_SHARED); /* 5 to 7 */
	assert_int_equal(strict_module_count(TDH_MEM_PAGE_AUG), calls);
	assert_int_equal(answer(MEMORY_FAULT_CONVERT, PAGE, true), MMU_FIXED); /* 8 */
	assert_false(mmu_is_shared(&mmu, PAGE, PAGE));                         /* 9 */
	enum pg_level level;
	assert_false(tdp_present(tdp_look(&mmu.tdp.shared, gpa(PAGE), &level)));
	assert_int_equal(strict_module_translate(gpa(PAGE)), 0);
	assert_int_equal(accept(PAGE), MMU_FIXED); /* 10: a new page, pending */
	assert_int_not_equal(strict_module_translate(gpa(PAGE)), 0);
	assert_null(strict_module_violation());
}

/* 001-R66: a shared access before any MapGPA; only its page is converted. */
static void a_shared_access_to_private_memory(void **state)
{
	(void)state;
	assert_int_equal(mmu_shared_fault(&mmu, gpa(PAGE)), MMU_IS_PRIVATE);
	assert_int_equal(answer(MEMORY_FAULT_KILL, PAGE, false), MMU_IS_PRIVATE);
	assert_int_equal(answer(MEMORY_FAULT_CONVERT, PAGE, false), MMU_FIXED);
	assert_true(mmu_is_shared(&mmu, PAGE, PAGE));
	assert_false(mmu_is_shared(&mmu, 0, PAGE));
	assert_false(mmu_is_shared(&mmu, 2 * PAGE, PAGE));
	assert_int_equal(mmu_shared_fault(&mmu, gpa(PAGE)), MMU_FIXED);
}

/* 001-R71, 001-R75 */
static void a_bug_of_the_td_ends_it(void **state)
{
	(void)state;
	map(PAGE | SHARED, PAGE);
	assert_int_equal(answer(MEMORY_FAULT_KILL, PAGE, true), MMU_IS_SHARED);
	assert_true(mmu_is_shared(&mmu, PAGE, PAGE));
}

/* 001-R73: it goes on when another vCPU has converted the page. */
static void a_race_is_waited_for(void **state)
{
	(void)state;
	map(PAGE | SHARED, PAGE);
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(accept(PAGE), MMU_IS_SHARED);
		assert_int_equal(answer(MEMORY_FAULT_RESUME, PAGE, true), MMU_FIXED);
	}
	map(PAGE, PAGE);
	assert_int_equal(accept(PAGE), MMU_FIXED);
	assert_int_equal(waited, 0);
}

/* 001-R74: longer each time, and not for ever. */
static void an_attack_is_slowed_down_and_ended(void **state)
{
	(void)state;
	map(PAGE | SHARED, PAGE);
	for (unsigned i = 1; i <= MEMORY_FAULT_WAITS_MAX; i++) {
		waited = 0;
		assert_int_equal(answer(MEMORY_FAULT_THROTTLE, PAGE, true), MMU_FIXED);
		assert_int_equal(waited, i * MEMORY_FAULT_WAIT_US);
	}
	waited = 0;
	assert_int_equal(answer(MEMORY_FAULT_THROTTLE, PAGE, true), MMU_IS_SHARED);
	assert_int_equal(waited, 0);
	/* Of another vCPU. */
	record = (struct memory_fault_record){ 0 };
	assert_int_equal(answer(MEMORY_FAULT_THROTTLE, PAGE, false), MMU_FIXED);
}

static void a_conversion_that_fails_is_told(void **state)
{
	(void)state;
	assert_int_equal(accept(PAGE), MMU_FIXED);
	refuse = TDH_MEM_RANGE_BLOCK;
	assert_int_equal(answer(MEMORY_FAULT_CONVERT, PAGE, false), MMU_FAILED);
	assert_string_equal(failure.leaf, "TDH_MEM_RANGE_BLOCK");
	assert_true(mmu.sept.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_conversion_by_fault, set_up),
		cmocka_unit_test_setup(a_shared_access_to_private_memory, set_up),
		cmocka_unit_test_setup(a_bug_of_the_td_ends_it, set_up),
		cmocka_unit_test_setup(a_race_is_waited_for, set_up),
		cmocka_unit_test_setup(an_attack_is_slowed_down_and_ended, set_up),
		cmocka_unit_test_setup(a_conversion_that_fails_is_told, set_up),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(pool);
	return failed;
}
