// Tests of the host's SEAMCALL wrapper: what it tries again, and for how long.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/time.h"
#include "boot-tests/vmm/init/seam.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "boot-tests/machine/exit.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/vmm/hooks.h"
#include "boot-tests/vmm/stats.h"

static struct {
	unsigned calls, costs;
	unsigned fail;   /* so many calls fail */
	uint64_t status; /* with this one */
	uint64_t us;
	struct seam_regs last;
} fake;

uint64_t seamcall(struct seam_regs *regs)
{
	fake.last = *regs;
	uint64_t status = fake.calls++ < fake.fail ? fake.status : TDX_SUCCESS;
	*regs = (struct seam_regs){ .rax = status, .rcx = 11, .rdx = 12, .r8 = 13 };
	return status;
}

/* A tenth of a second each time somebody looks. */
uint64_t time_us(void)
{
	return fake.us += 100000;
}

void stats_add_cost(uint64_t leaf, uint64_t rcx, uint64_t begin, uint64_t end)
{
	(void)leaf;
	(void)rcx;
	(void)begin;
	(void)end;
	fake.costs++;
}

static void expect(unsigned fail, uint64_t status, unsigned calls, uint64_t result)
{
	fake.calls = fake.costs = 0;
	fake.fail = fail;
	fake.status = status;
	struct seam_result seen = seam(TDH_MNG_CREATE, 1, 2, 3, 4);
	assert_int_equal(seen.status, result);
	assert_int_equal(fake.calls, calls);
	/* Each time with the operands it was given. */
	assert_int_equal(fake.last.rax, TDH_MNG_CREATE);
	assert_int_equal(fake.last.rcx, 1);
	assert_int_equal(fake.last.rdx, 2);
	assert_int_equal(fake.last.r8, 3);
	assert_int_equal(fake.last.r9, 4);
	assert_int_equal(seen.rcx, 11);
	assert_int_equal(fake.costs, result == TDX_SUCCESS);
}

static void entropy(void **state)
{
	(void)state;
	expect(0, 0, 1, TDX_SUCCESS);
	expect(1, TDX_RND_NO_ENTROPY, 2, TDX_SUCCESS);
	expect(9, TDX_RND_NO_ENTROPY, 10, TDX_SUCCESS);
	expect(1000, TDX_RND_NO_ENTROPY, 10, TDX_RND_NO_ENTROPY);
}

static void busy(void **state)
{
	(void)state;
	uint64_t operand = TDX_OPERAND_BUSY | TDX_OPERAND_SEPT_TREE;
	expect(50, operand, 51, TDX_SUCCESS);
	expect(50, TDX_SYS_BUSY, 51, TDX_SUCCESS);
	/* Ten seconds, then it is an answer. */
	expect(100000, operand, 101, operand);
}

/* No other error goes away by itself. */
static void others(void **state)
{
	(void)state;
	static const uint64_t statuses[] = {
		TDX_KEY_GENERATION_FAILED, TDX_PREVIOUS_TLB_EPOCH_BUSY,
		TDX_INTERRUPTED_RESUMABLE, TDX_OPERAND_INVALID | TDX_OPERAND_RCX,
		TDX_SYS_NOT_READY,
	};
	for (unsigned i = 0; i < ARRAY_COUNT(statuses); i++) {
		expect(1, statuses[i], 1, statuses[i]);
	}
}

/* A host script that has an answer for the call with one number, from 1 on. */
static struct {
	unsigned at, seen;
	uint64_t number;
	struct hook_answer answer;
} script;

static const struct hook_answer *ask(enum hook_call kind, uint64_t number, struct host_td *td)
{
	assert_int_equal(kind, HOOK_SEAMCALL);
	assert_null(td);
	script.number = number;
	return ++script.seen == script.at ? &script.answer : NULL;
}

static void answer_call(unsigned at, uint64_t status)
{
	script.at = at;
	script.seen = fake.calls = fake.fail = 0;
	script.answer = (struct hook_answer){ .instead = true,
					      .set = BIT32(HOOK_REG(rax)) | BIT32(HOOK_REG(r8)),
					      .regs = { .rax = status, .r8 = 99 } };
	hooks.call = ask;
}

static void a_script_has_its_say(void **state)
{
	(void)state;
	answer_call(3, TDX_SYS_NOT_READY);
	assert_int_equal(seam(TDH_SYS_RD, 0, 0, 0, 0).status, TDX_SUCCESS);
	assert_int_equal(seam(TDH_SYS_RD, 0, 0, 0, 0).status, TDX_SUCCESS);
	struct seam_result result = seam(TDH_SYS_RD | BIT64(16), 1, 2, 3, 4);
	assert_int_equal(result.status, TDX_SYS_NOT_READY);
	assert_int_equal(result.rcx, 1);
	assert_int_equal(result.rdx, 2);
	assert_int_equal(result.r8, 99);
	assert_int_equal(fake.calls, 2);
	assert_int_equal(script.number, TDH_SYS_RD);
	/* What it answers is tried again as what the module does. */
	answer_call(1, TDX_RND_NO_ENTROPY);
	assert_int_equal(seam(TDH_SYS_RD, 0, 0, 0, 0).status, TDX_SUCCESS);
	assert_int_equal(fake.calls, 1);
	answer_call(1, TDX_OPERAND_BUSY);
	assert_int_equal(seam(TDH_SYS_RD, 0, 0, 0, 0).status, TDX_SUCCESS);
	assert_int_equal(script.seen, 2);
	answer_call(1, TDX_SYS_NOT_READY);
	struct seam_failure failure = { 0 };
	assert_int_equal(SEAM_TRY(TDH_SYS_RD, 0x5000, 6, 0, 0, &failure), ST_TDX);
	char text[SEAM_FAILURE_SIZE];
	seam_failure_text(&failure, text);
	assert_string_equal(text, "TDH_SYS_RD(RCX 0x5000) failed: 0xc000050500000000, RCX 0x5000, "
				  "RDX 0x6");
	/* What succeeds leaves the failure as it was. */
	assert_int_equal(SEAM_TRY(TDH_SYS_RD, 0, 0, 0, 0, &failure), ST_OK);
	assert_int_equal(failure.rcx, 0x5000);
	/* Registers alone: the call is made. */
	answer_call(1, 0);
	script.answer.instead = false;
	script.answer.set = BIT32(HOOK_REG(r8));
	result = seam(TDH_SYS_RD, 0, 0, 0, 0);
	assert_int_equal(fake.calls, 1);
	assert_int_equal(result.rcx, 11);
	assert_int_equal(result.r8, 99);
	hooks.call = NULL;
	result = seam(TDH_SYS_RD, 0, 0, 0, 0);
	assert_int_equal(result.r8, 13);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entropy),
		cmocka_unit_test(busy),
		cmocka_unit_test(others),
		cmocka_unit_test(a_script_has_its_say),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
