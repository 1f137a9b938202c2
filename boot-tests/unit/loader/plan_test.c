// The image plan: layout, and each check with one entry broken in turn.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/image/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "linker/memmap.h"

#define PAGE 4096ull
/* A shim in the middle of what it may be. */
#define SHIM_SIZE 0x10000ull
#define SHIM_BASE (FOUR_GIB - SHIM_SIZE)
#define SHIM_SIZE_MAX (FOUR_GIB - SHIM_BASE_MIN)
#define ROOM (IMAGE_MAX_SIZE - SHIM_SIZE)

/* Only its address and sizes matter: a plan does not read bytes. */
static const uint8_t bytes[1];

static struct plan_parts make_parts(uint64_t kernel, uint64_t initrd, uint64_t cmdline)
{
	return (struct plan_parts){
		.shim = { bytes, SHIM_SIZE },
		.kernel = { kernel != 0 ? bytes : NULL, kernel },
		.initrd = { initrd != 0 ? bytes : NULL, initrd },
		.cmdline = { cmdline != 0 ? bytes : NULL, cmdline },
	};
}

static struct plan make(uint64_t kernel, uint64_t initrd, uint64_t cmdline)
{
	struct plan plan;
	struct plan_parts parts = make_parts(kernel, initrd, cmdline);
	assert_int_equal(plan_make(&plan, &parts), ST_OK);
	assert_int_equal(plan_check(&plan), ST_OK);
	return plan;
}

static void check_entry(const struct plan *plan, enum plan_tag tag, uint64_t base, uint64_t size)
{
	const struct plan_entry *e = plan_find(plan, tag);
	assert_non_null(e);
	assert_int_equal(e->tag, tag);
	assert_int_equal(e->range.base.v, base);
	assert_int_equal(e->range.size, size);
}

static void default_image(void **state)
{
	(void)state;
	struct plan plan = make(0, 0, 0);
	assert_int_equal(plan.count, 3);
	check_entry(&plan, PLAN_SHIM_DATA, SHIM_RAM, TEMPMEM_END - SHIM_RAM);
	check_entry(&plan, PLAN_HOB, TD_HOB, TD_HOB_SIZE);
	check_entry(&plan, PLAN_SHIM, SHIM_BASE, SHIM_SIZE);
	assert_null(plan_find(&plan, PLAN_KERNEL));
	assert_int_equal(plan_image_base(&plan).v, SHIM_BASE);
}

static void payload_image(void **state)
{
	(void)state;
	struct plan plan = make(5 * PAGE + 1, PAGE, 10);
	uint64_t base = SHIM_BASE - 8 * PAGE;
	check_entry(&plan, PLAN_KERNEL, base, 6 * PAGE);
	check_entry(&plan, PLAN_INITRD, base + 6 * PAGE, PAGE);
	check_entry(&plan, PLAN_CMDLINE, base + 7 * PAGE, PAGE);
	assert_int_equal(plan_image_base(&plan).v, base);
	/* Exactly the pages that are needed. */
	plan = make(16 * PAGE, 0, 0);
	assert_int_equal(plan_image_base(&plan).v, SHIM_BASE - 16 * PAGE);
	plan = make(16 * PAGE, 1, 0);
	assert_int_equal(plan_image_base(&plan).v, SHIM_BASE - 17 * PAGE);
	/* The NUL of a command line that ends with its page takes another one. */
	plan = make(0, 0, PAGE - 1);
	check_entry(&plan, PLAN_CMDLINE, SHIM_BASE - PAGE, PAGE);
	plan = make(0, 0, PAGE);
	check_entry(&plan, PLAN_CMDLINE, SHIM_BASE - 2 * PAGE, 2 * PAGE);
}

static void size_borders(void **state)
{
	(void)state;
	struct plan plan = make(ROOM, 0, 0);
	assert_int_equal(plan_image_base(&plan).v, FOUR_GIB - IMAGE_MAX_SIZE);
	plan = make(ROOM - 2 * PAGE, 1, 1);
	assert_int_equal(plan_image_base(&plan).v, FOUR_GIB - IMAGE_MAX_SIZE);
	const uint64_t bad[][3] = {
		{ ROOM + 1, 0, 0 },
		{ 0, ROOM + 1, 0 },
		{ 0, 0, ROOM },
		{ ROOM, 1, 0 },
		{ ROOM - PAGE, 1, 1 },
		{ UINT64_MAX, UINT64_MAX, UINT64_MAX },
		{ UINT64_MAX - PAGE + 2, 0, 0 },
	};
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		struct plan_parts parts = make_parts(bad[i][0], bad[i][1], bad[i][2]);
		struct plan untouched = plan;
		assert_int_equal(plan_make(&untouched, &parts), ST_NO_SPACE);
		assert_memory_equal(&untouched, &plan, sizeof(plan));
	}
}

static void bad_shims(void **state)
{
	(void)state;
	struct plan plan;
	struct plan_parts parts = make_parts(0, 0, 0);
	parts.shim.size = SHIM_SIZE - 1;
	assert_int_equal(plan_make(&plan, &parts), ST_BAD_ARGUMENT);
	parts.shim.size = SHIM_SIZE_MAX;
	assert_int_equal(plan_make(&plan, &parts), ST_OK);
	check_entry(&plan, PLAN_SHIM, SHIM_BASE_MIN, SHIM_SIZE_MAX);
	parts.shim.size = SHIM_SIZE_MAX + 1;
	assert_int_equal(plan_make(&plan, &parts), ST_NO_SPACE);
	/* One page of its own at least. */
	parts.shim.size = FOUR_GIB - AP_TABLE + PAGE;
	assert_int_equal(plan_make(&plan, &parts), ST_OK);
	parts.shim.size = FOUR_GIB - AP_TABLE;
	assert_int_equal(plan_make(&plan, &parts), ST_BAD_ARGUMENT);
	parts.shim = (struct plan_bytes){ NULL, 0 };
	assert_int_equal(plan_make(&plan, &parts), ST_BAD_ARGUMENT);
}

/* The entries of make(PAGE, PAGE, 1): where plan_make() puts them. */
enum { AT_DATA, AT_HOB, AT_KERNEL, AT_INITRD, AT_CMDLINE, AT_SHIM };

static void broken_entries(void **state)
{
	(void)state;
	const struct plan good = make(PAGE, PAGE, 1);
	const struct {
		size_t at;
		struct plan_entry entry;
		enum status status;
	} cases[] = {
		/* kind, tag and bytes */
		{ AT_DATA,
		  { { gpa(SHIM_RAM), PAGE }, PLAN_IMAGE, PLAN_SHIM_DATA, bytes, 1 },
		  ST_BAD_ARGUMENT },
		{ AT_DATA,
		  { { gpa(SHIM_RAM), PAGE }, PLAN_TEMP_MEM, PLAN_SHIM_DATA, bytes, 1 },
		  ST_BAD_ARGUMENT },
		{ AT_DATA,
		  { { gpa(SHIM_RAM), PAGE }, PLAN_TEMP_MEM, PLAN_SHIM_DATA, NULL, 1 },
		  ST_BAD_ARGUMENT },
		{ AT_DATA,
		  { { gpa(SHIM_RAM), PAGE },
		    PLAN_TEMP_MEM,
		    (enum plan_tag)PLAN_TAG_COUNT,
		    NULL,
		    0 },
		  ST_BAD_ARGUMENT },
		{ AT_KERNEL,
		  { good.entries[AT_KERNEL].range, PLAN_IMAGE, PLAN_KERNEL, NULL, 0 },
		  ST_BAD_ARGUMENT },
		{ AT_KERNEL,
		  { good.entries[AT_KERNEL].range, PLAN_IMAGE, PLAN_KERNEL, bytes, 0 },
		  ST_BAD_ARGUMENT },
		{ AT_INITRD,
		  { good.entries[AT_INITRD].range, PLAN_IMAGE, PLAN_KERNEL, bytes, 1 },
		  ST_BAD_ARGUMENT },
		/* ranges */
		{ AT_DATA,
		  { { gpa(SHIM_RAM), 0 }, PLAN_TEMP_MEM, PLAN_SHIM_DATA, NULL, 0 },
		  ST_BAD_RANGE },
		{ AT_DATA,
		  { { gpa(SHIM_RAM + 1), PAGE }, PLAN_TEMP_MEM, PLAN_SHIM_DATA, NULL, 0 },
		  ST_BAD_RANGE },
		{ AT_DATA,
		  { { gpa(SHIM_RAM), PAGE + 1 }, PLAN_TEMP_MEM, PLAN_SHIM_DATA, NULL, 0 },
		  ST_BAD_RANGE },
		{ AT_DATA,
		  { { gpa(SHIM_RAM - PAGE), PAGE }, PLAN_TEMP_MEM, PLAN_SHIM_DATA, NULL, 0 },
		  ST_BAD_RANGE },
		{ AT_DATA,
		  { { gpa(SHIM_RAM), TEMPMEM_END - SHIM_RAM + PAGE },
		    PLAN_TEMP_MEM,
		    PLAN_SHIM_DATA,
		    NULL,
		    0 },
		  ST_BAD_RANGE },
		{ AT_DATA,
		  { { gpa(TEMPMEM_END), PAGE }, PLAN_TEMP_MEM, PLAN_SHIM_DATA, NULL, 0 },
		  ST_BAD_RANGE },
		{ AT_DATA,
		  { { gpa(SHIM_RAM), 0ull - PAGE }, PLAN_TEMP_MEM, PLAN_SHIM_DATA, NULL, 0 },
		  ST_BAD_RANGE },
		{ AT_HOB, { { gpa(TD_HOB), PAGE }, PLAN_TD_HOB, PLAN_HOB, NULL, 0 }, ST_BAD_RANGE },
		{ AT_KERNEL,
		  { { gpa(FOUR_GIB - IMAGE_MAX_SIZE - PAGE), PAGE },
		    PLAN_IMAGE,
		    PLAN_KERNEL,
		    bytes,
		    1 },
		  ST_BAD_RANGE },
		/* over its successor, onto the shim */
		{ AT_KERNEL,
		  { { good.entries[AT_KERNEL].range.base, 2 * PAGE },
		    PLAN_IMAGE,
		    PLAN_KERNEL,
		    bytes,
		    1 },
		  ST_BAD_RANGE },
		{ AT_KERNEL,
		  { good.entries[AT_INITRD].range, PLAN_IMAGE, PLAN_KERNEL, bytes, 1 },
		  ST_BAD_RANGE },
		{ AT_CMDLINE,
		  { { gpa(SHIM_BASE), PAGE }, PLAN_IMAGE, PLAN_CMDLINE, bytes, 1 },
		  ST_BAD_RANGE },
		{ AT_SHIM,
		  { { gpa(SHIM_BASE), SHIM_SIZE - PAGE }, PLAN_IMAGE, PLAN_SHIM, bytes, PAGE },
		  ST_BAD_RANGE },
		{ AT_SHIM,
		  { { gpa(SHIM_BASE_MIN - PAGE), SHIM_SIZE_MAX + PAGE },
		    PLAN_IMAGE,
		    PLAN_SHIM,
		    bytes,
		    SHIM_SIZE_MAX + PAGE },
		  ST_BAD_RANGE },
		/* bytes */
		{ AT_KERNEL,
		  { good.entries[AT_KERNEL].range, PLAN_IMAGE, PLAN_KERNEL, bytes, PAGE + 1 },
		  ST_NO_SPACE },
		{ AT_CMDLINE,
		  { good.entries[AT_CMDLINE].range, PLAN_IMAGE, PLAN_CMDLINE, bytes, PAGE },
		  ST_NO_SPACE },
		{ AT_SHIM,
		  { good.entries[AT_SHIM].range, PLAN_IMAGE, PLAN_SHIM, bytes, SHIM_SIZE - 1 },
		  ST_BAD_ARGUMENT },
		/* a border that is right */
		{ AT_CMDLINE,
		  { good.entries[AT_CMDLINE].range, PLAN_IMAGE, PLAN_CMDLINE, bytes, PAGE - 1 },
		  ST_OK },
		{ AT_DATA,
		  { { gpa(TEMPMEM_END - PAGE), PAGE }, PLAN_TEMP_MEM, PLAN_SHIM_DATA, NULL, 0 },
		  ST_OK },
	};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct plan plan = good;
		plan.entries[cases[i].at] = cases[i].entry;
		if (plan_check(&plan) != cases[i].status) {
			fail_msg("case %zu: %s", i, status_name(plan_check(&plan)));
		}
	}
}

static void missing_entries(void **state)
{
	(void)state;
	const struct plan good = make(PAGE, PAGE, 1);
	struct plan plan = { 0 };
	assert_int_equal(plan_check(&plan), ST_NOT_FOUND);
	plan = good;
	plan.count--;
	assert_int_equal(plan_check(&plan), ST_NOT_FOUND);
	plan = (struct plan){ 0 };
	assert_int_equal(plan_add(&plan, &good.entries[AT_DATA]), ST_OK);
	assert_int_equal(plan_add(&plan, &good.entries[AT_SHIM]), ST_OK);
	assert_int_equal(plan_check(&plan), ST_NOT_FOUND);
	/* Out of order. */
	assert_int_equal(plan_add(&plan, &good.entries[AT_HOB]), ST_OK);
	assert_int_equal(plan_check(&plan), ST_BAD_RANGE);
	plan = good;
	assert_int_equal(plan_add(&plan, &good.entries[AT_HOB]), ST_NO_SPACE);
	assert_memory_equal(&plan, &good, sizeof(plan));
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(plan_tag_name(PLAN_CMDLINE), "command line");
	assert_string_equal(plan_tag_name((enum plan_tag)PLAN_TAG_COUNT), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(default_image),  cmocka_unit_test(payload_image),
		cmocka_unit_test(size_borders),   cmocka_unit_test(bad_shims),
		cmocka_unit_test(broken_entries), cmocka_unit_test(missing_entries),
		cmocka_unit_test(names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
