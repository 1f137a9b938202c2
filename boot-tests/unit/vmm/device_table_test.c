// Tests of the table of a TD's devices: which row an access finds.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/device/device_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "arch/base/check.h"

static struct device_table table;
static jmp_buf stopped;

_Noreturn void bug(const char *file, int line, const char *what)
{
	(void)file;
	(void)line;
	(void)what;
	longjmp(stopped, 1);
}

static int set_up(void **state)
{
	(void)state;
	table = (struct device_table){ 0 };
	return 0;
}

static void add(uint64_t base, uint64_t count)
{
	device_add(&table, (struct device_row){ base, count, NULL, device_absent_read,
						device_absent_write });
}

/* The base of the row that is found; UINT64_MAX: none. */
static uint64_t found(uint64_t address, uint64_t bytes)
{
	const struct device_row *row = device_find(&table, address, bytes);
	return row == NULL ? UINT64_MAX : row->base;
}

static void a_row_has_what_it_covers(void **state)
{
	(void)state;
	assert_int_equal(found(0x10, 1), UINT64_MAX);
	add(0x10, 4);
	assert_int_equal(found(0xF, 1), UINT64_MAX);
	assert_int_equal(found(0x10, 1), 0x10);
	assert_int_equal(found(0x13, 1), 0x10);
	assert_int_equal(found(0x14, 1), UINT64_MAX);
	/* Any byte of the access. */
	assert_int_equal(found(0xC, 4), UINT64_MAX);
	assert_int_equal(found(0xC, 5), 0x10);
	assert_int_equal(found(0x13, 8), 0x10);
	assert_int_equal(found(0x10, 0), UINT64_MAX);
	assert_int_equal(found(UINT64_MAX, 1), UINT64_MAX);
}

static void the_row_added_last_hides_others(void **state)
{
	(void)state;
	add(0, 0x10000);
	add(0x20, 2);
	assert_int_equal(found(0x1F, 1), 0);
	assert_int_equal(found(0x21, 1), 0x20);
	assert_int_equal(found(0x1F, 2), 0x20);
	add(0x21, 1);
	assert_int_equal(found(0x20, 1), 0x20);
	assert_int_equal(found(0x21, 1), 0x21);
	assert_int_equal(found(0x20, 2), 0x21);
	add(1, 0xFFFF);
	assert_int_equal(found(0x21, 1), 1);
	assert_int_equal(found(0, 1), 0);
}

static void nothing_answers_with_ones(void **state)
{
	(void)state;
	assert_int_equal(device_absent_read(NULL, 5, 1), 0xFF);
	assert_int_equal(device_absent_read(NULL, 5, 2), 0xFFFF);
	assert_int_equal(device_absent_read(NULL, 5, 4), UINT32_MAX);
	assert_int_equal(device_absent_read(NULL, 5, 8), UINT64_MAX);
}

static void too_many_rows_are_a_bug(void **state)
{
	(void)state;
	for (unsigned i = 0; i < DEVICE_ROWS_MAX; i++) {
		add(i, 1);
	}
	if (setjmp(stopped) == 0) {
		add(DEVICE_ROWS_MAX, 1);
		fail();
	}
	assert_int_equal(table.count, DEVICE_ROWS_MAX);
	table.count = 0;
	if (setjmp(stopped) == 0) { /* one function without the other */
		device_add(&table, (struct device_row){ 0, 1, NULL, device_absent_read, NULL });
		fail();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_row_has_what_it_covers, set_up),
		cmocka_unit_test_setup(the_row_added_last_hides_others, set_up),
		cmocka_unit_test_setup(nothing_answers_with_ones, set_up),
		cmocka_unit_test_setup(too_many_rows_are_a_bug, set_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
