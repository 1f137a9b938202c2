// A host script at work: counts what its rules are about, and says what becomes of it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stddef.h>

/* For tests: this text is the script from now on, and every count starts anew. An empty one takes
 * it back. A fault in it is our own bug. */
void script_set(const char *text);
/* Rules that have not fired yet. */
unsigned script_waiting(void);
