// Log lines in a TD: what reaches the port, and ports that are stuck or refused.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/tdx/ghci.h"
#include "boot-tests/unit/assert_within.h"
#include "boot-tests/unit/shim/fake_tdcall.h"
#include "shim/tdx/world.h"

static char written[4096];
static unsigned written_count;
static unsigned refuse_after; /* characters; the port is gone then */
static unsigned busy_polls;   /* before the FIFO is empty */
static unsigned polls;
static unsigned empty_polls; /* those that found it empty */
/* Characters put since it was seen to be empty. Never before the first test: as good as full. */
static unsigned fifo = 16;
static bool fifo_on;

static uint64_t serial(struct tdcall_regs *regs)
{
	if (regs->rax == TDG_VP_INFO) {
		regs->rcx = 48;
		return TDX_SUCCESS;
	}
	assert_int_equal(regs->rax, TDG_VP_VMCALL);
	assert_int_equal(regs->r11, TDVMCALL_IO);
	assert_int_equal(regs->r12, 1);
	if (written_count == refuse_after) {
		regs->r10 = TDVMCALL_INVALID_OPERAND;
		return TDX_SUCCESS;
	}
	if (regs->r13 == TDVMCALL_READ) {
		assert_int_equal(regs->r14, 0x3FD);
		bool empty = polls++ >= busy_polls;
		regs->r11 = empty ? 0x60 : 0;
		fifo = empty ? 0 : fifo;
		empty_polls += empty;
		return TDX_SUCCESS;
	}
	if (regs->r14 == 0x3FA) {
		assert_int_equal(regs->r15, 1);
		fifo_on = true;
		return TDX_SUCCESS;
	}
	assert_int_equal(regs->r14, 0x3F8);
	/* No character is lost in a port that sends none. */
	assert_true(fifo_on && fifo < 16);
	fifo++;
	written[written_count++] = (char)regs->r15;
	polls = 0;
	return TDX_SUCCESS;
}

static int in_a_td(void **state)
{
	(void)state;
	memset(written, 0, sizeof(written));
	written_count = 0;
	refuse_after = UINT32_MAX;
	busy_polls = 0;
	polls = 0;
	empty_polls = 0;
	fake_handler(serial);
	return world_init(true) == ST_OK ? 0 : -1;
}

static void a_line(void **state)
{
	(void)state;
	log_note("%u vCPUs at 0x%lx", 4u, UINT64_C(0x1234));
	assert_string_equal(written, "lintel: 4 vCPUs at 0x1234\r\n");
}

static void one_poll_for_sixteen(void **state)
{
	(void)state;
	unsigned room = 16 - fifo;
	for (unsigned i = 0; i < 10; i++) {
		log_note("%u", i);
	}
	assert_int_equal(written_count, 110);
	assert_int_equal(empty_polls, (110 - room + 15) / 16);
}

static void levels(void **state)
{
	(void)state;
	log_error("error");
	log_note("note");
	log_info("info");
	log_trace("trace");
	assert_string_equal(written, "lintel: error\r\nlintel: note\r\n");
}

static void a_long_line_is_cut(void **state)
{
	(void)state;
	log_note("%0300u", 7u);
	assert_int_equal(written_count, LOG_LINE_MAX);
	assert_string_equal(written + LOG_LINE_MAX - 3, "0\r\n");
}

static void a_slow_port_is_waited_for(void **state)
{
	(void)state;
	busy_polls = 100;
	log_note("slow, and longer than the FIFO");
	assert_string_equal(written, "lintel: slow, and longer than the FIFO\r\n");
}

static void a_stuck_port_costs_a_bounded_wait(void **state)
{
	(void)state;
	busy_polls = UINT32_MAX;
	/* What is in the FIFO already may be room for some. */
	log_note("stuck, and longer than the FIFO");
	unsigned count = written_count;
	assert_true(count < 16);
	log_note("stuck");
	assert_int_equal(written_count, count);
	assert_within(fake_count(), 1, 25000);
}

static void a_refused_port_costs_the_line(void **state)
{
	(void)state;
	refuse_after = 10;
	log_note("refused");
	assert_string_equal(written, "lintel: re");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_line, in_a_td),
		cmocka_unit_test_setup(one_poll_for_sixteen, in_a_td),
		cmocka_unit_test_setup(levels, in_a_td),
		cmocka_unit_test_setup(a_long_line_is_cut, in_a_td),
		cmocka_unit_test_setup(a_slow_port_is_waited_for, in_a_td),
		cmocka_unit_test_setup(a_stuck_port_costs_a_bounded_wait, in_a_td),
		cmocka_unit_test_setup(a_refused_port_costs_the_line, in_a_td),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
