// Races of a fault with an invalidation: what it had seen before must not be mapped after.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The fault is stopped where it knows what to map and has no lock yet; what another vCPU does then
// is done there.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

static void at_step(int step);
#define TDP_STEP(step, entry) ((void)(entry), at_step((int)(step)))
#include "boot-tests/vmm/mmu/mmu.c"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "boot-tests/unit/vmm/mmu_world.h"
#include "boot-tests/vmm/mmu/conversion.h"

#define BLOCK UINT64_C(0x200000)

static void (*meanwhile)(void); /* once */

static void at_step(int step)
{
	void (*now)(void) = meanwhile;
	if (step == TDP_STEP_HAVE_FRAME && now != NULL) {
		meanwhile = NULL;
		now();
	}
}

uint64_t seamcall(struct seam_regs *regs)
{
	return strict_module_call(regs);
}

unsigned module_keyid_bits(void)
{
	return MODULE_KEYID_BITS;
}

static int set_up(void **state)
{
	(void)state;
	mmu_world_set_up();
	meanwhile = NULL;
	return 0;
}

static enum mmu_answer fault(uint64_t address)
{
	return mmu_private_fault(&mmu, gpa(address), EXT_QUAL_ACCEPT, &failure);
}

static void its_frame_is_taken_back(void)
{
	hpa_t frame;
	assert_true(mmu_private_frame(&mmu, gpa(PAGE), &frame));
	assert_int_equal(mmu_punch_hole(&mmu, gpa(PAGE), gpa(2 * PAGE), &failure), ST_OK);
	assert_false(mmu_private_frame(&mmu, gpa(PAGE), &frame));
}

static void assert_is_mapped(uint64_t address)
{
	hpa_t frame;
	assert_true(mmu_private_frame(&mmu, gpa(address), &frame));
	enum pg_level level;
	assert_int_equal(tdp_frame(tdp_look(&mmu.tdp.mirror, gpa(address), &level)).v, frame.v);
	assert_int_equal(strict_module_translate(gpa(address)), frame.v);
}

/* 001-R93: the frame that the fault had is another's by now. */
static void a_frame_that_was_given_back_is_not_mapped(void **state)
{
	(void)state;
	assert_int_equal(fault(0), MMU_FIXED); /* the tables */
	uint64_t taken = frames_taken();
	meanwhile = its_frame_is_taken_back;
	assert_int_equal(fault(PAGE), MMU_FIXED);
	assert_null(meanwhile);
	assert_is_mapped(PAGE);
	assert_int_equal(frames_taken(), taken + PAGE);
	assert_null(strict_module_violation());
}

static void it_becomes_shared(void)
{
	gpa_t stopped;
	struct gpa_range range;
	assert_true(gpa_range_make(0, 2 * PAGE, &range));
	assert_int_equal(conversion_make(&mmu, range, SHARE_SHARED, &stopped, &failure), ST_OK);
}

/* 001-R64: the attribute that the fault saw is another by now. */
static void what_became_shared_is_not_mapped_private(void **state)
{
	(void)state;
	meanwhile = it_becomes_shared;
	assert_int_equal(fault(PAGE), MMU_IS_SHARED);
	assert_null(meanwhile);
	assert_int_equal(strict_module_translate(gpa(PAGE)), 0);
	assert_int_equal(strict_module_count(TDH_MEM_PAGE_AUG), 0);
}

/* An invalidation that is under way, of this page and of others. */
static unsigned tries;
static void it_ends(void)
{
	tries++;
	if (tries == 3) {
		invalidate_end(&mmu);
	} else {
		assert_int_equal(strict_module_count(TDH_MEM_PAGE_AUG), 0);
		meanwhile = it_ends;
	}
}

static void a_fault_waits_for_the_end_of_an_invalidation(void **state)
{
	(void)state;
	invalidate_begin(&mmu, gpa(PAGE), gpa(3 * PAGE));
	tries = 0;
	meanwhile = it_ends;
	assert_int_equal(fault(2 * PAGE), MMU_FIXED);
	assert_int_equal(tries, 3);
	/* Beside it, both sides. */
	invalidate_begin(&mmu, gpa(5 * PAGE), gpa(7 * PAGE));
	assert_int_equal(fault(4 * PAGE), MMU_FIXED);
	assert_int_equal(fault(7 * PAGE), MMU_FIXED);
	invalidate_end(&mmu);
	assert_is_mapped(2 * PAGE);
	assert_is_mapped(7 * PAGE);
}

/* 001-R93: the frame comes back only when nothing maps it, and its content is lost. */
static void a_hole_takes_mapped_frames_back(void **state)
{
	(void)state;
	for (uint64_t at = 0; at < 4 * PAGE; at += PAGE) {
		assert_int_equal(fault(at), MMU_FIXED);
	}
	uint64_t taken = frames_taken();
	assert_int_equal(mmu_punch_hole(&mmu, gpa(PAGE), gpa(3 * PAGE), &failure), ST_OK);
	assert_int_equal(frames_taken(), taken - 2 * PAGE);
	assert_int_equal(strict_module_count(TDH_MEM_PAGE_REMOVE), 2);
	assert_int_equal(strict_module_count(TDH_PHYMEM_PAGE_WBINVD), 2);
	assert_int_equal(strict_module_translate(gpa(PAGE)), 0);
	assert_is_mapped(0);
	assert_is_mapped(3 * PAGE);
	assert_int_equal(fault(PAGE), MMU_FIXED); /* it is still private */
	assert_is_mapped(PAGE);
	assert_null(strict_module_violation());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_frame_that_was_given_back_is_not_mapped, set_up),
		cmocka_unit_test_setup(what_became_shared_is_not_mapped_private, set_up),
		cmocka_unit_test_setup(a_fault_waits_for_the_end_of_an_invalidation, set_up),
		cmocka_unit_test_setup(a_hole_takes_mapped_frames_back, set_up),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(pool);
	return failed;
}
