// Arrival of APs as the boot processor sees it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/entry/ap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "arch/x86/tsc.h"

static void ids_with_gaps(void **state)
{
	(void)state;
	static const struct mailbox mailbox = { .arrived = { 1, 5, 3, 0xFFFFFFFF } };
	uint32_t which;
	assert_int_equal(ap_wait(&mailbox, 4, &which), ST_OK);
}

static void every_entry_is_used(void **state)
{
	(void)state;
	static struct mailbox mailbox;
	uint32_t which;
	/* Twice the CPUs of a large server. */
	assert_true(MAILBOX_MAX_VCPUS >= 1024);
	for (uint32_t i = 0; i < MAILBOX_MAX_VCPUS; i++) {
		mailbox.arrived[i] = i + 1;
	}
	assert_int_equal(ap_wait(&mailbox, MAILBOX_MAX_VCPUS, &which), ST_OK);
	assert_int_equal(which, MAILBOX_MAX_VCPUS - 1);
}

static void an_id_twice(void **state)
{
	(void)state;
	static const struct mailbox mailbox = { .arrived = { 1, 5, 3, 5 } };
	uint32_t which;
	assert_int_equal(ap_wait(&mailbox, 4, &which), ST_HOST_LIED);
	assert_int_equal(which, 3);
}

static void patience_of_a_minute(void **state)
{
	(void)state;
	assert_int_equal(ap_patience(), 60 * tsc_hz_at_most());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_with_gaps),
		cmocka_unit_test(every_entry_is_used),
		cmocka_unit_test(an_id_twice),
		cmocka_unit_test(patience_of_a_minute),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
