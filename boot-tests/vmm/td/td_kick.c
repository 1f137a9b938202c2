// The shootdown: CPUs that are inside a TD leave it, which flushes their translations.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/td/td_kick.h"

#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/wake.h"

void td_kick_all(const struct td_kick *kick)
{
	for (unsigned i = 0; i < kick->vcpu_count; i++) {
		unsigned cpu = kick->cpu_base + i;
		if (cpu != cpu_index() && __atomic_load_n(&kick->inside[i], __ATOMIC_SEQ_CST)) {
			wake_kick(cpu);
		}
	}
}
