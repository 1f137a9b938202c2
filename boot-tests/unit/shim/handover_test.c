// What a payload must leave alone, in both worlds.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "shim/payload/handover.h"

static struct handover handover;

static void assert_reserved(unsigned i, uint64_t base, uint64_t size, uint32_t type)
{
	assert_int_equal(handover.reserved[i].range.base.v, base);
	assert_int_equal(handover.reserved[i].range.size, size);
	assert_int_equal(handover.reserved[i].type, type);
}

static void in_a_td(void **state)
{
	(void)state;
	handover_reserve(&handover, true, 0x1001);
	assert_int_equal(handover.reserved_count, 3);
	assert_reserved(0, 0xA00000, 0x2000, E820_ACPI);
	assert_reserved(1, 0x818000, 0x8000, E820_NVS);
	assert_reserved(2, 0xFFFF7000, 0x9000, E820_NVS);
	/* Without tables there is still all that an AP needs. */
	handover_reserve(&handover, true, 0);
	assert_int_equal(handover.reserved_count, 2);
	assert_reserved(0, 0x818000, 0x8000, E820_NVS);
	assert_reserved(1, 0xFFFF7000, 0x9000, E820_NVS);
}

static void in_a_plain_vm(void **state)
{
	(void)state;
	handover_reserve(&handover, false, 0x1000);
	assert_int_equal(handover.reserved_count, 1);
	assert_reserved(0, 0xA00000, 0x1000, E820_ACPI);
	handover_reserve(&handover, false, 0);
	assert_int_equal(handover.reserved_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_a_td),
		cmocka_unit_test(in_a_plain_vm),
	};
	return cmocka_run_group_tests_name("handover", tests, NULL, NULL);
}
