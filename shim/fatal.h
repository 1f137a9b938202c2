// The end of a boot that cannot go on: one text, on the serial port and to the host.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The boot processor alone speaks, so that no line is cut and one end counts. An AP leaves its text
// and stops.
#pragma once

#include "arch/base/status.h"

/*
 * Prints "lintel: fatal: TEXT: status" and, in a TD, reports the first 64 bytes of "TEXT: status"
 * by TDVMCALL<ReportFatalError>; then stops the vCPU. With ST_OK the status is left out. A second
 * call while the first one is printing goes straight to the host. bug() ends here too. On the stack
 * of an AP: the first such text is kept for fatal_of_aps(), and the vCPU halts.
 */
_Noreturn void fatal(enum status status, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Boot processor: ends the boot as fatal() does if an AP could not go on, with its index and text.
 * Else it returns. */
void fatal_of_aps(void);
