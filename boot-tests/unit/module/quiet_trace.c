// The machine's trace, for tests that do not look at it: off.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/debug_log.h"

bool trace_on;

void trace_write(uint32_t vcpu, const char *format, ...)
{
	(void)vcpu;
	(void)format;
}
