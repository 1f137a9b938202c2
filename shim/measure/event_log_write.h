// Writes the event log that a TD hands to its operating system (arch/tdx/event_log.h).
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The rest of the memory is 0xFF, by which a reader sees the end.
#pragma once

#include <stdint.h>

#include "arch/base/status.h"
#include "arch/tdx/event_log.h"

struct event_log {
	uint8_t *memory;
	uint32_t size;
	uint32_t used;
};

/* Overwrites all of the memory. ST_LOG_FULL: not even the header fits. */
enum status event_log_start(struct event_log *log, void *memory, uint32_t size) MUST_CHECK;

/* ST_LOG_FULL: nothing has been written. */
enum status event_log_add(struct event_log *log, enum cc_mr mr, uint32_t type,
			  const uint8_t digest[SHA384_SIZE], const void *event,
			  uint32_t event_size) MUST_CHECK;
