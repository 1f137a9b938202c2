// CHECK(): a bug of ours stops the program in every build. Never for input; input gets a status.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

/* Reports and stops; each final program defines its own. Must not return. */
_Noreturn void bug(const char *file, int line, const char *what);

#define CHECK(condition)                                     \
	do {                                                 \
		if (!(condition)) {                          \
			bug(__FILE__, __LINE__, #condition); \
		}                                            \
	} while (0)
