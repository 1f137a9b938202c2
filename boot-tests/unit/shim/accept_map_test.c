// Acceptance of a map by several vCPUs against a model of the module: every page once, no call too
// many, whoever comes, goes, is held or fails; by scripted turns, and with threads.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/tdx/accept_map.h"

#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "arch/tdx/module.h"
#include "boot-tests/unit/assert_within.h"
#include "boot-tests/unit/shim/refusals.h"
#include "shim/fatal.h"
#include "shim/log.h"

#define KIB4 UINT64_C(0x1000)
#define MIB2 UINT64_C(0x200000)
#define GIB UINT64_C(0x40000000)
#define UNITS 24

/* Which units of 2 MiB a host backs with one page; all others it has in pages of 4 KiB. */
typedef bool host_policy(uint64_t unit);

static bool all_large(uint64_t unit)
{
	(void)unit;
	return true;
}

static bool none_large(uint64_t unit)
{
	(void)unit;
	return false;
}

static bool large_from_7_on(uint64_t unit)
{
	return unit >= 7;
}

static bool large_below_7(uint64_t unit)
{
	return unit < 7;
}

static bool every_third_small(uint64_t unit)
{
	return unit % 3 != 0;
}

/* ---- the module ------------------------------------------------------------------------------ */

static struct {
	host_policy *large;
	const struct memory_map *map;   /* before anything of it was accepted */
	uint32_t accepted[UNITS * 512]; /* how often, by pages of 4 KiB */
	uint64_t calls, mismatches;
	/* At the call with this number, from 1 on, once. */
	uint64_t turn_at;
	void (*turn)(void);
	/* RAX where a call is for this page. */
	uint64_t bad_page, bad_status;
} model;

static struct accept_map work;

/* Threads that are not cmocka's must not use its asserts. */
static void must(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "model: %s\n", what);
		abort();
	}
}

static bool is_unaccepted(uint64_t page)
{
	return memory_map_covers(model.map, page * KIB4, KIB4, MEMORY_UNACCEPTED);
}

uint64_t tdcall(struct tdcall_regs *regs)
{
	must(regs->rax == TDG_MEM_PAGE_ACCEPT, "leaf");
	bool large = field_get(TDX_GPA_LEVEL, regs->rcx) == PG_2M;
	uint64_t page = (regs->rcx & MASK64(51, 12)) / KIB4;
	if (__atomic_add_fetch(&model.calls, 1, __ATOMIC_RELAXED) == model.turn_at) {
		model.turn();
	}
	if (model.bad_status != 0 && page == model.bad_page) {
		return model.bad_status;
	}
	if (large && !model.large(page / 512)) {
		__atomic_add_fetch(&model.mismatches, 1, __ATOMIC_RELAXED);
		return TDX_PAGE_SIZE_MISMATCH | 1;
	}
	for (uint64_t end = page + (large ? 512 : 1); page < end && page < UNITS * 512; page++) {
		must(is_unaccepted(page), "an accept of what is not unaccepted");
		__atomic_add_fetch(&model.accepted[page], 1, __ATOMIC_RELAXED);
	}
	return TDX_SUCCESS;
}

/* ---- what else the code calls ---------------------------------------------------------------- */

static unsigned lines, looks;
static uint64_t last_done, last_total;

void log_line(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	assert_string_equal(format, "accepted %lu MiB of %lu");
	last_done = va_arg(args, uint64_t);
	last_total = va_arg(args, uint64_t);
	va_end(args);
	lines++;
}

static sem_t *freed_by_a_look;

/* Each look for what APs have left. */
void fatal_of_aps(void)
{
	looks++;
	if (freed_by_a_look != NULL) {
		sem_post(freed_by_a_look);
		freed_by_a_look = NULL;
	}
}

/* ---- a round --------------------------------------------------------------------------------- */

/* Where no vCPU is held: nobody may wait. */
#define PATIENCE 0
/* For threads, which need their turn: some 10 s. */
#define LONG UINT64_C(40000000000)

static void begin(host_policy *large, const struct memory_map *map)
{
	memset(&model, 0, sizeof(model));
	memset(&work, 0, sizeof(work));
	model.large = large;
	model.map = map;
	lines = looks = 0;
}

static void add(struct memory_map *map, uint64_t base, uint64_t size, enum memory_kind kind)
{
	assert_int_equal(memory_map_add(map, base, size, kind), ST_OK);
}

static void assert_each_page_once(const struct memory_map *done)
{
	for (uint64_t page = 0; page < UNITS * 512; page++) {
		if (model.accepted[page] != is_unaccepted(page)) {
			fail_msg("page 0x%lx: %u times", page, model.accepted[page]);
		}
	}
	for (unsigned i = 0; i < done->count; i++) {
		assert_int_not_equal(done->entries[i].kind, MEMORY_UNACCEPTED);
	}
	struct accept sum = accept_map_sum(&work);
	assert_int_equal(sum.mismatches, model.mismatches);
	assert_int_equal(sum.large + sum.small + sum.mismatches, model.calls);
}

/*
 * What the calls for a range must be, worked out from its ends: one for each unit of 2 MiB that the
 * host has in one piece, up to the first that it has not; that is asked for once, and it and what
 * follows is pages of 4 KiB, as are both ends of the range.
 */
static uint64_t calls_of(host_policy *large, uint64_t base, uint64_t end)
{
	uint64_t first = (base + MIB2 - 1) / MIB2;
	uint64_t last = end / MIB2;
	if (first >= last) {
		return (end - base) / KIB4;
	}
	uint64_t split = first;
	while (split < last && large(split)) {
		split++;
	}
	uint64_t pages = (end - base) / KIB4 - 512 * (split - first);
	return pages + (split - first) + (split < last ? 1 : 0);
}

static uint64_t calls_of_map(host_policy *large, const struct memory_map *map)
{
	uint64_t calls = 0;
	for (unsigned i = 0; i < map->count; i++) {
		struct gpa_range at = map->entries[i].range;
		if (map->entries[i].kind == MEMORY_UNACCEPTED) {
			calls += calls_of(large, at.base.v, gpa_range_end(at));
		}
	}
	return calls;
}

static void help_1(void)
{
	accept_map_help(&work, 1);
}

static void help_1_and_15(void)
{
	accept_map_help(&work, 1);
	accept_map_help(&work, AP_WORKERS);
}

/* The boot processor alone, or with an AP that does all the rest while it stands in its call. */
static uint64_t check_calls(host_policy *large, const struct memory_map *map, uint64_t turn_at)
{
	struct memory_map done = *map;
	uint64_t calls = calls_of_map(large, map);
	begin(large, map);
	model.turn_at = turn_at;
	model.turn = help_1;
	accept_map_start(&work, &done);
	assert_int_equal(accept_map_finish(&work, PATIENCE), ST_OK);
	assert_each_page_once(&done);
	assert_int_equal(model.turn_at == 0 ? model.calls : calls, calls);
	return model.calls;
}

static uint32_t random_number;

static uint32_t next_random(void)
{
	random_number = random_number * 1664525 + 1013904223;
	return random_number >> 8;
}

/* Up to 8 ranges and holes, of odd pages. */
static struct memory_map random_map(void)
{
	static const enum memory_kind kinds[] = { MEMORY_UNACCEPTED, MEMORY_ACCEPTED,
						  MEMORY_UNACCEPTED, MEMORY_RESERVED };
	struct memory_map map = { 0 };
	uint64_t page = 0;
	for (unsigned i = 0; i < 8; i++) {
		uint64_t size = 1 + next_random() % 1300;
		/* Ends on units are as likely as others. */
		if (next_random() % 2 != 0) {
			size = 512 * (1 + size % 3) - page % 512;
		}
		add(&map, page * KIB4, size * KIB4, kinds[next_random() % 4]);
		page += size + next_random() % 2;
	}
	assert_true(page <= UNITS * 512);
	return map;
}

static host_policy *const policies[] = { all_large, none_large, large_from_7_on, large_below_7,
					 every_third_small };

static void no_call_too_many(void **state)
{
	(void)state;
	random_number = 1;
	for (unsigned round = 0; round < 200; round++) {
		struct memory_map map = random_map();
		for (unsigned i = 0; i < ARRAY_COUNT(policies); i++) {
			check_calls(policies[i], &map, 0);
		}
	}
}

/* Wherever the boot processor stands: an AP takes what it has not, and a call more is a mismatch,
 * one a range and vCPU at most. Where all pages are large there is none. */
static void no_call_too_many_by_two(void **state)
{
	(void)state;
	random_number = 2;
	for (unsigned round = 0; round < 20; round++) {
		struct memory_map map = random_map();
		for (unsigned i = 0; i < ARRAY_COUNT(policies); i++) {
			uint64_t alone = calls_of_map(policies[i], &map);
			uint64_t calls =
				check_calls(policies[i], &map, 1 + next_random() % (alone + 1));
			if (i < 2) {
				assert_within(calls, alone, alone + i * map.count);
			}
		}
	}
}

/* As KVM: one call for each page, and one for each range that has a whole unit. */
static void a_host_of_small_pages(void **state)
{
	(void)state;
	struct memory_map map = { 0 };
	add(&map, 0, MIB2 - KIB4, MEMORY_UNACCEPTED);
	add(&map, MIB2, 20 * MIB2, MEMORY_UNACCEPTED);
	assert_int_equal(check_calls(none_large, &map, 0), 511 + 1 + 20 * 512);
	assert_int_equal(check_calls(all_large, &map, 0), 511 + 20);
	/* Held in its second unit: what it has learnt in the first is known to the other. */
	assert_int_equal(check_calls(none_large, &map, 511 + 1 + 512 + 7), 511 + 1 + 20 * 512);
	/* Held in the first: the other one asks once, too. */
	assert_int_equal(check_calls(none_large, &map, 511 + 1), 511 + 2 + 20 * 512);
}

static void only_unaccepted_ranges_are_touched(void **state)
{
	(void)state;
	struct memory_map map = { 0 };
	add(&map, 0, MIB2, MEMORY_UNACCEPTED);
	add(&map, MIB2, MIB2, MEMORY_ACCEPTED);
	add(&map, 2 * MIB2, MIB2, MEMORY_RESERVED);
	add(&map, 4 * MIB2, MIB2, MEMORY_UNACCEPTED);
	add(&map, 5 * MIB2, MIB2, MEMORY_LEFT);
	struct memory_map done = map;
	begin(all_large, &map);
	accept_map_start(&work, &done);
	assert_int_equal(accept_map_finish(&work, PATIENCE), ST_OK);
	assert_int_equal(model.calls, 2);
	assert_each_page_once(&done);
	assert_int_equal(done.entries[0].kind, MEMORY_ACCEPTED);
	assert_int_equal(done.entries[2].kind, MEMORY_RESERVED);
	assert_int_equal(done.entries[3].kind, MEMORY_ACCEPTED);
	assert_int_equal(done.entries[4].kind, MEMORY_LEFT);
}

/* ---- who comes when -------------------------------------------------------------------------- */

static struct memory_map ten_units(void)
{
	struct memory_map map = { 0 };
	add(&map, MIB2, 10 * MIB2, MEMORY_UNACCEPTED);
	return map;
}

/* Before the work is open, and when it is closed: nothing is taken. */
static void an_ap_too_early_or_too_late(void **state)
{
	(void)state;
	struct memory_map map = ten_units(), done = map;
	begin(all_large, &map);
	accept_map_help(&work, 1);
	assert_int_equal(model.calls, 0);
	accept_map_start(&work, &done);
	assert_int_equal(accept_map_finish(&work, PATIENCE), ST_OK);
	assert_int_equal(model.calls, 10);
	/* The map is changed for a round to come. */
	add(&done, 14 * MIB2, MIB2, MEMORY_UNACCEPTED);
	accept_map_help(&work, 1);
	assert_int_equal(model.calls, 10);
	assert_false(work.shares[1].inside);
}

/* One that is held in its part costs that part; the others do the rest. */
static void each_takes_while_others_stand(void **state)
{
	(void)state;
	struct memory_map map = ten_units(), done = map;
	begin(all_large, &map);
	accept_map_start(&work, &done);
	model.turn_at = 3;
	model.turn = help_1_and_15;
	accept_map_help(&work, 2);
	assert_int_equal(work.shares[2].accept.large, 3);
	assert_int_equal(work.shares[1].accept.large, 7);
	assert_int_equal(work.shares[AP_WORKERS].accept.large, 0);
	assert_int_equal(accept_map_finish(&work, PATIENCE), ST_OK);
	assert_each_page_once(&done);
	assert_int_equal(work.shares[0].accept.large, 0);
}

/* Of pages of 4 KiB a part has 32 at most, up to a border of 128 KiB: none has much more to do. */
static void small_parts(void **state)
{
	(void)state;
	struct memory_map map = { 0 };
	add(&map, 5 * KIB4, 3 * MIB2, MEMORY_UNACCEPTED);
	struct memory_map done = map;
	begin(none_large, &map);
	accept_map_start(&work, &done);
	/* Who stands in the first part, and later in one of a unit that is known to be split. */
	model.turn_at = 1;
	model.turn = help_1;
	accept_map_help(&work, 2);
	assert_int_equal(work.shares[2].accept.small, 27);
	assert_int_equal(accept_map_finish(&work, PATIENCE), ST_OK);
	assert_each_page_once(&done);
	begin(none_large, &map);
	done = map;
	accept_map_start(&work, &done);
	model.turn_at = 507 + 1 + 512 + 1;
	model.turn = help_1;
	accept_map_help(&work, 2);
	assert_int_equal(work.shares[2].accept.small, 507 + 512 + 32);
	assert_int_equal(accept_map_finish(&work, PATIENCE), ST_OK);
	assert_each_page_once(&done);
}

/* A second round counts on, and does not remember what the host had in the first. */
static void a_second_round(void **state)
{
	(void)state;
	struct memory_map map = ten_units(), done = map;
	begin(none_large, &map);
	accept_map_start(&work, &done);
	assert_int_equal(accept_map_finish(&work, PATIENCE), ST_OK);
	assert_int_equal(model.calls, 1 + 5120);
	struct memory_map high = { 0 };
	add(&high, 16 * MIB2, 2 * MIB2, MEMORY_UNACCEPTED);
	model.map = &high;
	model.large = all_large;
	done = high;
	accept_map_start(&work, &done);
	accept_map_help(&work, 1);
	assert_int_equal(accept_map_finish(&work, PATIENCE), ST_OK);
	struct accept sum = accept_map_sum(&work);
	assert_int_equal(sum.small, 5120);
	assert_int_equal(sum.large, 2);
	assert_int_equal(work.shares[1].accept.large, 2);
}

/* ---- failures -------------------------------------------------------------------------------- */

static void help_2(void)
{
	accept_map_help(&work, 2);
}

static void the_boot_processor_fails(void **state)
{
	(void)state;
	struct memory_map map = ten_units(), done = map;
	begin(all_large, &map);
	model.bad_page = 2 * 512;
	model.bad_status = TDX_PAGE_ALREADY_ACCEPTED | 1;
	accept_map_start(&work, &done);
	assert_refusal(accept_map_finish(&work, PATIENCE), ST_ALREADY_ACCEPTED,
		       "TDG.MEM.PAGE.ACCEPT of 0x400000: RAX 0xb0a00000001, vCPU 0");
	/* Nobody takes another part. */
	assert_int_equal(model.calls, 2);
	accept_map_help(&work, 1);
	assert_int_equal(model.calls, 2);
	assert_int_equal(done.entries[0].kind, MEMORY_UNACCEPTED);
}

/* The boot processor ends its part, takes no other, and tells who it was. */
static void an_ap_fails(void **state)
{
	(void)state;
	struct memory_map map = ten_units(), done = map;
	begin(all_large, &map);
	model.bad_page = 5 * 512;
	model.bad_status = TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	model.turn_at = 2;
	model.turn = help_2;
	accept_map_start(&work, &done);
	assert_refusal(accept_map_finish(&work, PATIENCE), ST_TDX,
		       "TDG.MEM.PAGE.ACCEPT of 0xa00000: RAX 0xc000010000000001, vCPU 2");
	assert_int_equal(model.calls, 5);
	assert_int_equal(work.shares[0].accept.large, 2);
	assert_int_equal(done.entries[0].kind, MEMORY_UNACCEPTED);
}

static void a_busy_page_of_an_ap(void **state)
{
	(void)state;
	struct memory_map map = ten_units(), done = map;
	begin(all_large, &map);
	model.bad_page = 512;
	model.bad_status = TDX_OPERAND_BUSY;
	accept_map_start(&work, &done);
	accept_map_help(&work, 3);
	assert_int_equal(model.calls, PAGE_WALK_RETRIES + 1);
	assert_refusal(accept_map_finish(&work, PATIENCE), ST_TIMEOUT,
		       "TDG.MEM.PAGE.ACCEPT of 0x200000: RAX 0x8000020000000000, vCPU 3");
}

/* ---- threads --------------------------------------------------------------------------------- */

static sem_t held, go_on;

static void hold(void)
{
	sem_post(&held);
	sem_wait(&go_on);
}

static void *helper(void *vcpu)
{
	accept_map_help(&work, (uint32_t)(uintptr_t)vcpu);
	return NULL;
}

static pthread_t start_helper(uint32_t vcpu)
{
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, helper, (void *)(uintptr_t)vcpu), 0);
	return thread;
}

/* A vCPU that the host holds in its first part. */
static pthread_t hold_helper(uint32_t vcpu)
{
	sem_init(&held, 0, 0);
	sem_init(&go_on, 0, 0);
	model.turn_at = 1;
	model.turn = hold;
	pthread_t thread = start_helper(vcpu);
	sem_wait(&held);
	return thread;
}

static void a_held_ap_is_waited_for(void **state)
{
	(void)state;
	struct memory_map map = ten_units(), done = map;
	begin(all_large, &map);
	accept_map_start(&work, &done);
	pthread_t thread = hold_helper(1);
	/* While it waits, it looks for the end of an AP. After the first part, too. */
	freed_by_a_look = NULL;
	while (work.cursor < 11 * MIB2) {
		accept_map_help(&work, 2);
	}
	freed_by_a_look = &go_on;
	assert_int_equal(accept_map_finish(&work, LONG), ST_OK);
	pthread_join(thread, NULL);
	assert_each_page_once(&done);
	assert_int_equal(work.shares[1].accept.large, 1);
	assert_int_equal(work.shares[2].accept.large, 9);
	assert_true(looks > 0);
}

static void a_held_ap_is_named_in_the_end(void **state)
{
	(void)state;
	struct memory_map map = ten_units(), done = map;
	begin(all_large, &map);
	accept_map_start(&work, &done);
	pthread_t thread = hold_helper(7);
	assert_refusal(accept_map_finish(&work, 1000000), ST_TIMEOUT,
		       "acceptance: vCPU 7 held at 0x200000");
	assert_int_equal(model.calls, 10);
	assert_int_equal(done.entries[0].kind, MEMORY_UNACCEPTED);
	sem_post(&go_on);
	pthread_join(thread, NULL);
}

/* A failure is told at once, whoever else is held. */
static void a_failure_beside_a_held_ap(void **state)
{
	(void)state;
	struct memory_map map = ten_units(), done = map;
	begin(all_large, &map);
	model.bad_page = 3 * 512;
	model.bad_status = TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	accept_map_start(&work, &done);
	pthread_t thread = hold_helper(1);
	assert_refusal(accept_map_finish(&work, LONG), ST_TDX,
		       "TDG.MEM.PAGE.ACCEPT of 0x600000: RAX 0xc000010000000001, vCPU 0");
	sem_post(&go_on);
	pthread_join(thread, NULL);
}

static bool over;

static void *comes_and_goes(void *vcpu)
{
	while (!__atomic_load_n(&over, __ATOMIC_ACQUIRE)) {
		accept_map_help(&work, (uint32_t)(uintptr_t)vcpu);
	}
	return NULL;
}

/* Rounds without a pause, while APs come at any time: none is in a round that is not open. */
static void rounds_with_threads(void **state)
{
	(void)state;
	pthread_t threads[3];
	static struct memory_map map, done;
	random_number = 3;
	begin(every_third_small, &map);
	over = false;
	for (uint32_t i = 0; i < ARRAY_COUNT(threads); i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, comes_and_goes,
						(void *)(uintptr_t)(i + 1)),
				 0);
	}
	for (unsigned round = 0; round < 60; round++) {
		map = done = random_map();
		memset(model.accepted, 0, sizeof(model.accepted));
		accept_map_start(&work, &done);
		assert_int_equal(accept_map_finish(&work, LONG), ST_OK);
		assert_each_page_once(&done);
	}
	__atomic_store_n(&over, true, __ATOMIC_RELEASE);
	for (uint32_t i = 0; i < ARRAY_COUNT(threads); i++) {
		pthread_join(threads[i], NULL);
	}
}

/* ---- progress -------------------------------------------------------------------------------- */

static unsigned lines_of(uint64_t size)
{
	struct memory_map map = { 0 };
	add(&map, 0, size / 2, MEMORY_UNACCEPTED);
	add(&map, size / 2, MIB2, MEMORY_ACCEPTED);
	add(&map, size / 2 + MIB2, size / 2, MEMORY_UNACCEPTED);
	struct memory_map done = map;
	begin(all_large, &map);
	accept_map_start(&work, &done);
	assert_int_equal(accept_map_finish(&work, PATIENCE), ST_OK);
	assert_int_equal(model.calls, size / MIB2);
	return lines;
}

static void progress_is_told_sparingly(void **state)
{
	(void)state;
	assert_int_equal(lines_of(GIB - 2 * MIB2), 0);
	assert_int_equal(lines_of(GIB), 1);
	assert_int_equal(lines_of(4 * GIB), 4);
	assert_int_equal(last_done, 4096);
	assert_int_equal(last_total, 4096);
	assert_int_equal(lines_of(16 * GIB), 16);
	assert_int_equal(lines_of(1024 * GIB), 16);
	assert_int_equal(last_done, 1024 * 1024);
	/* 16 steps and a rest. */
	assert_int_equal(lines_of(1000 * GIB + 2 * MIB2), 16);
}

/* What others have done meanwhile is in the line that is due, and asks for no second one. */
static void progress_of_others(void **state)
{
	(void)state;
	struct memory_map map = { 0 };
	add(&map, 0, 2 * GIB, MEMORY_UNACCEPTED);
	struct memory_map done = map;
	begin(all_large, &map);
	model.turn_at = 10;
	model.turn = help_1;
	accept_map_start(&work, &done);
	assert_int_equal(accept_map_finish(&work, PATIENCE), ST_OK);
	assert_int_equal(last_done, 2048);
	assert_int_equal(lines, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_call_too_many),
		cmocka_unit_test(no_call_too_many_by_two),
		cmocka_unit_test(a_host_of_small_pages),
		cmocka_unit_test(only_unaccepted_ranges_are_touched),
		cmocka_unit_test(an_ap_too_early_or_too_late),
		cmocka_unit_test(each_takes_while_others_stand),
		cmocka_unit_test(small_parts),
		cmocka_unit_test(a_second_round),
		cmocka_unit_test(the_boot_processor_fails),
		cmocka_unit_test(an_ap_fails),
		cmocka_unit_test(a_busy_page_of_an_ap),
		cmocka_unit_test(a_held_ap_is_waited_for),
		cmocka_unit_test(a_held_ap_is_named_in_the_end),
		cmocka_unit_test(a_failure_beside_a_held_ap),
		cmocka_unit_test(rounds_with_threads),
		cmocka_unit_test(progress_is_told_sparingly),
		cmocka_unit_test(progress_of_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
