// The pin of ACPI files: from a log that the shim's own writer makes, and from what is none.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/image/acpi_pin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/sha.h>

#include "arch/tdx/event_log.h"
#include "shim/measure/event_log_write.h"

static uint8_t memory[1024];
static struct event_log events;
static uint8_t digests[3 * SHA384_SIZE];

static void add(enum cc_mr mr, uint32_t type, const uint8_t *digest, const char *text)
{
	assert_int_equal(event_log_add(&events, mr, type, digest, text, (uint32_t)strlen(text)),
			 ST_OK);
}

/* Three files among events that are none. */
static int setup(void **state)
{
	static const uint8_t other[SHA384_SIZE] = { 0xEE };
	(void)state;
	for (unsigned i = 0; i < sizeof(digests); i++) {
		digests[i] = (uint8_t)(i * 7);
	}
	assert_int_equal(event_log_start(&events, memory, sizeof(memory)), ST_OK);
	add(CC_MR_RTMR0, EV_EFI_HANDOFF_TABLES2, other, "ACPI DATA");
	add(CC_MR_RTMR0, EV_PLATFORM_CONFIG_FLAGS, digests, TCG_ACPI_DATA);
	add(CC_MR_RTMR0, EV_PLATFORM_CONFIG_FLAGS, other, "ACPI DATUM");
	add(CC_MR_RTMR0, EV_PLATFORM_CONFIG_FLAGS, other, "ACPI DAT!");
	add(CC_MR_RTMR0, EV_PLATFORM_CONFIG_FLAGS, digests + SHA384_SIZE, TCG_ACPI_DATA);
	add(CC_MR_RTMR1, EV_PLATFORM_CONFIG_FLAGS, other, TCG_ACPI_DATA);
	add(CC_MR_RTMR0, EV_PLATFORM_CONFIG_FLAGS, digests + 2 * SHA384_SIZE, TCG_ACPI_DATA);
	return 0;
}

static char error[160];

static void expect(size_t size, enum status want)
{
	uint8_t pin[SHA384_SIZE], before[SHA384_SIZE], right[SHA384_SIZE];
	uint8_t *copy = malloc(size);
	memcpy(copy, memory, size);
	memset(pin, 0x5A, sizeof(pin));
	memcpy(before, pin, sizeof(pin));
	SHA384(digests, sizeof(digests), right);
	error[0] = 0;
	assert_int_equal(acpi_pin_from_log(copy, size, pin, error, sizeof(error)), want);
	assert_int_equal(error[0] == 0, want == ST_OK);
	assert_memory_equal(pin, want == ST_OK ? right : before, sizeof(pin));
	free(copy);
}

static void three_files(void **state)
{
	(void)state;
	expect(sizeof(memory), ST_OK);
	/* A log whose area ends with its last event. */
	expect(events.used, ST_OK);
	expect(events.used + 3, ST_OK);
	add(CC_MR_RTMR1, EV_PLATFORM_CONFIG_FLAGS, digests, "");
	expect(events.used, ST_OK);
}

static void cut(void **state)
{
	(void)state;
	char last[160];
	size_t place = events.used - 66 - 9;
	expect(events.used - 1, ST_TRUNCATED);
	snprintf(last, sizeof(last), "event log 0x%zx: event size 0x9: the log ends before it does",
		 place);
	assert_string_equal(error, last);
	expect(events.used - 9 - 1, ST_TRUNCATED);
	snprintf(last, sizeof(last), "event log 0x%zx: bytes left 0x41: too few for an event",
		 place);
	assert_string_equal(error, last);
	expect(64, ST_BAD_FORMAT);
	assert_string_equal(error, "event log 0x0: bytes left 0x40: too few for its first event");
	expect(1, ST_BAD_FORMAT);
}

static void not_a_log(void **state)
{
	/* Event type, size, signature, count of algorithms, algorithm; of an event: how many
	 * digests, algorithm. */
	static const unsigned offsets[] = { 4, 28, 32, 56, 60, 65 + 8, 65 + 12 };
	(void)state;
	for (unsigned i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		memory[offsets[i]] ^= 0x10;
		expect(sizeof(memory), ST_BAD_FORMAT);
		const char *where = i < 5 ? "event log 0x0: " : "event log 0x41: ";
		assert_memory_equal(error, where, strlen(where));
		memory[offsets[i]] ^= 0x10;
	}
}

static void no_files(void **state)
{
	(void)state;
	assert_int_equal(event_log_start(&events, memory, sizeof(memory)), ST_OK);
	expect(sizeof(memory), ST_NOT_FOUND);
	expect(events.used, ST_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(three_files, setup),
		cmocka_unit_test_setup(cut, setup),
		cmocka_unit_test_setup(not_a_log, setup),
		cmocka_unit_test_setup(no_files, setup),
	};
	return cmocka_run_group_tests_name("acpi_pin", tests, NULL, NULL);
}
