// Memory that may be a TD's, as the host's own loads and stores find it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/init/host_memory.h"

#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/wake.h"
#include "boot-tests/module/seamcall.h"

void host_read(hpa_t address, void *to, uint64_t size)
{
	module_host_read(address, to, size);
}

void host_write(hpa_t address, const void *from, uint64_t size)
{
	module_host_write(address, from, size);
	/* A TLB of this machine would let a TD go on: each CPU leaves the one it is in. */
	for (unsigned cpu = 0; cpu < cpu_count(); cpu++) {
		if (cpu != cpu_index()) {
			wake_kick(cpu);
		}
	}
}
