// The record of a refusal: found by its status, cut at its bound.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/refusal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void the_last_one_counts(void **state)
{
	(void)state;
	assert_string_equal(refusal_text(ST_TDX), "unnamed");
	assert_int_equal(refuse(ST_TDX, "leaf %u: RAX 0x%lx", 7, 0xC000010000000001), ST_TDX);
	assert_string_equal(refusal_text(ST_TDX), "leaf 7: RAX 0xc000010000000001");
	assert_int_equal(refuse(ST_TIMEOUT, "a wait"), ST_TIMEOUT);
	assert_string_equal(refusal_text(ST_TIMEOUT), "a wait");
	/* A status that nobody recorded gets no other one's text. */
	assert_string_equal(refusal_text(ST_TDX), "unnamed");
}

static void a_long_text_is_cut(void **state)
{
	char name[2 * REFUSAL_MAX];
	(void)state;
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = 0;
	assert_int_equal(refuse(ST_BAD_FORMAT, "file %s", name), ST_BAD_FORMAT);
	assert_int_equal(strlen(refusal_text(ST_BAD_FORMAT)), REFUSAL_MAX - 1);
	assert_memory_equal(refusal_text(ST_BAD_FORMAT), "file xxx", 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_one_counts),
		cmocka_unit_test(a_long_text_is_cut),
	};
	return cmocka_run_group_tests_name("refusal", tests, NULL, NULL);
}
