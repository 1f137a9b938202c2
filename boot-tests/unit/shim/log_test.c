// Log lines in a TD: what reaches the port, and ports that are stuck or refused.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/log.h"

#include <setjmp.h>
#include <stdarg.h>
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
static unsigned busy_polls;   /* before each character */
static unsigned polls;

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
		regs->r11 = polls++ < busy_polls ? 0 : 0x60;
		return TDX_SUCCESS;
	}
	assert_int_equal(regs->r14, 0x3F8);
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
	fake_handler(serial);
	return world_init(true) == ST_OK ? 0 : -1;
}

static void a_line(void **state)
{
	(void)state;
	log_note("%u vCPUs at 0x%lx", 4u, UINT64_C(0x1234));
	assert_string_equal(written, "lintel: 4 vCPUs at 0x1234\r\n");
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
	log_note("slow");
	assert_string_equal(written, "lintel: slow\r\n");
}

static void a_stuck_port_costs_a_bounded_wait(void **state)
{
	(void)state;
	busy_polls = UINT32_MAX;
	log_note("stuck");
	assert_int_equal(written_count, 0);
	assert_within(fake_count(), 1, 20000);
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
		cmocka_unit_test_setup(levels, in_a_td),
		cmocka_unit_test_setup(a_long_line_is_cut, in_a_td),
		cmocka_unit_test_setup(a_slow_port_is_waited_for, in_a_td),
		cmocka_unit_test_setup(a_stuck_port_costs_a_bounded_wait, in_a_td),
		cmocka_unit_test_setup(a_refused_port_costs_the_line, in_a_td),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
