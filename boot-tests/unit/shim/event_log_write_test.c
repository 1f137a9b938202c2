// The event log as a reader finds it, byte by byte, and what a small area does.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/measure/event_log_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "boot-tests/unit/shim/refusals.h"

/* [TCG PC Client Platform Firmware Profile 1.05 10.2.1, 10.4.5.1] */
static const uint8_t first[] = {
	0,    0,   0,   0,   3,   0,   0,   0, /* PCR, EV_NO_ACTION */
	0,    0,   0,   0,   0,   0,   0,   0,   0,   0,
	0,    0,   0,   0,   0,   0,   0,   0,   0,   0, /* SHA-1 digest */
	33,   0,   0,   0,                               /* event size */
	'S',  'p', 'e', 'c', ' ', 'I', 'D', ' ', 'E', 'v',
	'e',  'n', 't', '0', '3', 0,   0,   0,   0,   0, /* platform class: client */
	0,    2,   105, 2, /* minor, major, errata, UINTN of 64 bits */
	1,    0,   0,   0, /* algorithms */
	0x0C, 0,   48,  0, /* SHA-384 and its size */
	0,                 /* vendor information */
};

#define EVENT_HEAD (4 + 4 + 4 + 2 + 48 + 4)

static void assert_unused(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		assert_int_equal(bytes[i], 0xFF);
	}
}

static void begins_with_what_it_is(void **state)
{
	uint8_t memory[256];
	struct event_log log;
	(void)state;
	memset(memory, 0xA5, sizeof(memory));
	assert_int_equal(event_log_start(&log, memory, sizeof(memory)), ST_OK);
	assert_int_equal(log.used, sizeof(first));
	assert_memory_equal(memory, first, sizeof(first));
	assert_unused(memory + sizeof(first), sizeof(memory) - sizeof(first));
}

static void an_event(void **state)
{
	static const uint8_t head[] = { 3, 0, 0, 0, 0x0B, 0, 0, 0x80, 1, 0, 0, 0, 0x0C, 0 };
	uint8_t memory[256];
	uint8_t digest[SHA384_SIZE];
	struct event_log log;
	(void)state;
	memset(digest, 0x3C, sizeof(digest));
	assert_int_equal(event_log_start(&log, memory, sizeof(memory)), ST_OK);
	assert_int_equal(
		event_log_add(&log, CC_MR_RTMR2, EV_EFI_HANDOFF_TABLES2, digest, "event", 5),
		ST_OK);
	const uint8_t *event = memory + sizeof(first);
	assert_memory_equal(event, head, sizeof(head));
	assert_memory_equal(event + 14, digest, 48);
	assert_memory_equal(event + 62, "\x05\0\0\0event", 9);
	assert_int_equal(log.used, sizeof(first) + EVENT_HEAD + 5);
	assert_unused(memory + log.used, sizeof(memory) - log.used);
	/* One without data. */
	assert_int_equal(event_log_add(&log, CC_MR_RTMR0, EV_IPL, digest, "", 0), ST_OK);
	assert_memory_equal(memory + sizeof(first) + EVENT_HEAD + 5 + 62, "\0\0\0\0", 4);
	assert_unused(memory + log.used, sizeof(memory) - log.used);
}

static void full(void **state)
{
	uint8_t memory[sizeof(first) + EVENT_HEAD + 5];
	uint8_t before[sizeof(memory)];
	uint8_t digest[SHA384_SIZE] = { 0 };
	struct event_log log;
	(void)state;
	assert_refusal(event_log_start(&log, memory, sizeof(first) - 1), ST_LOG_FULL,
		       "event log: 0x41 bytes, room for 0x40");
	assert_int_equal(event_log_start(&log, memory, sizeof(memory)), ST_OK);
	memcpy(before, memory, sizeof(memory));
	assert_refusal(event_log_add(&log, CC_MR_RTMR0, EV_IPL, digest, "event!", 6), ST_LOG_FULL,
		       "event log: 0x48 bytes, room for 0x47");
	assert_refusal(event_log_add(&log, CC_MR_RTMR0, EV_IPL, digest, "event!", UINT32_MAX),
		       ST_LOG_FULL, "event log: 0x41 bytes, room for 0x47");
	assert_memory_equal(memory, before, sizeof(memory));
	assert_int_equal(event_log_add(&log, CC_MR_RTMR0, EV_IPL, digest, "event", 5), ST_OK);
	assert_int_equal(log.used, sizeof(memory));
	assert_refusal(event_log_add(&log, CC_MR_RTMR0, EV_IPL, digest, "", 0), ST_LOG_FULL,
		       "event log: 0x42 bytes, room for 0x0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begins_with_what_it_is),
		cmocka_unit_test(an_event),
		cmocka_unit_test(full),
	};
	return cmocka_run_group_tests_name("event_log", tests, NULL, NULL);
}
