// Would the shim boot the payload of an image? By the shim's own readers and rules.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stddef.h>

#include "arch/base/status.h"
#include "loader/image/plan.h"

/*
 * Refuses a payload with which no boot gets to its entry, in a TD with all the memory that a host
 * can give it: how much there is only the boot can tell. Status as the reader of the payload's
 * kind; ST_NO_SPACE: a command line longer than the kernel takes; ST_BAD_FORMAT: a NUL in it;
 * ST_UNSUPPORTED: a command line or an initrd beside a UKI. error names part, field, offset and
 * value.
 */
enum status payload_check(const struct plan_parts *parts, char *error,
			  size_t error_size) MUST_CHECK;
