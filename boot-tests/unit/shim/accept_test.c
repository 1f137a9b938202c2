// Acceptance against a scripted module: every completion code, every page exactly once.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/tdx/accept.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "arch/tdx/ghci.h"
#include "boot-tests/unit/shim/fake_tdcall.h"
#include "boot-tests/unit/shim/refusals.h"
#include "shim/log.h"

#define KIB4 UINT64_C(0x1000)
#define MIB2 UINT64_C(0x200000)

#define ACCEPT(page, level, status)                                            \
	{                                                                      \
		.check = FAKE_RAX | FAKE_RCX,                                  \
		.in = { .rax = TDG_MEM_PAGE_ACCEPT, .rcx = (page) | (level) }, \
		.out = { .rax = (status) },                                    \
	}
#define SCRIPT(calls) fake_script(calls, (unsigned)ARRAY_COUNT(calls))

static struct gpa_range range(uint64_t base, uint64_t size)
{
	struct gpa_range made;
	assert_true(gpa_range_make(base, size, &made));
	return made;
}

static void every_page_once(void **state)
{
	(void)state;
	static const struct fake_call calls[] = {
		ACCEPT(MIB2 - KIB4, PG_4K, TDX_SUCCESS),
		ACCEPT(MIB2, PG_2M, TDX_SUCCESS),
		ACCEPT(2 * MIB2, PG_2M, TDX_SUCCESS),
		ACCEPT(3 * MIB2, PG_4K, TDX_SUCCESS),
	};
	struct accept accept = { 0 };
	SCRIPT(calls);
	assert_int_equal(accept_range(&accept, range(MIB2 - KIB4, 2 * MIB2 + 2 * KIB4)), ST_OK);
	fake_done();
	assert_int_equal(accept.large, 2);
	assert_int_equal(accept.small, 2);
	assert_int_equal(accept.mismatches, 0);
}

static void busy_is_tried_again(void **state)
{
	(void)state;
	static const struct fake_call calls[] = {
		ACCEPT(MIB2, PG_2M, TDX_OPERAND_BUSY | TDX_OPERAND_RCX),
		ACCEPT(MIB2, PG_2M, TDX_OPERAND_BUSY | TDX_OPERAND_SEPT_ENTRY),
		ACCEPT(MIB2, PG_2M, TDX_SUCCESS),
	};
	struct accept accept = { 0 };
	SCRIPT(calls);
	assert_int_equal(accept_range(&accept, range(MIB2, MIB2)), ST_OK);
	fake_done();
	assert_int_equal(accept.large, 1);
}

static uint64_t always_busy(struct tdcall_regs *regs)
{
	(void)regs;
	return TDX_OPERAND_BUSY | TDX_OPERAND_RCX;
}

static void busy_for_ever_is_a_timeout(void **state)
{
	(void)state;
	struct accept accept = { 0 };
	fake_handler(always_busy);
	assert_refusal(accept_range(&accept, range(MIB2, MIB2)), ST_TIMEOUT,
		       "TDG.MEM.PAGE.ACCEPT of 0x200000: RAX 0x8000020000000001");
	assert_int_equal(fake_count(), PAGE_WALK_RETRIES + 1);
	assert_int_equal(accept.walk.cursor, MIB2);
	assert_int_equal(accept.large + accept.small, 0);
}

/* ---- the number of calls ------------------------------------------------------------------- */

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

static struct {
	host_policy *large;
	const struct memory_map *map; /* before anything of it was accepted */
	uint8_t accepted[24 * 512];   /* how often, by pages of 4 KiB */
	uint64_t calls;
} model;

static bool is_unaccepted(uint64_t page)
{
	return memory_map_covers(model.map, page * KIB4, KIB4, MEMORY_UNACCEPTED);
}

static uint64_t model_accept(struct tdcall_regs *regs)
{
	assert_int_equal(regs->rax, TDG_MEM_PAGE_ACCEPT);
	bool large = field_get(TDX_GPA_LEVEL, regs->rcx) == PG_2M;
	uint64_t page = (regs->rcx & MASK64(51, 12)) / KIB4;
	model.calls++;
	if (large && !model.large(page / 512)) {
		return TDX_PAGE_SIZE_MISMATCH | 1;
	}
	for (uint64_t end = page + (large ? 512 : 1); page < end; page++) {
		assert_true(page < ARRAY_COUNT(model.accepted));
		assert_true(is_unaccepted(page));
		model.accepted[page]++;
	}
	return TDX_SUCCESS;
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

static void check_calls(host_policy *large, const struct memory_map *map)
{
	struct memory_map work = *map;
	struct accept accept = { 0 };
	uint64_t calls = 0;
	for (unsigned i = 0; i < map->count; i++) {
		struct gpa_range at = map->entries[i].range;
		if (map->entries[i].kind == MEMORY_UNACCEPTED) {
			calls += calls_of(large, at.base.v, gpa_range_end(at));
		}
	}
	memset(&model, 0, sizeof(model));
	model.large = large;
	model.map = map;
	fake_handler(model_accept);
	assert_int_equal(accept_map(&accept, &work), ST_OK);
	assert_int_equal(model.calls, calls);
	assert_int_equal(accept.large + accept.small + accept.mismatches, calls);
	for (uint64_t page = 0; page < ARRAY_COUNT(model.accepted); page++) {
		assert_int_equal(model.accepted[page], is_unaccepted(page));
	}
}

/* Maps of up to 8 ranges and holes, of odd pages, by a generator that starts anew each time. */
static void no_call_too_many(void **state)
{
	(void)state;
	static host_policy *const policies[] = { all_large, none_large, large_from_7_on,
						 large_below_7, every_third_small };
	static const enum memory_kind kinds[] = { MEMORY_UNACCEPTED, MEMORY_ACCEPTED,
						  MEMORY_UNACCEPTED, MEMORY_RESERVED };
	uint32_t random = 1;
	for (unsigned round = 0; round < 200; round++) {
		struct memory_map map = { 0 };
		uint64_t page = 0;
		for (unsigned i = 0; i < 8; i++) {
			random = random * 1664525 + 1013904223;
			uint64_t size = 1 + (random >> 16) % 1300;
			/* Ends on units are as likely as others. */
			if ((random & BIT32(8)) != 0) {
				size = 512 * (1 + size % 3) - page % 512;
			}
			assert_int_equal(memory_map_add(&map, page * KIB4, size * KIB4,
							kinds[(random >> 12) % 4]),
					 ST_OK);
			page += size + (random >> 10) % 2;
		}
		assert_true(page <= ARRAY_COUNT(model.accepted));
		for (unsigned i = 0; i < ARRAY_COUNT(policies); i++) {
			check_calls(policies[i], &map);
		}
	}
}

/* As KVM: one call for each page, and one for each range that has a whole unit. */
static void a_host_of_small_pages(void **state)
{
	(void)state;
	struct memory_map map = { 0 };
	assert_int_equal(memory_map_add(&map, 0, MIB2 - KIB4, MEMORY_UNACCEPTED), ST_OK);
	assert_int_equal(memory_map_add(&map, MIB2, 20 * MIB2, MEMORY_UNACCEPTED), ST_OK);
	check_calls(none_large, &map);
	assert_int_equal(model.calls, 511 + 1 + 20 * 512);
	check_calls(all_large, &map);
	assert_int_equal(model.calls, 511 + 20);
}

static void expect_end(uint64_t page, enum pg_level level, uint64_t raw, enum status status,
		       const char *text)
{
	const struct fake_call calls[] = { ACCEPT(page, (uint64_t)level, raw) };
	struct accept accept = { 0 };
	SCRIPT(calls);
	assert_refusal(accept_range(&accept, range(page, pg_size(level))), status, text);
	fake_done();
	assert_int_equal(accept.raw, raw);
	assert_int_equal(accept.walk.cursor, page);
	assert_int_equal(accept.large + accept.small, 0);
}

static void already_accepted_is_the_end(void **state)
{
	(void)state;
	/* Bit 63 is clear in this code, the level is in the low half. */
	expect_end(MIB2, PG_2M, TDX_PAGE_ALREADY_ACCEPTED | 1, ST_ALREADY_ACCEPTED,
		   "TDG.MEM.PAGE.ACCEPT of 0x200000: RAX 0xb0a00000001");
	expect_end(KIB4, PG_4K, TDX_PAGE_ALREADY_ACCEPTED, ST_ALREADY_ACCEPTED,
		   "TDG.MEM.PAGE.ACCEPT of 0x1000: RAX 0xb0a00000000");
}

static void other_codes_are_the_end(void **state)
{
	(void)state;
	expect_end(KIB4, PG_4K, TDX_PAGE_SIZE_MISMATCH, ST_SIZE_MISMATCH,
		   "TDG.MEM.PAGE.ACCEPT of 0x1000: RAX 0xc0000b0b00000000");
	expect_end(KIB4, PG_4K, TDX_OPERAND_INVALID | TDX_OPERAND_RCX, ST_TDX,
		   "TDG.MEM.PAGE.ACCEPT of 0x1000: RAX 0xc000010000000001");
	expect_end(MIB2, PG_2M, TDX_EPT_ENTRY_STATE_INCORRECT, ST_TDX,
		   "TDG.MEM.PAGE.ACCEPT of 0x200000: RAX 0xc0000b0d00000000");
	expect_end(MIB2, PG_2M, 0x0000123400000000, ST_TDX,
		   "TDG.MEM.PAGE.ACCEPT of 0x200000: RAX 0x123400000000");
	expect_end(MIB2, PG_2M, UINT64_MAX, ST_TDX,
		   "TDG.MEM.PAGE.ACCEPT of 0x200000: RAX 0xffffffffffffffff");
}

static void failure_in_the_middle_names_the_page(void **state)
{
	(void)state;
	static const struct fake_call calls[] = {
		ACCEPT(MIB2, PG_2M, TDX_SUCCESS),
		ACCEPT(2 * MIB2, PG_2M, TDX_PAGE_ALREADY_ACCEPTED | 1),
	};
	struct memory_map map = { 0 };
	struct accept accept = { 0 };
	assert_int_equal(memory_map_add(&map, 0, MIB2, MEMORY_ACCEPTED), ST_OK);
	assert_int_equal(memory_map_add(&map, MIB2, 2 * MIB2, MEMORY_UNACCEPTED), ST_OK);
	SCRIPT(calls);
	assert_refusal(accept_map(&accept, &map), ST_ALREADY_ACCEPTED,
		       "TDG.MEM.PAGE.ACCEPT of 0x400000: RAX 0xb0a00000001");
	fake_done();
	assert_int_equal(accept.walk.cursor, 2 * MIB2);
	assert_int_equal(map.entries[1].kind, MEMORY_UNACCEPTED);
}

static void only_unaccepted_ranges_are_touched(void **state)
{
	(void)state;
	static const struct fake_call calls[] = {
		ACCEPT(0, PG_2M, TDX_SUCCESS),
		ACCEPT(4 * MIB2, PG_2M, TDX_SUCCESS),
	};
	struct memory_map map = { 0 };
	struct accept accept = { 0 };
	assert_int_equal(memory_map_add(&map, 0, MIB2, MEMORY_UNACCEPTED), ST_OK);
	assert_int_equal(memory_map_add(&map, MIB2, MIB2, MEMORY_ACCEPTED), ST_OK);
	assert_int_equal(memory_map_add(&map, 2 * MIB2, MIB2, MEMORY_RESERVED), ST_OK);
	assert_int_equal(memory_map_add(&map, 4 * MIB2, MIB2, MEMORY_UNACCEPTED), ST_OK);
	SCRIPT(calls);
	assert_int_equal(accept_map(&accept, &map), ST_OK);
	fake_done();
	assert_int_equal(map.entries[0].kind, MEMORY_ACCEPTED);
	assert_int_equal(map.entries[2].kind, MEMORY_RESERVED);
	assert_int_equal(map.entries[3].kind, MEMORY_ACCEPTED);
}

/* ---- progress ------------------------------------------------------------------------------ */

#define GIB UINT64_C(0x40000000)
static unsigned lines;
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

static uint64_t large_host(struct tdcall_regs *regs)
{
	assert_int_equal(regs->rax, TDG_MEM_PAGE_ACCEPT);
	return TDX_SUCCESS;
}

static unsigned lines_of(uint64_t size)
{
	struct memory_map map = { 0 };
	struct accept accept = { 0 };
	assert_int_equal(memory_map_add(&map, 0, size / 2, MEMORY_UNACCEPTED), ST_OK);
	assert_int_equal(memory_map_add(&map, size / 2, MIB2, MEMORY_ACCEPTED), ST_OK);
	assert_int_equal(memory_map_add(&map, size / 2 + MIB2, size / 2, MEMORY_UNACCEPTED), ST_OK);
	fake_handler(large_host);
	lines = 0;
	assert_int_equal(accept_map(&accept, &map), ST_OK);
	assert_int_equal(accept.large, size / MIB2);
	/* What comes back from the host later is no progress of this. */
	assert_int_equal(accept_range(&accept, range(0, 2 * GIB)), ST_OK);
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

#define MAP_GPA(start, size, answer_r10)                            \
	{                                                           \
		.check = FAKE_RAX | FAKE_R11 | FAKE_R12 | FAKE_R13, \
		.in = { .rax = TDG_VP_VMCALL,                       \
			.r11 = TDVMCALL_MAP_GPA,                    \
			.r12 = (start),                             \
			.r13 = (size) },                            \
		.answer = FAKE_R10, .out = { .r10 = (answer_r10) }, \
	}

static void sharing_does_not_accept(void **state)
{
	(void)state;
	static const struct fake_call calls[] = {
		MAP_GPA(0x840000 | BIT64(47), 2 * KIB4, TDVMCALL_SUCCESS),
	};
	struct accept accept = { 0 };
	SCRIPT(calls);
	assert_int_equal(share_range(&accept, range(0x840000, 2 * KIB4), SHARE_SHARED, 48), ST_OK);
	fake_done();
}

static void taking_back_accepts_again(void **state)
{
	(void)state;
	static const struct fake_call calls[] = {
		MAP_GPA(0x840000, 2 * KIB4, TDVMCALL_SUCCESS),
		ACCEPT(0x840000, PG_4K, TDX_SUCCESS),
		ACCEPT(0x841000, PG_4K, TDX_SUCCESS),
	};
	struct accept accept = { 0 };
	SCRIPT(calls);
	assert_int_equal(share_range(&accept, range(0x840000, 2 * KIB4), SHARE_PRIVATE, 52), ST_OK);
	fake_done();
	assert_int_equal(accept.small, 2);
}

static void a_refused_conversion_accepts_nothing(void **state)
{
	(void)state;
	static const struct fake_call calls[] = {
		MAP_GPA(0x840000, KIB4, TDVMCALL_INVALID_OPERAND),
	};
	struct accept accept = { 0 };
	SCRIPT(calls);
	assert_refusal(share_range(&accept, range(0x840000, KIB4), SHARE_PRIVATE, 48),
		       ST_HOST_REFUSED, "TDVMCALL<MapGPA> of 0x840000: R10 0x8000000000000000");
	fake_done();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_page_once),
		cmocka_unit_test(busy_is_tried_again),
		cmocka_unit_test(busy_for_ever_is_a_timeout),
		cmocka_unit_test(no_call_too_many),
		cmocka_unit_test(a_host_of_small_pages),
		cmocka_unit_test(already_accepted_is_the_end),
		cmocka_unit_test(other_codes_are_the_end),
		cmocka_unit_test(failure_in_the_middle_names_the_page),
		cmocka_unit_test(only_unaccepted_ranges_are_touched),
		cmocka_unit_test(progress_is_told_sparingly),
		cmocka_unit_test(sharing_does_not_accept),
		cmocka_unit_test(taking_back_accepts_again),
		cmocka_unit_test(a_refused_conversion_accepts_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
