// Tests of the host's shootdown: which CPUs are made to leave their TD.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/td/td_kick.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "boot-tests/machine/time.h"
#include "boot-tests/machine/wake.h"

#define CPU_BASE 2
#define VCPUS 4

static struct td_kick td = { .cpu_base = CPU_BASE, .vcpu_count = VCPUS };
static unsigned here; /* the CPU that the host runs on */
static unsigned kicks[MACHINE_MAX_CPUS];

unsigned cpu_index(void)
{
	return here;
}

void wake_kick(unsigned cpu)
{
	assert_true(cpu < MACHINE_MAX_CPUS);
	kicks[cpu]++;
}

/* Bit n of inside: vCPU n is in the TD. The same of those that were kicked, each once. */
static unsigned kick(unsigned inside)
{
	unsigned kicked = 0;
	for (unsigned i = 0; i < VCPUS; i++) {
		td_kick_inside(&td, i, (inside >> i & 1) != 0);
	}
	for (unsigned cpu = 0; cpu < MACHINE_MAX_CPUS; cpu++) {
		kicks[cpu] = 0;
	}
	td_kick_all(&td);
	for (unsigned cpu = 0; cpu < MACHINE_MAX_CPUS; cpu++) {
		assert_true(kicks[cpu] <= 1);
		if (kicks[cpu] != 0) {
			assert_true(cpu >= CPU_BASE && cpu < CPU_BASE + VCPUS);
			kicked |= BIT32(cpu - CPU_BASE);
		}
	}
	return kicked;
}

/* Who is outside flushes when it enters; whose CPU this is has left. */
static void who_is_inside_is_kicked(void **state)
{
	(void)state;
	here = 0;
	for (unsigned inside = 0; inside < BIT32(VCPUS); inside++) {
		assert_int_equal(kick(inside), inside);
	}
	here = CPU_BASE + 1;
	for (unsigned inside = 0; inside < BIT32(VCPUS); inside++) {
		assert_int_equal(kick(inside), inside & ~BIT32(1));
	}
}

/* One leaves after the other. */
uint64_t time_us(void)
{
	static uint64_t looks;
	for (unsigned i = 0; i < VCPUS; i++) {
		if (td.inside[i] && looks % 3 == 2) {
			td_kick_inside(&td, i, false);
			break;
		}
	}
	return looks++;
}

static void who_is_inside_is_waited_for(void **state)
{
	(void)state;
	here = 0;
	(void)kick(MASK64(VCPUS - 1, 0));
	td_kick_out(&td);
	for (unsigned i = 0; i < VCPUS; i++) {
		assert_false(td.inside[i]);
		assert_int_equal(kicks[CPU_BASE + i], 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_inside_is_kicked),
		cmocka_unit_test(who_is_inside_is_waited_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
