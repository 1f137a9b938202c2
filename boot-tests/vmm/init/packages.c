// What a host does once on each package: keys and caches are those of a package.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/init/packages.h"

#include <stdbool.h>

#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/smp.h"
#include "boot-tests/module/seamcall.h"

static struct {
	enum status (*call)(void *arg);
	void *arg;
	unsigned cpu; /* whose turn it is */
	enum status status;
} work;

static void work_on(unsigned index)
{
	if (index == work.cpu) {
		work.status = work.call(work.arg);
	}
}

static bool first_of_package(unsigned cpu)
{
	for (unsigned i = 0; i < cpu; i++) {
		if (module_package(i) == module_package(cpu)) {
			return false;
		}
	}
	return true;
}

enum status packages_each(enum status (*call)(void *arg), void *arg)
{
	unsigned here = module_package(cpu_index());
	TRY(call(arg));
	for (unsigned cpu = 0; cpu < cpu_count(); cpu++) {
		if (first_of_package(cpu) && module_package(cpu) != here) {
			work.call = call;
			work.arg = arg;
			work.cpu = cpu;
			smp_call_all(work_on);
			TRY(work.status);
		}
	}
	return ST_OK;
}
