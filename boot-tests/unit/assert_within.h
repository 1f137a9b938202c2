// assert_within(), for cmocka 1 and 2: what the one has for a range the other deprecates or lacks.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

/* cmocka.h wants those that include it to have included its own needs before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The unsigned value is within [low, high]. */
#define assert_within(value, low, high)                                                    \
	do {                                                                               \
		const uintmax_t within_value = (uintmax_t)(value);                         \
		const uintmax_t within_low = (uintmax_t)(low);                             \
		const uintmax_t within_high = (uintmax_t)(high);                           \
		if (within_value < within_low || within_value > within_high) {             \
			fail_msg("%ju is not within [%ju, %ju]", within_value, within_low, \
				 within_high);                                             \
		}                                                                          \
	} while (0)
