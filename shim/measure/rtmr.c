// Measures what the host hands over: into an RTMR and the event log.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/measure/rtmr.h"

#include "arch/base/addr.h"
#include "arch/base/check.h"
#include "linker/memmap.h"
#include "shim/measure/event_log_write.h"
#include "shim/tdx/tdg.h"

/* No memory: not started. */
static struct event_log td_log;

enum status rtmr_start(void)
{
	return event_log_start(&td_log, gpa_pointer(gpa(EVENT_LOG)), EVENT_LOG_SIZE);
}

bool rtmr_active(void)
{
	return td_log.memory != NULL;
}

enum status rtmr_extend(const struct rtmr_event *event, struct sha384 *hash)
{
	/* The alignment that TDG.MR.RTMR.EXTEND asks for. */
	static uint8_t digest[64] __attribute__((aligned(64)));
	CHECK(rtmr_active() && event->mr >= CC_MR_RTMR0);
	sha384_final(hash, digest);
	TRY(event_log_add(&td_log, event->mr, event->type, digest, event->event,
			  event->event_size));
	return td_rtmr_extend(event->mr - CC_MR_RTMR0, digest);
}

enum status rtmr_measure(const struct rtmr_event *event, const void *bytes, size_t size)
{
	struct sha384 hash;
	if (!rtmr_active()) {
		return ST_OK;
	}
	sha384_init(&hash);
	sha384_update(&hash, bytes, size);
	return rtmr_extend(event, &hash);
}

enum status rtmr_separate(enum cc_mr mr)
{
	static const uint32_t zero;
	const struct rtmr_event event = { mr, EV_SEPARATOR, &zero, sizeof(zero) };
	return rtmr_measure(&event, &zero, sizeof(zero));
}
