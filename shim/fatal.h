// The end of a boot that cannot go on: one text, on the serial port and to the host.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "arch/base/status.h"

/*
 * Prints "lintel: fatal: TEXT: status" and, in a TD, reports the first 64 bytes of "TEXT: status"
 * by TDVMCALL<ReportFatalError>; then stops the vCPU. With ST_OK the status is left out. A second
 * call while the first one is printing goes straight to the host. bug() ends here too.
 */
_Noreturn void fatal(enum status status, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
