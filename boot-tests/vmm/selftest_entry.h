// Tests of the module and its host that run in the machine instead of a TD: boot-tests/selftest.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "boot-tests/module/seamcall.h"

/* Runs the case of this name. All CPUs are started, frames are ready, no module is loaded. Ends the
 * machine: power off when the case holds, else with the line that does not. */
_Noreturn void selftest_run(const char *name, const struct module_platform *platform);
