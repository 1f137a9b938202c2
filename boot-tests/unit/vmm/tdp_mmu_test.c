// Tests of the TDP MMU: what its hooks are told, in which order, and that a change is whole or
// none.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Hooks and flushes become lines of text; frames are real memory, as host addresses are identity
// mapped.
#include "boot-tests/vmm/mmu/tdp_mmu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "boot-tests/machine/memory.h"
#include "boot-tests/unit/machine/failing_exit.h"
#include "boot-tests/vmm/init/frames.h"
#include "boot-tests/vmm/mmu/tdp_entry.h"

#define PAGE UINT64_C(0x1000)
#define BLOCK UINT64_C(0x200000)
#define POOL_SIZE (16 * MIB)
#define TABLES 32
#define FRAME UINT64_C(0x123456000000)
#define DEVICES (64 * MIB) /* RAM ends here */

static struct tdp_mmu tdp;
static struct tdp_page tables[TABLES];
static struct tdp_batch batch;
static uint8_t *pool;
static uint64_t caller; /* what calls give to hooks */

/* One hook call of those to come does otherwise. */
static struct {
	char log[8192];
	unsigned calls;
	unsigned at; /* which, from 1; 0: none */
	enum tdp_answer answer;
	void (*instead)(const struct tdp_change *change);
} hooks;

static void note(const char *format, ...)
{
	size_t used = strlen(hooks.log);
	va_list args;
	va_start(args, format);
	vsnprintf(hooks.log + used, sizeof(hooks.log) - used, format, args);
	va_end(args);
}

static void expect_log(const char *expected)
{
	assert_string_equal(hooks.log, expected);
	hooks.log[0] = 0;
}

static uint64_t entry(const struct tdp_half *half, uint64_t address)
{
	enum pg_level level;
	return tdp_look(half, gpa(address), &level);
}

/* 001-R51: the hook is told which entry, what it was and what it becomes. */
static enum tdp_answer hook(const char *name, void *owner, const struct tdp_change *change,
			    void *call)
{
	assert_ptr_equal(owner, &tdp);
	assert_ptr_equal(call, &caller);
	assert_true(is_aligned(change->address.v, pg_size(change->level)));
	note("%s %llx\n", name, (unsigned long long)change->address.v | (unsigned)change->level);
	hooks.calls++;
	if (hooks.calls != hooks.at) {
		return TDP_OK;
	}
	if (hooks.instead != NULL) {
		hooks.instead(change);
	}
	return hooks.answer;
}

static enum tdp_answer link_table(void *owner, const struct tdp_change *change, void *call)
{
	assert_true(tdp_is_link(change->after, change->level));
	assert_int_equal(change->before, TDP_ABSENT);
	assert_int_not_equal(change->external.v, 0);
	assert_int_not_equal(change->external.v, tdp_frame(change->after).v);
	return hook("LINK", owner, change, call);
}

static enum tdp_answer set_leaf(void *owner, const struct tdp_change *change, void *call)
{
	assert_true(tdp_is_leaf(change->after, change->level));
	assert_false(tdp_present(change->before)); /* 001-R84 */
	return hook("SET", owner, change, call);
}

static enum tdp_answer block_leaf(void *owner, const struct tdp_change *change, void *call)
{
	assert_true(tdp_is_leaf(change->before, change->level));
	return hook("BLOCK", owner, change, call);
}

static enum tdp_answer remove_leaf(void *owner, const struct tdp_change *change, void *call)
{
	assert_true(tdp_is_leaf(change->before, change->level));
	assert_int_equal(change->after, TDP_ABSENT);
	return hook("REMOVE", owner, change, call);
}

static enum tdp_answer split_leaf(void *owner, const struct tdp_change *change, void *call)
{
	assert_true(tdp_is_leaf(change->before, change->level));
	assert_true(tdp_is_link(change->after, change->level));
	assert_int_not_equal(change->external.v, 0);
	return hook("SPLIT", owner, change, call);
}

static enum tdp_answer free_table(void *owner, const struct tdp_change *change, void *call)
{
	assert_int_not_equal(change->external.v, 0);
	return hook("FREE", owner, change, call);
}

static enum tdp_answer flush(void *owner, void *call)
{
	return hook("flush", owner, &(struct tdp_change){ .level = PG_4K }, call);
}

static const struct tdp_hooks recorder = { link_table,  set_leaf,   block_leaf,
					   remove_leaf, split_leaf, free_table };

static bool is_mmio(void *owner, gpa_t address, uint64_t size)
{
	assert_ptr_equal(owner, &tdp);
	(void)size;
	return address.v >= DEVICES;
}

static int set_up(void **state)
{
	(void)state;
	if (pool == NULL) {
		pool = aligned_alloc(BLOCK, POOL_SIZE);
	}
	assert_non_null(pool);
	frames_init(ptr_hpa(pool), hpa(ptr_hpa(pool).v + POOL_SIZE));
	memset(&hooks, 0, sizeof(hooks));
	memset(&tdp, 0, sizeof(tdp));
	tdp.mirror = (struct tdp_half){ .owner = &tdp, .hooks = &recorder, .flush = flush };
	tdp.shared = (struct tdp_half){ .owner = &tdp, .is_mmio = is_mmio, .flush = flush };
	batch.limit = 1;
	batch.count = 0;
	tdp_init(&tdp, PG_512G, tables, TABLES);
	return 0;
}

static enum tdp_answer map(struct tdp_half *half, uint64_t address, enum pg_level level)
{
	return tdp_map(&tdp, half, gpa(address), level, hpa(FRAME + address), &caller);
}

static enum tdp_answer zap(const struct tdp_half *half, uint64_t start, uint64_t end,
			   unsigned count)
{
	uint64_t gone = 0;
	enum tdp_answer answer = tdp_zap(half, gpa(start), gpa(end), &batch, &gone, &caller);
	assert_int_equal(gone, count);
	assert_int_equal(batch.count, 0);
	return answer;
}

#define LEAF(address, level) tdp_leaf(hpa(FRAME + (address)), level)

/* 001-R27, 001-R28, 001-R50 */
static void tables_are_linked_from_the_root_once(void **state)
{
	(void)state;
	assert_int_equal(map(&tdp.mirror, 0x1000, PG_4K), TDP_OK);
	expect_log("LINK 3\nLINK 2\nLINK 1\nSET 1000\n");
	assert_int_equal(map(&tdp.mirror, 0x2000, PG_4K), TDP_OK);
	expect_log("SET 2000\n");
	assert_int_equal(map(&tdp.mirror, BLOCK, PG_4K), TDP_OK);
	expect_log("LINK 200001\nSET 200000\n");
	assert_int_equal(map(&tdp.mirror, UINT64_C(1) << 32, PG_2M), TDP_OK);
	expect_log("LINK 100000002\nSET 100000001\n");
	assert_int_equal(map(&tdp.mirror, UINT64_C(1) << 40, PG_4K), TDP_OK);
	expect_log("LINK 10000000003\nLINK 10000000002\nLINK 10000000001\nSET 10000000000\n");
	assert_int_equal(entry(&tdp.mirror, 0x1000), LEAF(0x1000, PG_4K));
	assert_int_equal(entry(&tdp.mirror, 0x3000), TDP_ABSENT);
	assert_int_equal(entry(&tdp.mirror, UINT64_C(1) << 32), LEAF(UINT64_C(1) << 32, PG_2M));
}

static void what_is_there_stays(void **state)
{
	(void)state;
	assert_int_equal(map(&tdp.mirror, BLOCK, PG_2M), TDP_OK);
	assert_int_equal(map(&tdp.mirror, 2 * BLOCK + PAGE, PG_4K), TDP_OK);
	uint64_t taken = frames_taken();
	hooks.log[0] = 0;
	assert_int_equal(map(&tdp.mirror, BLOCK, PG_2M), TDP_PRESENT);
	assert_int_equal(map(&tdp.mirror, BLOCK + 5 * PAGE, PG_4K), TDP_PRESENT);
	assert_int_equal(map(&tdp.mirror, 2 * BLOCK + PAGE, PG_2M), TDP_PRESENT);
	expect_log("");
	assert_int_equal(frames_taken(), taken);
	/* There is a table: small pages only. */
	assert_int_equal(map(&tdp.mirror, 2 * BLOCK + 2 * PAGE, PG_2M), TDP_OK);
	expect_log("SET 402000\n");
	assert_int_equal(entry(&tdp.mirror, 2 * BLOCK + 2 * PAGE),
			 LEAF(2 * BLOCK + 2 * PAGE, PG_4K));
}

/* 001-R45, 001-R46, 001-R48, 001-R52: the same functions, entries of the same values, no hook. */
static void a_half_without_hooks_runs_the_same_code(void **state)
{
	(void)state;
	static const uint64_t addresses[] = { 0, PAGE, 3 * BLOCK, 5 * BLOCK + PAGE, 9 * BLOCK };
	for (unsigned i = 0; i < ARRAY_COUNT(addresses); i++) {
		enum pg_level level = i % 2 == 0 ? PG_2M : PG_4K;
		uint64_t at = addresses[i];
		assert_int_equal(map(&tdp.shared, at, level), map(&tdp.mirror, at, level));
	}
	assert_int_equal(zap(&tdp.shared, PAGE, 4 * BLOCK, 2), TDP_OK);
	assert_int_equal(zap(&tdp.mirror, PAGE, 4 * BLOCK, 2), TDP_OK);
	for (uint64_t at = 0; at < 10 * BLOCK; at += PAGE) {
		assert_int_equal(entry(&tdp.shared, at), entry(&tdp.mirror, at));
	}
	assert_int_equal(tdp.shared.page_count, tdp.mirror.page_count);
	set_up(NULL);
	assert_int_equal(map(&tdp.shared, 0, PG_4K), TDP_OK);
	expect_log("");
	assert_int_equal(zap(&tdp.shared, 0, PAGE, 1), TDP_OK);
	expect_log("flush 0\n");
}

static void devices_are_found_on_the_way(void **state)
{
	(void)state;
	assert_int_equal(entry(&tdp.shared, DEVICES), TDP_ABSENT);  /* of the root */
	assert_int_equal(map(&tdp.shared, DEVICES, PG_4K), TDP_OK); /* tables, no leaf */
	assert_int_equal(entry(&tdp.shared, DEVICES), TDP_MMIO);
	assert_int_equal(entry(&tdp.shared, DEVICES - PAGE), TDP_ABSENT);
	uint64_t taken = frames_taken();
	assert_int_equal(map(&tdp.shared, DEVICES, PG_4K), TDP_PRESENT);
	assert_int_equal(map(&tdp.shared, UINT64_C(1) << 40, PG_4K), TDP_PRESENT);
	assert_int_equal(frames_taken(), taken);
	/* What is taken away becomes absent again, and a device stays one. */
	assert_int_equal(map(&tdp.shared, DEVICES - PAGE, PG_4K), TDP_OK);
	assert_int_equal(zap(&tdp.shared, 0, 2 * DEVICES, 1), TDP_OK);
	assert_int_equal(entry(&tdp.shared, DEVICES), TDP_MMIO);
	assert_int_equal(entry(&tdp.shared, DEVICES - PAGE), TDP_ABSENT);
}

/* 001-R81 */
static void the_frozen_value_is_like_no_other(void **state)
{
	(void)state;
	assert_int_equal(TDP_FROZEN & (PTE_P | PTE_W | PTE_U), 0);
	assert_int_not_equal(TDP_FROZEN, TDP_ABSENT);
	assert_int_not_equal(TDP_FROZEN, TDP_MMIO);
	/* The CPU, which may walk it, leaves the TD and raises no #VE. */
	assert_int_not_equal(TDP_FROZEN & NPT_SUPPRESS_VE, 0);
}

/* ---- while a hook runs ----------------------------------------------------------------------- */

static unsigned others;

/* Another vCPU faults on the same page, and a third one zaps it. */
static void another_comes(const struct tdp_change *change)
{
	unsigned at = hooks.at;
	uint64_t taken = frames_taken();
	uint64_t gone = 0;
	static struct tdp_batch its_batch;
	its_batch.limit = TDP_BATCH_MAX;
	hooks.at = 0;
	assert_int_equal(entry(&tdp.mirror, change->address.v), TDP_FROZEN);
	assert_int_equal(map(&tdp.mirror, change->address.v, PG_4K), TDP_RETRY);
	assert_int_equal(tdp_split(&tdp, &tdp.mirror, change->address, &caller), TDP_RETRY);
	assert_int_equal(tdp_zap(&tdp.mirror, change->address, gpa(change->address.v + 1),
				 &its_batch, &gone, &caller),
			 TDP_RETRY);
	assert_int_equal(gone, 0);
	assert_int_equal(frames_taken(), taken);
	hooks.at = at;
	others++;
}

/* 001-R14, 001-R82, 001-R83, 001-R87, 001-R88: frozen at each hook, and all others start again. */
static void others_start_again_while_a_hook_runs(void **state)
{
	(void)state;
	for (unsigned at = 1; at <= 7; at++) {
		set_up(NULL);
		others = 0;
		hooks.at = at;
		hooks.instead = another_comes;
		assert_int_equal(map(&tdp.mirror, 0, PG_4K), TDP_OK);
		/* BLOCK, flush and REMOVE are calls 5 to 7; the flush is no entry's. */
		hooks.at = at == 6 ? 0 : at;
		assert_int_equal(zap(&tdp.mirror, 0, PAGE, 1), TDP_OK);
		expect_log("LINK 3\nLINK 2\nLINK 1\nSET 0\nBLOCK 0\nflush 0\nREMOVE 0\n");
		assert_int_equal(others, at == 6 ? 0 : 1);
		assert_int_equal(entry(&tdp.mirror, 0), TDP_ABSENT);
	}
}

static void it_is_split_meanwhile(const struct tdp_change *change)
{
	assert_int_equal(entry(&tdp.mirror, change->address.v + PAGE), TDP_FROZEN);
	assert_int_equal(map(&tdp.mirror, change->address.v + PAGE, PG_4K), TDP_RETRY);
	others++;
}

static void a_split_keeps_the_frames(void **state)
{
	(void)state;
	assert_int_equal(tdp_split(&tdp, &tdp.mirror, gpa(BLOCK), &caller), TDP_PRESENT);
	assert_int_equal(map(&tdp.mirror, BLOCK, PG_2M), TDP_OK);
	uint64_t taken = frames_taken();
	hooks.log[0] = 0;
	others = 0;
	hooks.at = hooks.calls + 1;
	hooks.instead = it_is_split_meanwhile;
	assert_int_equal(tdp_split(&tdp, &tdp.mirror, gpa(BLOCK + 7 * PAGE), &caller), TDP_OK);
	assert_int_equal(others, 1);
	expect_log("SPLIT 200001\n");
	assert_int_equal(frames_taken(), taken + 2 * PAGE);
	for (uint64_t at = BLOCK; at < 2 * BLOCK; at += PAGE) {
		assert_int_equal(entry(&tdp.mirror, at), LEAF(at, PG_4K));
	}
	assert_int_equal(tdp_split(&tdp, &tdp.mirror, gpa(BLOCK), &caller), TDP_PRESENT);
}

/* 001-R88, 001-R83: what fails leaves all as it was, and no unused table. */
static void a_hook_that_fails_leaves_the_entry_as_it_was(void **state)
{
	(void)state;
	static const enum tdp_answer answers[] = { TDP_RETRY, TDP_FAILED };
	for (unsigned i = 0; i < 8; i++) {
		enum tdp_answer answer = answers[i % 2];
		set_up(NULL);
		/* LINK, LINK, LINK, SET */
		hooks.at = i / 2 + 1;
		hooks.answer = answer;
		assert_int_equal(map(&tdp.mirror, 0, PG_4K), answer);
		assert_int_equal(entry(&tdp.mirror, 0), TDP_ABSENT);
		assert_int_equal(tdp.mirror.page_count, 1 + i / 2);
		/* Two frames of a root, three of a table, two of the last one. */
		assert_int_equal(frames_taken(), 2 * 2 * PAGE + (i / 2 * 3 - (i / 2 == 3)) * PAGE);
		assert_int_equal(map(&tdp.mirror, 0, PG_4K), TDP_OK);
	}
	for (unsigned i = 0; i < 6; i++) {
		enum tdp_answer answer = answers[i % 2];
		set_up(NULL);
		assert_int_equal(map(&tdp.mirror, 0, PG_4K), TDP_OK);
		/* BLOCK, flush, REMOVE */
		hooks.at = hooks.calls + i / 2 + 1;
		hooks.answer = answer;
		assert_int_equal(zap(&tdp.mirror, 0, PAGE, 0), answer);
		assert_int_equal(entry(&tdp.mirror, 0), LEAF(0, PG_4K));
		assert_int_equal(zap(&tdp.mirror, 0, PAGE, 1), TDP_OK);
	}
	for (unsigned i = 0; i < 2; i++) {
		set_up(NULL);
		assert_int_equal(map(&tdp.mirror, 0, PG_2M), TDP_OK);
		uint64_t taken = frames_taken();
		hooks.at = hooks.calls + 1;
		hooks.answer = answers[i];
		assert_int_equal(tdp_split(&tdp, &tdp.mirror, gpa(0), &caller), answers[i]);
		assert_int_equal(entry(&tdp.mirror, 0), LEAF(0, PG_2M));
		assert_int_equal(frames_taken(), taken);
	}
}

/* ---- many at a time -------------------------------------------------------------------------- */

static void map_three(struct tdp_half *half)
{
	assert_int_equal(map(half, BLOCK - PAGE, PG_4K), TDP_OK);
	assert_int_equal(map(half, BLOCK, PG_2M), TDP_OK);
	assert_int_equal(map(half, 2 * BLOCK, PG_4K), TDP_OK);
	hooks.log[0] = 0;
}

/* 001-R82, 001-R87, 001-R90: as many flushes as entries. */
static void one_by_one(void **state)
{
	(void)state;
	map_three(&tdp.mirror);
	assert_int_equal(zap(&tdp.mirror, 0, 4 * BLOCK, 3), TDP_OK);
	expect_log("BLOCK 1ff000\nflush 0\nREMOVE 1ff000\n"
		   "BLOCK 200001\nflush 0\nREMOVE 200001\n"
		   "BLOCK 400000\nflush 0\nREMOVE 400000\n");
}

/* 001-R85, 001-R94: one flush for all. */
static void batched(void **state)
{
	(void)state;
	batch.limit = TDP_BATCH_MAX;
	map_three(&tdp.mirror);
	assert_int_equal(zap(&tdp.mirror, 0, 4 * BLOCK, 3), TDP_OK);
	expect_log("BLOCK 1ff000\nBLOCK 200001\nBLOCK 400000\nflush 0\n"
		   "REMOVE 1ff000\nREMOVE 200001\nREMOVE 400000\n");
	map_three(&tdp.shared);
	assert_int_equal(zap(&tdp.shared, 0, 4 * BLOCK, 3), TDP_OK);
	expect_log("flush 0\n");
	assert_int_equal(zap(&tdp.mirror, 0, 4 * BLOCK, 0), TDP_OK); /* nothing, no flush */
	expect_log("");
	/* More than a batch: a flush for each. */
	batch.limit = 2;
	map_three(&tdp.shared);
	assert_int_equal(zap(&tdp.shared, 0, 4 * BLOCK, 3), TDP_OK);
	expect_log("flush 0\nflush 0\n");
}

static void borders_of_a_zap(void **state)
{
	(void)state;
	batch.limit = TDP_BATCH_MAX;
	for (uint64_t at = BLOCK - 2 * PAGE; at < BLOCK + 2 * PAGE; at += PAGE) {
		assert_int_equal(map(&tdp.shared, at, PG_4K), TDP_OK);
	}
	assert_int_equal(zap(&tdp.shared, BLOCK - PAGE, BLOCK + PAGE, 2), TDP_OK);
	assert_int_equal(entry(&tdp.shared, BLOCK - 2 * PAGE), LEAF(BLOCK - 2 * PAGE, PG_4K));
	assert_int_equal(entry(&tdp.shared, BLOCK - PAGE), TDP_ABSENT);
	assert_int_equal(entry(&tdp.shared, BLOCK), TDP_ABSENT);
	assert_int_equal(entry(&tdp.shared, BLOCK + PAGE), LEAF(BLOCK + PAGE, PG_4K));
}

/* What cannot be removed comes back, what was removed before stays away. */
static void a_batch_that_fails_half_way(void **state)
{
	(void)state;
	batch.limit = TDP_BATCH_MAX;
	map_three(&tdp.mirror);
	hooks.at = hooks.calls + 3 + 1 + 2; /* the second REMOVE */
	hooks.answer = TDP_FAILED;
	assert_int_equal(zap(&tdp.mirror, 0, 4 * BLOCK, 1), TDP_FAILED);
	assert_int_equal(entry(&tdp.mirror, BLOCK - PAGE), TDP_ABSENT);
	assert_int_equal(entry(&tdp.mirror, BLOCK), LEAF(BLOCK, PG_2M));
	assert_int_equal(entry(&tdp.mirror, 2 * BLOCK), LEAF(2 * BLOCK, PG_4K));
	/* The second BLOCK: the first is removed, the third not begun. */
	hooks.log[0] = 0;
	hooks.at = hooks.calls + 2;
	assert_int_equal(zap(&tdp.mirror, 0, 4 * BLOCK, 1), TDP_FAILED);
	expect_log("BLOCK 200001\nBLOCK 400000\nflush 0\nREMOVE 200001\n");
}

/* ---- page-table pages ------------------------------------------------------------------------ */

static unsigned count_list(const struct tdp_half *half, bool is_private)
{
	unsigned count = 0;
	for (const struct tdp_page *page = half->pages; page != NULL; page = page->next) {
		assert_int_equal(page->role.is_private, is_private);
		assert_true(page->parent == NULL || page->parent->role.is_private == is_private);
		assert_true(page->next == NULL || page->next->before == page);
		assert_int_equal(page->external.v != 0, is_private && page->parent != NULL);
		count++;
	}
	assert_int_equal(count, half->page_count);
	return count;
}

/* 001-R61, 001-R62, 001-R63: each on the list of its half; together they are all. */
static void each_table_is_in_one_list(void **state)
{
	(void)state;
	for (uint64_t at = 0; at < 5 * BLOCK; at += BLOCK) {
		assert_int_equal(map(&tdp.mirror, at, PG_4K), TDP_OK);
	}
	assert_int_equal(map(&tdp.shared, 0, PG_4K), TDP_OK);
	assert_int_equal(count_list(&tdp.mirror, true), 1 + 2 + 5);
	assert_int_equal(count_list(&tdp.shared, false), 1 + 3);
	assert_int_equal(tdp.pool_used, 8 + 4);
	assert_int_equal(tdp_destroy(&tdp, &caller), TDP_OK);
	assert_int_equal(frames_taken(), 0);
	assert_int_equal(count_list(&tdp.mirror, true) + count_list(&tdp.shared, false), 0);
}

static void a_destroy_that_fails_goes_on(void **state)
{
	(void)state;
	assert_int_equal(map(&tdp.mirror, 0, PG_4K), TDP_OK);
	hooks.at = hooks.calls + 2;
	hooks.answer = TDP_FAILED;
	assert_int_equal(tdp_destroy(&tdp, &caller), TDP_FAILED);
	hooks.log[0] = 0;
	assert_int_equal(tdp_destroy(&tdp, &caller), TDP_OK);
	expect_log("FREE 2\nFREE 3\n"); /* by the entries that led to them */
	assert_int_equal(frames_taken(), 0);
	assert_int_equal(tdp.lock.holders, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(tables_are_linked_from_the_root_once, set_up),
		cmocka_unit_test_setup(what_is_there_stays, set_up),
		cmocka_unit_test_setup(a_half_without_hooks_runs_the_same_code, set_up),
		cmocka_unit_test_setup(devices_are_found_on_the_way, set_up),
		cmocka_unit_test_setup(the_frozen_value_is_like_no_other, set_up),
		cmocka_unit_test_setup(others_start_again_while_a_hook_runs, set_up),
		cmocka_unit_test_setup(a_split_keeps_the_frames, set_up),
		cmocka_unit_test_setup(a_hook_that_fails_leaves_the_entry_as_it_was, set_up),
		cmocka_unit_test_setup(one_by_one, set_up),
		cmocka_unit_test_setup(batched, set_up),
		cmocka_unit_test_setup(borders_of_a_zap, set_up),
		cmocka_unit_test_setup(a_batch_that_fails_half_way, set_up),
		cmocka_unit_test_setup(each_table_is_in_one_list, set_up),
		cmocka_unit_test_setup(a_destroy_that_fails_goes_on, set_up),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(pool);
	return failed;
}
