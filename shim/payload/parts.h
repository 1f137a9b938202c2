// What payloads of all kinds have: command line, initrd, and a reason why they are refused.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/base/status.h"
#include "arch/lintel/image_config.h"
#include "loader/memory/memory_map.h"
#include "loader/payload/payload_fault.h"

/* Loads and measures the command line at HANDOVER_CMDLINE. ST_NO_SPACE: it has more than most
 * bytes, or more than its place. */
enum status parts_load_cmdline(const struct image_config *config, uint32_t most) MUST_CHECK;

struct parts_initrd {
	gpa_t base;
	uint32_t size; /* 0: there is none */
};

/* Loads and measures the initrd as high as it goes in accepted memory of [lowest, end). lowest is
 * page aligned. */
enum status parts_load_initrd(const struct image_config *config, uint64_t lowest, uint64_t end,
			      const struct memory_map *map, struct parts_initrd *out) MUST_CHECK;

/* Records the fault of a payload's file, and returns status. */
enum status parts_refuse(enum status status, const struct payload_fault *fault) MUST_CHECK;
