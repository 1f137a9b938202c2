// Memory that may be a TD's, as the host's own loads and stores find it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/init/host_memory.h"

#include "boot-tests/module/seamcall.h"
#include "boot-tests/vmm/td/run.h"

void host_read(hpa_t address, void *to, uint64_t size)
{
	module_host_read(address, to, size);
}

void host_write(hpa_t address, const void *from, uint64_t size)
{
	module_host_write(address, from, size);
	/* A TLB of this machine would let a TD go on. */
	run_kick_tds();
}
