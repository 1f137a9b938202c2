// The image plan: layout, and each check with one entry broken in turn.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/image/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/lintel/image_config.h"
#include "linker/memmap.h"
#include "loader/table/ap_table.h"

#define PAGE 4096ull
/* A shim in the middle of what it may be. */
#define SHIM_SIZE 0x10000ull
#define SHIM_BASE (FOUR_GIB - SHIM_SIZE)
#define SHIM_SIZE_MAX (FOUR_GIB - SHIM_BASE_MIN)
/* Its text and constants. */
#define OWN_SIZE (AP_TABLE - SHIM_BASE)
#define ROOM (IMAGE_MAX_SIZE - SHIM_SIZE)

/* The shim's are read, of the others only address and size matter. */
static const uint8_t bytes[SHIM_SIZE_MAX];
static struct plan_space space;
static char error[160];

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
	assert_int_equal(plan_make(&plan, &parts, &space, error, sizeof(error)), ST_OK);
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
	assert_int_equal(plan.count, 6);
	check_entry(&plan, PLAN_SHIM_DATA, SHIM_RAM, TEMPMEM_END - SHIM_RAM);
	check_entry(&plan, PLAN_HOB, TD_HOB, TD_HOB_SIZE);
	check_entry(&plan, PLAN_SHIM, SHIM_BASE, OWN_SIZE);
	check_entry(&plan, PLAN_AP_TABLE, 0xFFFF7000, 0x6000);
	check_entry(&plan, PLAN_MAILBOX, 0xFFFFD000, 0x2000);
	check_entry(&plan, PLAN_RESET_PAGE, 0xFFFFF000, 0x1000);
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
		assert_int_equal(plan_make(&untouched, &parts, &space, error, sizeof(error)),
				 ST_NO_SPACE);
		assert_memory_equal(&untouched, &plan, sizeof(plan));
	}
}

static void bad_shims(void **state)
{
	(void)state;
	struct plan plan;
	struct plan_parts parts = make_parts(0, 0, 0);
	parts.shim.size = SHIM_SIZE - 1;
	assert_int_equal(plan_make(&plan, &parts, &space, error, sizeof(error)), ST_BAD_ARGUMENT);
	parts.shim.size = SHIM_SIZE_MAX;
	assert_int_equal(plan_make(&plan, &parts, &space, error, sizeof(error)), ST_OK);
	check_entry(&plan, PLAN_SHIM, SHIM_BASE_MIN, AP_TABLE - SHIM_BASE_MIN);
	parts.shim.size = SHIM_SIZE_MAX + 1;
	assert_int_equal(plan_make(&plan, &parts, &space, error, sizeof(error)), ST_NO_SPACE);
	/* One page of its own at least. */
	parts.shim.size = FOUR_GIB - AP_TABLE + PAGE;
	assert_int_equal(plan_make(&plan, &parts, &space, error, sizeof(error)), ST_OK);
	parts.shim.size = FOUR_GIB - AP_TABLE;
	assert_int_equal(plan_make(&plan, &parts, &space, error, sizeof(error)), ST_BAD_ARGUMENT);
	parts.shim = (struct plan_bytes){ NULL, 0 };
	assert_int_equal(plan_make(&plan, &parts, &space, error, sizeof(error)), ST_BAD_ARGUMENT);
}

/* The entries of make(PAGE, PAGE, 1): where plan_make() puts them. */
enum {
	AT_DATA,
	AT_HOB,
	AT_KERNEL,
	AT_INITRD,
	AT_CMDLINE,
	AT_SHIM,
	AT_AP_TABLE,
	AT_MAILBOX,
	AT_RESET_PAGE,
};

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
		  { { gpa(SHIM_BASE), OWN_SIZE - PAGE }, PLAN_IMAGE, PLAN_SHIM, bytes, PAGE },
		  ST_BAD_RANGE },
		{ AT_SHIM,
		  { { gpa(SHIM_BASE_MIN - PAGE), AP_TABLE - SHIM_BASE_MIN + PAGE },
		    PLAN_IMAGE,
		    PLAN_SHIM,
		    bytes,
		    AP_TABLE - SHIM_BASE_MIN + PAGE },
		  ST_BAD_RANGE },
		/* what has one place in each image */
		{ AT_AP_TABLE,
		  { { gpa(AP_TABLE), AP_TABLE_SIZE - PAGE },
		    PLAN_IMAGE,
		    PLAN_AP_TABLE,
		    bytes,
		    PAGE },
		  ST_BAD_RANGE },
		{ AT_MAILBOX,
		  { { gpa(MAILBOX + PAGE), PAGE }, PLAN_IMAGE, PLAN_MAILBOX, bytes, PAGE },
		  ST_BAD_RANGE },
		{ AT_RESET_PAGE,
		  { { gpa(MAILBOX), PAGE }, PLAN_IMAGE, PLAN_RESET_PAGE, bytes, PAGE },
		  ST_BAD_RANGE },
		{ AT_RESET_PAGE,
		  { { gpa(RESET_PAGE), 2 * PAGE }, PLAN_IMAGE, PLAN_RESET_PAGE, bytes, PAGE },
		  ST_BAD_RANGE },
		/* bytes */
		{ AT_KERNEL,
		  { good.entries[AT_KERNEL].range, PLAN_IMAGE, PLAN_KERNEL, bytes, PAGE + 1 },
		  ST_NO_SPACE },
		{ AT_CMDLINE,
		  { good.entries[AT_CMDLINE].range, PLAN_IMAGE, PLAN_CMDLINE, bytes, PAGE },
		  ST_NO_SPACE },
		{ AT_SHIM,
		  { good.entries[AT_SHIM].range, PLAN_IMAGE, PLAN_SHIM, bytes, OWN_SIZE - 1 },
		  ST_BAD_ARGUMENT },
		{ AT_AP_TABLE,
		  { good.entries[AT_AP_TABLE].range, PLAN_IMAGE, PLAN_AP_TABLE, bytes, PAGE },
		  ST_BAD_ARGUMENT },
		{ AT_MAILBOX,
		  { good.entries[AT_MAILBOX].range, PLAN_IMAGE, PLAN_MAILBOX, bytes, 1 },
		  ST_BAD_ARGUMENT },
		{ AT_MAILBOX,
		  { good.entries[AT_MAILBOX].range, PLAN_IMAGE, PLAN_MAILBOX, bytes,
		    MAILBOX_SIZE + 1 },
		  ST_NO_SPACE },
		{ AT_RESET_PAGE,
		  { good.entries[AT_RESET_PAGE].range, PLAN_IMAGE, PLAN_RESET_PAGE, bytes,
		    PAGE - 1 },
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
	/* TempMem and the payload are all that need not be there. */
	for (size_t missing = 0; missing < good.count; missing++) {
		plan = good;
		plan.count--;
		for (size_t i = missing; i < plan.count; i++) {
			plan.entries[i] = good.entries[i + 1];
		}
		bool always = missing == AT_HOB || missing >= AT_SHIM;
		assert_int_equal(plan_check(&plan), always ? ST_NOT_FOUND : ST_OK);
	}
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

/* A shim that is zero where it must be, and nothing but 0xEE else. */
static uint8_t *make_shim(void)
{
	uint8_t *shim = malloc(SHIM_SIZE);
	memset(shim, 0xEE, SHIM_SIZE);
	memset(shim + (MAILBOX - SHIM_BASE), 0, MAILBOX_SIZE);
	plan_clear(shim, gpa(SHIM_BASE));
	return shim;
}

static void bytes_of_the_image(void **state)
{
	(void)state;
	static const uint8_t pin[SHA384_SIZE] = { 1, 2, 3 };
	uint8_t *shim = make_shim();
	struct plan_parts parts = make_parts(PAGE, 0, 1);
	struct plan plan;
	parts.shim.bytes = shim;
	parts.flags = IMAGE_CONFIG_PIN_ACPI | IMAGE_CONFIG_ALLOW_DEBUG;
	parts.acpi_pin = pin;
	assert_int_equal(plan_make(&plan, &parts, &space, error, sizeof(error)), ST_OK);
	assert_ptr_equal(plan_find(&plan, PLAN_SHIM)->bytes, shim);
	assert_ptr_equal(plan_find(&plan, PLAN_MAILBOX)->bytes, shim + (MAILBOX - SHIM_BASE));
	assert_ptr_equal(plan_find(&plan, PLAN_AP_TABLE)->bytes, space.ap_table);
	uint64_t pages[AP_TABLE_SIZE / 8];
	assert_int_equal(ap_table_build(pages, gpa(AP_TABLE)), ST_OK);
	assert_memory_equal(space.ap_table, pages, sizeof(pages));
	/* The config, then the shim's own bytes. */
	const uint8_t *page = plan_find(&plan, PLAN_RESET_PAGE)->bytes;
	struct image_config config;
	memcpy(&config, page, sizeof(config));
	assert_int_equal(config.magic, IMAGE_CONFIG_MAGIC);
	assert_int_equal(config.flags, 10);
	assert_int_equal(config.image_size, SHIM_SIZE + 2 * PAGE);
	assert_int_equal(config.kernel.base, SHIM_BASE - 2 * PAGE);
	assert_int_equal(config.kernel.size, PAGE);
	assert_int_equal(config.initrd.base, 0);
	assert_int_equal(config.initrd.size, 0);
	assert_int_equal(config.cmdline.base, SHIM_BASE - PAGE);
	assert_int_equal(config.cmdline.size, 1);
	assert_memory_equal(config.acpi_pin, pin, sizeof(pin));
	assert_memory_equal(page + sizeof(config), shim + (RESET_PAGE - SHIM_BASE) + sizeof(config),
			    PAGE - sizeof(config));
	free(shim);
}

/* Their parts are the host's. */
static void pins(void **state)
{
	static const uint8_t digests[IMAGE_PINS][SHA384_SIZE] = { { 1 }, { 2 }, { 3 } };
	struct plan_parts parts = make_parts(0, 0, 0);
	struct plan plan;
	struct image_config config;
	(void)state;
	parts.flags = IMAGE_CONFIG_PIN_PAYLOAD;
	parts.payload_pins = digests;
	assert_int_equal(plan_make(&plan, &parts, &space, error, sizeof(error)), ST_OK);
	memcpy(&config, plan_find(&plan, PLAN_RESET_PAGE)->bytes, sizeof(config));
	assert_int_equal(config.flags, 64);
	assert_memory_equal(config.payload_pins, digests, sizeof(digests));
	for (unsigned i = 0; i < 3; i++) {
		parts = make_parts(i == 0, i == 1, i == 2);
		parts.flags = IMAGE_CONFIG_PIN_PAYLOAD;
		parts.payload_pins = digests;
		assert_int_equal(plan_make(&plan, &parts, &space, error, sizeof(error)),
				 ST_BAD_ARGUMENT);
		assert_non_null(strstr(error, "image config: flags 0x40: what is pinned"));
	}
}

static void dirty_shims(void **state)
{
	(void)state;
	static const struct {
		uint64_t first, last;
		const char *name;
	} areas[] = {
		{ 0xFFFF7000, 0xFFFFCFFF, "AP table" },
		{ 0xFFFFD000, 0xFFFFEFFF, "wake-up mailbox" },
		{ 0xFFFFF000, 0xFFFFF06F, "image config" },
	};
	uint8_t *shim = make_shim();
	struct plan_parts parts = make_parts(0, 0, 0);
	parts.shim.bytes = shim;
	for (size_t i = 0; i < ARRAY_COUNT(areas); i++) {
		const uint64_t ends[] = { areas[i].first, areas[i].last };
		for (size_t j = 0; j < ARRAY_COUNT(ends); j++) {
			struct plan plan = { .count = 7 };
			char text[80];
			shim[ends[j] - SHIM_BASE] = 0x12;
			snprintf(text, sizeof(text), "shim: byte 0x12 at 0x%lx, where the %s goes",
				 ends[j], areas[i].name);
			assert_int_equal(plan_make(&plan, &parts, &space, error, sizeof(error)),
					 ST_BAD_FORMAT);
			assert_string_equal(error, text);
			assert_int_equal(plan.count, 7);
			shim[ends[j] - SHIM_BASE] = 0;
		}
	}
	parts.flags = 0x80;
	struct plan plan = { .count = 7 };
	assert_int_equal(plan_make(&plan, &parts, &space, error, sizeof(error)), ST_BAD_ARGUMENT);
	assert_string_equal(error, "image config: flags 0x80: unknown flag");
	assert_int_equal(plan.count, 7);
	free(shim);
}

/* Content first; each entry becomes a section. */
static void launch_image(void **state)
{
	(void)state;
	static const char *const tags[] = { "kernel",     "initrd",    "command line",
					    "shim",       "AP table",  "wake-up mailbox",
					    "reset page", "shim data", "TD HOB" };
	struct plan plan = make(PAGE + 1, PAGE, 1);
	struct launch_image launch;
	plan_launch(&plan, &launch);
	assert_int_equal(launch.count, ARRAY_COUNT(tags));
	assert_null(launch.file);
	uint64_t end = plan_image_base(&plan).v;
	for (unsigned i = 0; i < launch.count; i++) {
		const struct launch_section *s = &launch.sections[i];
		assert_string_equal(s->tag, tags[i]);
		assert_int_equal(s->measured, i < 7);
		assert_int_equal(s->bytes != NULL, i < 7);
		assert_int_equal(s->kind, i < 7  ? LAUNCH_BFV :
					  i == 7 ? LAUNCH_TEMP_MEM :
						   LAUNCH_TD_HOB);
		if (i < 7) {
			assert_int_equal(s->base, end);
			end += s->size;
		}
	}
	assert_int_equal(end, FOUR_GIB);
	assert_int_equal(launch.sections[0].size, 2 * PAGE);
	assert_int_equal(launch.sections[0].bytes_size, PAGE + 1);
	assert_int_equal(launch.sections[7].base, SHIM_RAM);
	assert_int_equal(launch.sections[8].size, TD_HOB_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(default_image),  cmocka_unit_test(payload_image),
		cmocka_unit_test(size_borders),   cmocka_unit_test(bad_shims),
		cmocka_unit_test(broken_entries), cmocka_unit_test(missing_entries),
		cmocka_unit_test(names),          cmocka_unit_test(bytes_of_the_image),
		cmocka_unit_test(pins),           cmocka_unit_test(dirty_shims),
		cmocka_unit_test(launch_image),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
