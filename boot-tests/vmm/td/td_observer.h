// What watches TDs from their building to their end: a test of the host.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>

#include "boot-tests/vmm/td/host_td.h"

struct td_observer {
	/* The TD is built, and none of its vCPUs runs: devices may be added to it. */
	void (*built)(struct host_td *td);
	/* The TD has ended for this reason: no vCPU of it runs, nothing of it is taken down. */
	void (*ended)(struct host_td *td, const char *reason);
	/* The TD at this place is taken down, others run. True: it is built anew, with the same key
	 * id. Not asked of a TD whose end is that of all. */
	bool (*again)(const struct td_place *place);
};
