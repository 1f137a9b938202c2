// The headers of a PE file, up to those of its sections.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

#include "arch/base/status.h"
#include "arch/exe/pe.h"
#include "loader/payload/payload_fault.h"

struct pe_headers {
	struct pe_header pe;
	uint64_t optional; /* offset of the optional header */
	uint64_t sections; /* offset of pe.sections struct pe_section, which the file has whole */
};

/* ST_TRUNCATED: the file ends before the headers do. ST_BAD_FORMAT: no PE signature.
 * ST_UNSUPPORTED: for another machine. On failure *out holds nothing of use. */
enum status pe_headers_read(const uint8_t *file, uint64_t size, struct pe_headers *out,
			    struct payload_fault *fault) MUST_CHECK;
