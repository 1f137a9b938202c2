// Numbers that look random and repeat from run to run.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

/* Not 0; a test sets it to begin anew. */
extern uint64_t random_state;
uint64_t random_next(void);
