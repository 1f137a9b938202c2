// The shootdown: CPUs that are inside a TD leave it, which flushes their translations.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/wake.h"
#include "boot-tests/vmm/td/host_td.h"
#include "boot-tests/vmm/td/run.h"

void run_kick_all(struct host_td *td)
{
	for (unsigned i = 0; i < td->place.vcpu_count; i++) {
		unsigned cpu = td->place.cpu_base + i;
		if (cpu != cpu_index() && __atomic_load_n(&td->vcpus[i].inside, __ATOMIC_SEQ_CST)) {
			wake_kick(cpu);
		}
	}
}
