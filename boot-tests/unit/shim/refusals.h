// What a test says about a refusal of the shim: the status, and the text that fatal() would print.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "shim/refusal.h"

/* After cmocka.h. */
#define assert_refusal(call, status, text)                       \
	do {                                                     \
		assert_int_equal(call, status);                  \
		assert_string_equal(refusal_text(status), text); \
	} while (0)
