// The machine's log, for tests that do not look at it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/console.h"

void console_line(char tag, const char *format, ...)
{
	(void)tag;
	(void)format;
}
