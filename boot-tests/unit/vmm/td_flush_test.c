// Tests of the host's own shootdown: each CPU of the TD empties its TLB once, before it enters.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/td/td_flush.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "boot-tests/machine/time.h"
#include "boot-tests/module/seamcall.h"

#define CPU_BASE 2
#define VCPUS 4
#define CPUS (CPU_BASE + VCPUS + 1)

static struct td_kick td = { .cpu_base = CPU_BASE, .vcpu_count = VCPUS };
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

/* One vCPU after the other does what happens to it while others wait. */
static unsigned looks;
uint64_t time_us(void)
{
	unsigned vcpu = looks / 3 % VCPUS;
	if (looks % 3 == 2 && vcpu == 3) {
		td_kick_inside(&td, vcpu, false); /* leaves, and does not enter again */
	} else if (looks % 3 == 2) {
		here = CPU_BASE + vcpu;
		td_flush_asked(); /* enters again */
	}
	return looks++;
}

/* Whoever was inside has left. */
static void who_is_inside_is_waited_for(void **state)
{
	(void)state;
	for (unsigned i = 0; i < VCPUS; i++) {
		td_kick_inside(&td, i, true);
	}
	td_flush_all(&td);
	looks = 0;
	td_flush_wait(&td);
	assert_int_equal(looks, 3 * VCPUS);
	for (unsigned i = 0; i < VCPUS; i++) {
		td_kick_inside(&td, i, false);
	}
	td_flush_all(&td);
	looks = 0;
	td_flush_wait(&td); /* nobody is: all will flush when they enter */
	assert_int_equal(looks, 1);
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
		cmocka_unit_test(who_is_inside_is_waited_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
