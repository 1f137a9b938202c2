// Tests of the VMM's MapGPA: what it refuses, where it stops, and what it says then.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/call/map_gpa.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "arch/tdx/ghci.h"
#include "boot-tests/machine/lapic.h"
#include "boot-tests/vmm/config.h"
#include "boot-tests/vmm/mmu/conversion.h"
#include "boot-tests/vmm/mmu/mmu.h"
#include "boot-tests/vmm/secret.h"
#include "boot-tests/vmm/verdict.h"

#define PAGE UINT64_C(0x1000)
#define SHARED BIT64(47)
#define BASE (7 * PAGE)

static struct mmu mmu;
static struct config config;
static uint64_t again;
static struct verdict verdict;

/* The machine: which chunks were converted, and whether an interrupt waits after each. */
static struct {
	unsigned chunks;
	struct gpa_range chunk[8];
	enum share share;
	uint64_t fail_at; /* this page cannot be converted; 0 = none */
	bool broken;      /* a SEAMCALL fails */
	uint64_t shown;   /* the secret is there; 0 = nowhere */
	unsigned pending; /* bit n: with n chunks done an interrupt waits */
} host;

bool lapic_pending(void)
{
	return (host.pending & BIT32(host.chunks)) != 0;
}

enum status conversion_make(struct mmu *of, struct gpa_range range, enum share share,
			    gpa_t *stopped, struct seam_failure *failure)
{
	assert_ptr_equal(of, &mmu);
	if (host.broken) {
		*failure = (struct seam_failure){ "TDH_X", 1, { 2, 3, 4, 5 } };
		return ST_TDX;
	}
	assert_true(host.chunks < ARRAY_COUNT(host.chunk));
	host.chunk[host.chunks++] = range;
	host.share = share;
	if (host.fail_at >= range.base.v && host.fail_at - range.base.v < range.size) {
		*stopped = gpa(host.fail_at);
		return ST_BAD_ARGUMENT;
	}
	return ST_OK;
}

bool secret_in_shared(const char *text, const struct mmu *of, uint64_t start, uint64_t end,
		      uint64_t *where)
{
	assert_ptr_equal(of, &mmu);
	*where = host.shown;
	return text[0] != 0 && host.shown >= start && host.shown < end;
}

static int reset(void **state)
{
	(void)state;
	mmu = (struct mmu){ .gpaw = 48 };
	config = (struct config){ 0 };
	verdict = (struct verdict){ 0 };
	again = 0;
	host.broken = false;
	host.chunks = host.pending = 0;
	host.fail_at = host.shown = 0;
	return 0;
}

/* R10, and R11 by the way. */
static uint64_t call(uint64_t address, uint64_t size, uint64_t *r11)
{
	struct seam_regs regs = { .r11 = TDVMCALL_MAP_GPA, .r12 = address, .r13 = size };
	uint64_t status = map_gpa(&mmu, &config, &again, &regs, &verdict);
	*r11 = regs.r11;
	return status;
}

static void must_be(uint64_t address, uint64_t size, uint64_t status, uint64_t r11)
{
	uint64_t got;
	assert_int_equal(call(address, size, &got), status);
	assert_int_equal(got, r11);
}

static void must_have_done(unsigned index, uint64_t base, uint64_t size)
{
	assert_true(index < host.chunks);
	assert_int_equal(host.chunk[index].base.v, base);
	assert_int_equal(host.chunk[index].size, size);
}

static void chunks_end_at_multiples_of_2_mib(void **state)
{
	(void)state;
	must_be(BASE | SHARED, 5 * MIB, TDVMCALL_SUCCESS, BASE | SHARED);
	assert_int_equal(host.chunks, 3);
	must_have_done(0, BASE, 2 * MIB - BASE);
	must_have_done(1, 2 * MIB, 2 * MIB);
	must_have_done(2, 4 * MIB, MIB + BASE);
	assert_int_equal(host.share, SHARE_SHARED);
	must_be(2 * MIB, 2 * MIB, TDVMCALL_SUCCESS, 2 * MIB);
	assert_int_equal(host.share, SHARE_PRIVATE);
	assert_int_equal(host.chunks, 4);
	must_have_done(3, 2 * MIB, 2 * MIB);
}

/* Not before the first chunk, and not after the last. */
static void an_interrupt_is_let_in_between_two_chunks(void **state)
{
	(void)state;
	host.pending = BIT32(0) | BIT32(2) | BIT32(4);
	must_be(BASE | SHARED, 8 * MIB - BASE, TDVMCALL_RETRY, (4 * MIB) | SHARED);
	assert_int_equal(host.chunks, 2);
	must_be((4 * MIB) | SHARED, 4 * MIB, TDVMCALL_SUCCESS, (4 * MIB) | SHARED);
	assert_int_equal(host.chunks, 4);
}

static void a_retry_has_the_shared_bit_of_the_request_or_none(void **state)
{
	(void)state;
	config.mapgpa_retry = 2 * PAGE;
	must_be(BASE | SHARED, 3 * PAGE, TDVMCALL_RETRY, (BASE + 2 * PAGE) | SHARED);
	must_be(BASE, 3 * PAGE, TDVMCALL_RETRY, BASE + 2 * PAGE);
	config.mapgpa_r11 = MAPGPA_R11_GPA;
	must_be(BASE | SHARED, 3 * PAGE, TDVMCALL_RETRY, BASE + 2 * PAGE);
	mmu.gpaw = 52;
	config.mapgpa_r11 = MAPGPA_R11_REQUEST;
	must_be(BASE | BIT64(51), 3 * PAGE, TDVMCALL_RETRY, (BASE + 2 * PAGE) | BIT64(51));
}

static void a_retry_after_each_chunk_needs_no_interrupt(void **state)
{
	(void)state;
	config.mapgpa_retry = PAGE;
	must_be(BASE, 3 * PAGE, TDVMCALL_RETRY, BASE + PAGE);
	must_be(BASE + PAGE, 2 * PAGE, TDVMCALL_RETRY, BASE + 2 * PAGE);
	must_be(BASE + 2 * PAGE, PAGE, TDVMCALL_SUCCESS, BASE + 2 * PAGE);
	assert_int_equal(host.chunks, 3);
}

/* As when user space answers EAGAIN. */
static void a_chunk_may_be_put_off_without_progress(void **state)
{
	(void)state;
	config.mapgpa_again = 2;
	config.mapgpa_retry = PAGE;
	for (unsigned i = 0; i < 2; i++) {
		uint64_t at = BASE + i * PAGE;
		uint64_t size = (2 - i) * PAGE;
		must_be(at | SHARED, size, TDVMCALL_RETRY, at | SHARED);
		must_be(at | SHARED, size, TDVMCALL_RETRY, at | SHARED);
		assert_int_equal(host.chunks, i);
		if (i == 0) {
			must_be(at | SHARED, size, TDVMCALL_RETRY, (at + PAGE) | SHARED);
		}
	}
	must_be((BASE + PAGE) | SHARED, PAGE, TDVMCALL_SUCCESS, (BASE + PAGE) | SHARED);
	assert_int_equal(host.chunks, 2);
}

static void a_page_that_cannot_be_converted_ends_it(void **state)
{
	(void)state;
	host.fail_at = BASE + 3 * MIB;
	must_be(BASE | SHARED, 6 * MIB, TDVMCALL_INVALID_OPERAND, (BASE + 3 * MIB) | SHARED);
	assert_int_equal(host.chunks, 2);
	/* The address is the request's in any host: only a RETRY's is written in two ways. */
	config.mapgpa_r11 = MAPGPA_R11_GPA;
	must_be(BASE | SHARED, 6 * MIB, TDVMCALL_INVALID_OPERAND, (BASE + 3 * MIB) | SHARED);
}

static void a_seamcall_that_fails_ends_the_td(void **state)
{
	(void)state;
	uint64_t r11;
	must_be(BASE, 2 * MIB, TDVMCALL_SUCCESS, BASE);
	assert_false(verdict.given);
	host.broken = true;
	(void)call(BASE, 2 * MIB, &r11);
	assert_true(verdict.given);
	assert_string_equal(verdict.text, "host: TDH_X(RCX 0x1) failed: 0x0000000000000002, "
					  "RCX 0x3, RDX 0x4");
}

/* Before the chunk that has it is private, and its content lost. */
static void a_secret_that_was_shared_ends_the_td(void **state)
{
	(void)state;
	host.shown = BASE + 3 * MIB;
	must_be(BASE, 5 * MIB, TDVMCALL_SUCCESS, BASE);
	config.secret[0] = 'x';
	must_be(BASE | SHARED, 5 * MIB, TDVMCALL_SUCCESS, BASE | SHARED);
	assert_false(verdict.given);
	host.chunks = 0;
	must_be(BASE, 5 * MIB, TDVMCALL_INVALID_OPERAND, BASE);
	assert_int_equal(host.chunks, 1);
	assert_true(verdict.given);
	assert_string_equal(verdict.text, "the TD shows the secret: shared memory at GPA 0x307000");
}

static void requests_that_are_none(void **state)
{
	(void)state;
	static const struct {
		uint64_t address, size, status;
	} cases[] = {
		{ BASE, 0, TDVMCALL_INVALID_OPERAND },
		{ BASE, UINT64_MAX - PAGE + 1, TDVMCALL_INVALID_OPERAND },
		{ SHARED - PAGE, 2 * PAGE, TDVMCALL_INVALID_OPERAND }, /* into the shared half */
		{ BIT64(48) - PAGE, 2 * PAGE, TDVMCALL_INVALID_OPERAND },
		{ BIT64(48), PAGE, TDVMCALL_INVALID_OPERAND },
		{ BASE + 1, PAGE, TDVMCALL_ALIGN_ERROR },
		{ BASE, PAGE + 1, TDVMCALL_ALIGN_ERROR },
		{ BASE, 1, TDVMCALL_ALIGN_ERROR },
	};
	for (unsigned i = 0; i < ARRAY_COUNT(cases); i++) {
		must_be(cases[i].address, cases[i].size, cases[i].status, cases[i].address);
	}
	assert_int_equal(host.chunks, 0);
	must_be(BIT64(48) - PAGE, PAGE, TDVMCALL_SUCCESS, BIT64(48) - PAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(chunks_end_at_multiples_of_2_mib, reset),
		cmocka_unit_test_setup(an_interrupt_is_let_in_between_two_chunks, reset),
		cmocka_unit_test_setup(a_retry_has_the_shared_bit_of_the_request_or_none, reset),
		cmocka_unit_test_setup(a_retry_after_each_chunk_needs_no_interrupt, reset),
		cmocka_unit_test_setup(a_chunk_may_be_put_off_without_progress, reset),
		cmocka_unit_test_setup(a_page_that_cannot_be_converted_ends_it, reset),
		cmocka_unit_test_setup(a_seamcall_that_fails_ends_the_td, reset),
		cmocka_unit_test_setup(a_secret_that_was_shared_ends_the_td, reset),
		cmocka_unit_test_setup(requests_that_are_none, reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
