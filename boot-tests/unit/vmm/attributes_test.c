// The attributes of guest memory: page by page, by whole blocks, and how many are shared.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/mmu/attributes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "linker/memmap.h"

#define PAGE UINT64_C(0x1000)
#define BLOCK UINT64_C(0x200000)

/* Up to 4 GiB + BLOCK. */
static struct attribute_block blocks[GUEST_BLOCKS(BLOCK)];
static struct attributes attributes = { blocks, GUEST_BLOCKS(BLOCK) };

static void set(uint64_t start, uint64_t end, enum share share)
{
	attributes_set(&attributes, gpa(start), gpa(end), share);
}

static void shared_pages_are_counted(void **state)
{
	(void)state;
	memset(blocks, 0, sizeof(blocks));
	assert_int_equal(attributes_shared_pages(&attributes), 0);
	set(BLOCK - PAGE, BLOCK + 64 * PAGE, SHARE_SHARED);
	assert_int_equal(attributes_shared_pages(&attributes), 65);
	/* What is shared already counts once. */
	set(BLOCK, 2 * BLOCK, SHARE_SHARED);
	assert_int_equal(attributes_shared_pages(&attributes), 513);
	set(FOUR_GIB, FOUR_GIB + PAGE, SHARE_SHARED);
	assert_int_equal(attributes_shared_pages(&attributes), 514);
	set(BLOCK, BLOCK + PAGE, SHARE_PRIVATE);
	assert_int_equal(attributes_shared_pages(&attributes), 513);
	set(0, 2 * BLOCK, SHARE_PRIVATE);
	set(FOUR_GIB, FOUR_GIB + BLOCK, SHARE_PRIVATE);
	assert_int_equal(attributes_shared_pages(&attributes), 0);
}

static void borders_of_a_page_and_a_block(void **state)
{
	(void)state;
	memset(blocks, 0, sizeof(blocks));
	set(BLOCK + PAGE, BLOCK + 2 * PAGE, SHARE_SHARED);
	assert_false(attribute_shared(&attributes, gpa(BLOCK)));
	assert_true(attribute_shared(&attributes, gpa(BLOCK + PAGE)));
	assert_false(attribute_shared(&attributes, gpa(BLOCK + 2 * PAGE)));
	assert_false(attribute_of_block(&attributes, gpa(BLOCK), SHARE_SHARED));
	assert_false(attribute_of_block(&attributes, gpa(BLOCK), SHARE_PRIVATE));
	assert_true(attribute_of_block(&attributes, gpa(0), SHARE_PRIVATE));
	set(BLOCK, 2 * BLOCK, SHARE_SHARED);
	assert_true(attribute_of_block(&attributes, gpa(2 * BLOCK - 1), SHARE_SHARED));
	assert_true(attribute_of_block(&attributes, gpa(2 * BLOCK), SHARE_PRIVATE));
}

/* Each end of each part of a TD's memory has a bit of its own. */
static void parts_stand_apart(void **state)
{
	(void)state;
	static const uint64_t pages[] = {
		0,        TD_LOW_MEMORY_MAX - PAGE, FOUR_GIB - IMAGE_MAX_SIZE, FOUR_GIB - PAGE,
		FOUR_GIB, FOUR_GIB + BLOCK - PAGE,
	};
	memset(blocks, 0, sizeof(blocks));
	for (unsigned i = 0; i < ARRAY_COUNT(pages); i++) {
		assert_false(attribute_shared(&attributes, gpa(pages[i])));
		set(pages[i], pages[i] + PAGE, SHARE_SHARED);
		assert_true(attribute_shared(&attributes, gpa(pages[i])));
		assert_int_equal(attributes_shared_pages(&attributes), i + 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shared_pages_are_counted),
		cmocka_unit_test(borders_of_a_page_and_a_block),
		cmocka_unit_test(parts_stand_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
