// Where the machine hands over to what runs on it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

/* Called once on the BSP, with memory, time, log and exceptions set up and the other CPUs not
 * started. The machine declares it; whoever builds on the machine (boot-tests/vmm) defines it. */
_Noreturn void machine_main(void);
