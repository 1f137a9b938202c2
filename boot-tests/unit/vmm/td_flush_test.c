// Tests of the host's own shootdown: each CPU of the TD empties its TLB once, before it enters.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/td/td_flush.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "boot-tests/module/seamcall.h"

#define CPU_BASE 2
#define VCPUS 4
#define CPUS (CPU_BASE + VCPUS + 1)

static const struct td_kick td = { .cpu_base = CPU_BASE, .vcpu_count = VCPUS };
static unsigned here;
static unsigned flushes[CPUS];
static unsigned kicks;

unsigned cpu_index(void)
{
	return here;
}

void module_invept(void)
{
	flushes[here]++;
}

/* Who enters from here on must have been asked. */
void td_kick_all(const struct td_kick *kick)
{
	assert_ptr_equal(kick, &td);
	kicks++;
	here = CPU_BASE;
	td_flush_asked();
	assert_int_equal(flushes[here], kicks);
}

static void each_cpu_of_the_td_once(void **state)
{
	(void)state;
	for (unsigned round = 1; round <= 2; round++) {
		td_flush_all(&td);
		assert_int_equal(kicks, round);
		for (here = 0; here < CPUS; here++) {
			td_flush_asked();
			td_flush_asked();
			bool is_ours = here >= CPU_BASE && here < CPU_BASE + VCPUS;
			assert_int_equal(flushes[here], is_ours ? round : 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_cpu_of_the_td_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
