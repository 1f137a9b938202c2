// bug() of the host test programs: print and abort, so that the sanitizers show the stack.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/check.h"

#include <stdio.h>
#include <stdlib.h>

void bug(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: bug: %s\n", file, line, what);
	abort();
}
