// Acceptance of a range against a scripted module: every completion code, every page exactly once.
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
		       "TDG.MEM.PAGE.ACCEPT of 0x200000: RAX 0x8000020000000001, vCPU 0");
	assert_int_equal(fake_count(), PAGE_WALK_RETRIES + 1);
	assert_int_equal(accept.walk.cursor, MIB2);
	assert_int_equal(accept.large + accept.small, 0);
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
		   "TDG.MEM.PAGE.ACCEPT of 0x200000: RAX 0xb0a00000001, vCPU 0");
	expect_end(KIB4, PG_4K, TDX_PAGE_ALREADY_ACCEPTED, ST_ALREADY_ACCEPTED,
		   "TDG.MEM.PAGE.ACCEPT of 0x1000: RAX 0xb0a00000000, vCPU 0");
}

static void other_codes_are_the_end(void **state)
{
	(void)state;
	expect_end(KIB4, PG_4K, TDX_PAGE_SIZE_MISMATCH, ST_SIZE_MISMATCH,
		   "TDG.MEM.PAGE.ACCEPT of 0x1000: RAX 0xc0000b0b00000000, vCPU 0");
	expect_end(KIB4, PG_4K, TDX_OPERAND_INVALID | TDX_OPERAND_RCX, ST_TDX,
		   "TDG.MEM.PAGE.ACCEPT of 0x1000: RAX 0xc000010000000001, vCPU 0");
	expect_end(MIB2, PG_2M, TDX_EPT_ENTRY_STATE_INCORRECT, ST_TDX,
		   "TDG.MEM.PAGE.ACCEPT of 0x200000: RAX 0xc0000b0d00000000, vCPU 0");
	expect_end(MIB2, PG_2M, 0x0000123400000000, ST_TDX,
		   "TDG.MEM.PAGE.ACCEPT of 0x200000: RAX 0x123400000000, vCPU 0");
	expect_end(MIB2, PG_2M, UINT64_MAX, ST_TDX,
		   "TDG.MEM.PAGE.ACCEPT of 0x200000: RAX 0xffffffffffffffff, vCPU 0");
}

static void failure_in_the_middle_names_the_page(void **state)
{
	(void)state;
	static const struct fake_call calls[] = {
		ACCEPT(MIB2, PG_2M, TDX_SUCCESS),
		ACCEPT(2 * MIB2, PG_2M, TDX_PAGE_ALREADY_ACCEPTED | 1),
	};
	struct accept accept = { 0 };
	SCRIPT(calls);
	assert_refusal(accept_range(&accept, range(MIB2, 2 * MIB2)), ST_ALREADY_ACCEPTED,
		       "TDG.MEM.PAGE.ACCEPT of 0x400000: RAX 0xb0a00000001, vCPU 0");
	fake_done();
	assert_int_equal(accept.walk.cursor, 2 * MIB2);
}

static uint64_t small_only(struct tdcall_regs *regs)
{
	assert_int_equal(field_get(TDX_GPA_LEVEL, regs->rcx), PG_4K);
	return TDX_SUCCESS;
}

static void small_asks_for_no_large_page(void **state)
{
	(void)state;
	struct accept accept = { 0 };
	fake_handler(small_only);
	assert_int_equal(accept_pages(&accept, range(MIB2, 2 * MIB2), true), ST_OK);
	assert_int_equal(accept.small, 1024);
	assert_int_equal(accept.mismatches, 0);
	assert_true(accept.walk.small);
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
		cmocka_unit_test(already_accepted_is_the_end),
		cmocka_unit_test(other_codes_are_the_end),
		cmocka_unit_test(failure_in_the_middle_names_the_page),
		cmocka_unit_test(small_asks_for_no_large_page),
		cmocka_unit_test(sharing_does_not_accept),
		cmocka_unit_test(taking_back_accepts_again),
		cmocka_unit_test(a_refused_conversion_accepts_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
