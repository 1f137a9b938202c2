// How a file of the payload brings in a test case, which "case=NAME" on the command line runs.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "boot-tests/payload/info.h"

struct payload_case {
	const char *name;
	void (*run)(const struct info *info); /* comes back if the case holds, or ends the run */
};

/* Right below the function, which is static: linker/payload.lds.S gathers them all. */
#define PAYLOAD_CASE(case_name, function)                                                 \
	__attribute__((section(".payload_cases"), used,                                   \
		       aligned(8))) static const struct payload_case function##_entry = { \
		.name = (case_name), .run = (function)                                    \
	}
