// Numbers that look random and repeat from run to run.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/unit/random.h"

uint64_t random_state = 1;

/* xorshift64* */
uint64_t random_next(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545F4914F6CDD1D;
}
