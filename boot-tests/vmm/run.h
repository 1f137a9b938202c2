// Runs the TD: each vCPU on its own CPU, until one of them ends the machine.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "boot-tests/vmm/td.h"

/* On the boot CPU, once. */
_Noreturn void run_td(struct td *td);

/* Makes every vCPU that is inside the TD, but the caller's, leave it: its next entry flushes its
 * TLB. Does not wait. */
void run_kick_all(void);
