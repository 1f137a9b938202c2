// Tests of the virtual topology: what a host may configure, and leaf 0BH made of leaf 1FH.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/guest/td_topology.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "arch/base/bits.h"

#define LEVEL(type, number)                   \
	{                                     \
		.ecx = (type) << 8 | (number) \
	}

static void levels_ascend_and_core_is_one(void **state)
{
	(void)state;
	static const struct {
		unsigned types[TOPOLOGY_LEVELS];
		bool good;
		uint32_t bad;
	} cases[] = {
		{ { 0 }, true, 0 },        { { 1, 2 }, true, 0 },
		{ { 2 }, true, 0 },        { { 1, 2, 3, 4, 5 }, true, 0 },
		{ { 1, 2, 5 }, true, 0 },  { { 1 }, false, 0 },                /* no core */
		{ { 1, 3 }, false, 0 },    { { 2, 1 }, false, 1 },             /* not ascending */
		{ { 1, 2, 2 }, false, 2 }, { { 1, 0, 2 }, false, 2 },          /* after the end */
		{ { 0, 1, 2 }, false, 1 }, { { 1, 2, 3, 4, 5, 6 }, false, 5 }, /* no such type */
		{ { 1, 255 }, false, 1 },
	};
	for (unsigned i = 0; i < ARRAY_COUNT(cases); i++) {
		struct cpuid_values levels[TOPOLOGY_LEVELS] = { 0 };
		bool any = false;
		for (unsigned j = 0; j < TOPOLOGY_LEVELS; j++) {
			levels[j].ecx = cases[i].types[j] << 8;
			any = any || cases[i].types[j] != 0;
		}
		uint32_t bad = 77;
		assert_int_equal(td_topology_check(levels, &bad), cases[i].good);
		assert_int_equal(bad, cases[i].bad);
		assert_int_equal(td_topology_is_zero(levels), !any);
	}
	/* The numbers of sub-leaves that are no level are no topology. */
	struct cpuid_values levels[TOPOLOGY_LEVELS] = { { 0 }, LEVEL(0, 1) };
	uint32_t bad;
	assert_false(td_topology_is_zero(levels));
	assert_false(td_topology_check(levels, &bad));
}

static void assert_values(const struct cpuid_values *v, uint32_t eax, uint32_t ebx, uint32_t ecx)
{
	assert_int_equal(v->eax, eax);
	assert_int_equal(v->ebx, ebx);
	assert_int_equal(v->ecx, ecx);
}

/* The core level of leaf 0BH is the highest of leaf 1FH: behind it is the package. */
static void leaf_0b_has_the_lowest_and_the_highest_level(void **state)
{
	(void)state;
	const struct cpuid_values levels[TOPOLOGY_LEVELS] = {
		{ 1, 2, 0x100, 0 }, { 3, 8, 0x201, 0 }, { 5, 32, 0x502, 0 },
		LEVEL(0, 3),        LEVEL(0, 4),        LEVEL(0, 5),
	};
	struct cpuid_values out[TOPOLOGY_LEVELS_0B];
	td_topology_0b(levels, out);
	assert_values(&out[0], 1, 2, 0x100);
	assert_values(&out[1], 5, 32, 0x201);
	assert_values(&out[2], 0, 0, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels_ascend_and_core_is_one),
		cmocka_unit_test(leaf_0b_has_the_lowest_and_the_highest_level),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
