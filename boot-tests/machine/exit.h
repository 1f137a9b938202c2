// The end of a run: prints the reason, then leaves QEMU with an exit code.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "arch/base/status.h"
#include "arch/lintel/exit_status.h"

/* machine_exit() calls print after it has written the reason: for the statistics. */
void machine_at_exit(void (*print)(void));

/* Ends the machine. The first caller wins; the others halt. format is the reason, one line
 * ("E "). */
_Noreturn void machine_exit(enum machine_exit_code code, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
