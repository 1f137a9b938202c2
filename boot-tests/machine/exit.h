// The end of a run: prints the reason, then leaves QEMU with an exit code.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "arch/base/status.h"

/* Exit codes of tools/tdrun. */
enum machine_exit_code {
	EXIT_POWER_OFF = 0,
	EXIT_SETUP = 2,        /* what the user gave cannot run: nothing of the TD has */
	EXIT_FATAL_ERROR = 10, /* the TD called ReportFatalError */
	EXIT_VCPU_DIED = 11,   /* triple fault, nested #VE */
	EXIT_TD_STOPPED = 12,  /* the host stopped the TD */
	EXIT_BUG = 13,         /* a check of the machine itself does not hold */
	EXIT_RESET = 14,       /* the TD asked for a reset */
	EXIT_TIMEOUT = 124,    /* tdrun asked for the end: cpu_stop_asked() */
};

/* What machine_exit() has printed after the reason: the statistics. */
void machine_at_exit(void (*print)(void));

/* The first caller wins; the others halt. format is the reason, one line ("E "). */
_Noreturn void machine_exit(enum machine_exit_code code, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
