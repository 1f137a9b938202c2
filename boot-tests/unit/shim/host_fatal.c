// fatal() of the host test programs: print and abort. No test may reach it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/fatal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void fatal(enum status status, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, ": %s\n", status_name(status));
	abort();
}
