// What the TDX machine says to tools/tdrun when it ends: by which ports, with which exit status.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The comment beside each status is its meaning, word for word as tdrun and its README have it.
#pragma once

/* Debug console: lines of text. */
#define MACHINE_LOG_PORT 0x403
/* isa-debug-exit: QEMU's own exit status is (value << 1) | 1. */
#define MACHINE_EXIT_PORT 0x501

enum machine_exit_code {
	EXIT_POWER_OFF = 0,    /* the TD powered itself off */
	EXIT_SETUP = 2,        /* wrong set-up: nothing of the TD has run */
	EXIT_FATAL_ERROR = 10, /* the TD reported a fatal error */
	EXIT_VCPU_DIED = 11,   /* a vCPU died */
	EXIT_TD_STOPPED = 12,  /* the host stopped the TD */
	EXIT_BUG = 13,         /* a bug of the machine */
	EXIT_RESET = 14,       /* the TD asked for a reset */
	EXIT_TIMEOUT = 124,    /* timeout */
};
