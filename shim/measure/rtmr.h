// Measures what the host hands over: into an RTMR and the event log (arch/tdx/event_log.h).
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// In a TD only: on a plain VM, and before rtmr_start(), nothing is hashed and nothing is written.
// Register and log never disagree: ST_LOG_FULL and ST_TDX must end the boot.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/base/status.h"
#include "arch/tdx/event_log.h"
#include "loader/image/sha384.h"

/* What the log says beside the digest. */
struct rtmr_event {
	enum cc_mr mr; /* CC_MR_RTMR0 or above */
	uint32_t type;
	const void *event;
	uint32_t event_size;
};

/* In a TD, once. EVENT_LOG must be private memory that nobody else uses. */
enum status rtmr_start(void) MUST_CHECK;

/* Is anything measured? Spares a caller of rtmr_extend() the hash. */
bool rtmr_active(void);

enum status rtmr_measure(const struct rtmr_event *event, const void *bytes, size_t size) MUST_CHECK;

/* The same of bytes that the caller has hashed piece by piece; the hash is used up. */
enum status rtmr_extend(const struct rtmr_event *event, struct sha384 *hash) MUST_CHECK;

/* What follows in this register is no more the platform's. */
enum status rtmr_separate(enum cc_mr mr) MUST_CHECK;
