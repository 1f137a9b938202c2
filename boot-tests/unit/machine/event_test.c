// Events: counted by key, written as lines, printed as JSON.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "arch/qemu/kvm.h"
#include "arch/tdx/names.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/time.h"
#include "boot-tests/module/module_events.h"
#include "boot-tests/unit/machine/fake_console.h"
#include "boot-tests/vmm/vmm_events.h"

#define KEYS 3
static const char *const names[KEYS] = { "zero", NULL, "two" };

#define EVENTS(EVENT)                                                   \
	EVENT(keyed, EVENT_KEYS, KEYS, names, "key", "first", "second") \
	EVENT(unnamed, EVENT_KEYS, KEYS, NULL, "key")                   \
	EVENT(plain, EVENT_NUMBER, 0, NULL, NULL, "argument")           \
	EVENT(each, EVENT_CPUS, KEYS, NULL, "cpu")                      \
	EVENT(line, EVENT_LINE, 0, NULL, NULL)                          \
	EVENT(mark, EVENT_MARK, KEYS, names, "key", "first")            \
	EVENT(range, EVENT_RANGE, KEYS, names, "key", "base", "size")
EVENTS(EVENT_DECLARE)
EVENTS(EVENT_DEFINE)

static const struct event *const events[] = { &event_keyed, &event_unnamed,
					      &event_plain, &event_each,
					      &event_line,  &event_mark,
					      &event_range, NULL };

static uint64_t now;

uint64_t time_us(void)
{
	return now;
}

static int clear(void **state)
{
	(void)state;
	event_spans_end();
	event_trace_on = false;
	event_spans_on = false;
	event_trace_only = "";
	now = 0;
	fake_console_text[0] = 0;
	for (size_t i = 0; events[i] != NULL; i++) {
		memset(events[i]->counts, 0, (events[i]->keys + 1) * sizeof(uint64_t));
	}
	return 0;
}

/* The line without its time, which is a number. */
static void assert_line(const char *expected)
{
	assert_memory_equal(fake_console_text, "T ", 2);
	size_t digits = strspn(fake_console_text + 2, "0123456789");
	assert_true(digits > 0);
	assert_string_equal(fake_console_text + 2 + digits, expected);
	fake_console_text[0] = 0;
}

static void counts_by_key(void **state)
{
	(void)state;
	assert_int_equal(event_count(keyed, 0), 0);
	assert_int_equal(event_count(keyed, 0), 1);
	assert_int_equal(event_count(keyed, KEYS - 1), 0);
	assert_int_equal(event_count(keyed, KEYS), 0);
	assert_int_equal(event_count(keyed, UINT64_MAX), 1);
	assert_int_equal(event_count(plain, 0), 0);
	assert_int_equal(event_count(plain, 7), 1);
	const uint64_t expected[KEYS + 1] = { 2, 0, 1, 2 };
	assert_memory_equal(event_keyed_counts, expected, sizeof(expected));
	assert_int_equal(event_plain_counts[0], 2);
	assert_string_equal(fake_console_text, "");
}

static void writes_a_line(void **state)
{
	(void)state;
	event(keyed, 4, 2, 1, 2);
	assert_string_equal(fake_console_text, "");
	event_trace_on = true;
	event(keyed, 4, 2, 1, UINT64_MAX);
	assert_line(" 4 keyed key=two first=0x1 second=0xffffffffffffffff\n");
	event(keyed, 4, 1, 0, 0);
	assert_line(" 4 keyed key=1 first=0x0 second=0x0\n");
	event(keyed, 4, KEYS, 0, 0);
	assert_line(" 4 keyed key=unknown first=0x0 second=0x0\n");
	event(unnamed, 0, 2);
	assert_line(" 0 unnamed key=2\n");
	event(plain, UINT32_MAX, 0, 0x10);
	assert_line(" 4294967295 plain argument=0x10\n");
	event(line, 1, 0);
	assert_line(" 1 line\n");
	assert_int_equal(event_keyed_counts[2], 2);
	event_line(keyed, 4, 2, 0, 0);
	assert_int_equal(event_keyed_counts[2], 2);
}

static void writes_those_whose_name_begins_so(void **state)
{
	(void)state;
	event_trace_on = true;
	static const char *const starts[] = { "p", "plain", "plaine", "lain", "" };
	static const bool written[] = { true, true, false, false, true };
	for (size_t i = 0; i < ARRAY_COUNT(starts); i++) {
		event_trace_only = starts[i];
		fake_console_text[0] = 0;
		event(plain, 0, 0, 1);
		assert_int_equal(fake_console_text[0] != 0, written[i]);
	}
	assert_int_equal(event_plain_counts[0], ARRAY_COUNT(starts));
}

static void prints_what_occurred(void **state)
{
	(void)state;
	event_print(events, 2);
	assert_string_equal(fake_console_text,
			    "\"keyed\": {}, \"unnamed\": {}, \"plain\": 0, \"each\": [0, 0], ");
	fake_console_text[0] = 0;
	for (unsigned key = 0; key <= KEYS; key++) {
		event_count(keyed, key);
		event_count(each, key);
	}
	event_count(keyed, KEYS + 1);
	event_count(unnamed, 2);
	event_count(plain, 0);
	event_count(line, 0);
	event_print(events, KEYS);
	assert_string_equal(fake_console_text,
			    "\"keyed\": {\"zero\": 1, \"1\": 1, \"two\": 1, \"unknown\": 2}, "
			    "\"unnamed\": {\"2\": 1}, \"plain\": 1, \"each\": [1, 1, 1], ");
}

/* --- spans ------------------------------------------------------------------------------------ */

static void spans_begin(void)
{
	event_trace_on = true;
	event_spans_on = true;
}

/* All that was written is this. */
static void assert_written(const char *expected)
{
	assert_string_equal(fake_console_text, expected);
	fake_console_text[0] = 0;
}

/* These four, in any order. */
static void assert_has_lines(const char *a, const char *b, const char *c, const char *d)
{
	const char *const lines[] = { a, b, c, d };
	size_t length = 0;
	for (size_t i = 0; i < ARRAY_COUNT(lines); i++) {
		assert_non_null(strstr(fake_console_text, lines[i]));
		length += strlen(lines[i]);
	}
	assert_int_equal(strlen(fake_console_text), length);
	fake_console_text[0] = 0;
}

static void a_span_counts_events_of_one_key(void **state)
{
	(void)state;
	spans_begin();
	for (now = 5; now < 8; now++) {
		event(keyed, 0, 2, 1, 2);
		event(keyed, 0, KEYS, 1, 2);
		event(plain, 0, 0, 1);
	}
	event(keyed, 0, 1, 1, 2);
	assert_written("");
	event_spans_end();
	assert_has_lines("T 5 0 keyed key=two count=3 last=7\n",
			 "T 5 0 keyed key=unknown count=3 last=7\n", "T 5 0 plain count=3 last=7\n",
			 "T 8 0 keyed key=1 count=1 last=8\n");
	event_spans_end();
	assert_written("");
	assert_int_equal(event_keyed_counts[2], 3);
}

/* 1 ms, and later a part of the time that has passed. */
static void a_span_ends_in_time(void **state)
{
	(void)state;
	spans_begin();
	static const uint64_t begins[] = { 0, 512000, 1024000 };
	static const uint64_t lengths[] = { 1000, 1000, 2000 };
	for (size_t i = 0; i < ARRAY_COUNT(begins); i++) {
		char expected[128];
		now = begins[i];
		event(unnamed, 0, 0);
		now = begins[i] + lengths[i] - 1;
		event(unnamed, 0, 0);
		assert_written("");
		now++;
		event(unnamed, 0, 0);
		(void)snprintf(expected, sizeof(expected), "T %u 0 unnamed key=0 count=2 last=%u\n",
			       (unsigned)begins[i], (unsigned)now - 1);
		assert_written(expected);
		event_spans_end();
		fake_console_text[0] = 0;
	}
}

static void a_span_is_a_vcpus_own(void **state)
{
	(void)state;
	char expected[128];
	spans_begin();
	event(unnamed, 0, 0);
	event(unnamed, MACHINE_MAX_CPUS - 1, 0);
	event(mark, MACHINE_MAX_CPUS - 1, 2, 0x10);
	(void)snprintf(expected, sizeof(expected),
		       "T 0 %u unnamed key=0 count=1 last=0\nT 0 %u mark key=two first=0x10\n",
		       MACHINE_MAX_CPUS - 1, MACHINE_MAX_CPUS - 1);
	assert_written(expected);
	event_spans_end();
	assert_written("T 0 0 unnamed key=0 count=1 last=0\n");
}

static void ranges_in_a_row_are_one(void **state)
{
	(void)state;
	spans_begin();
	event_line(range, 0, 0, 0x1000, 0x1000);
	event_line(range, 0, 0, 0x2000, 0x200000);
	event_line(range, 0, 2, 0x2000, 0x1000);
	assert_written("");
	static const uint64_t next[] = { 0x203000, 0x203000, 0x202000 }; /* gap, again, back */
	static const char *const before[] = {
		"T 0 0 range key=zero count=2 last=0 base=0x1000 size=0x201000\n",
		"T 0 0 range key=zero count=1 last=0 base=0x203000 size=0x1000\n",
		"T 0 0 range key=zero count=1 last=0 base=0x203000 size=0x1000\n",
	};
	for (size_t i = 0; i < ARRAY_COUNT(next); i++) {
		event_line(range, 0, 0, next[i], 0x1000);
		assert_written(before[i]);
	}
	now = 1000;
	event_line(range, 0, 0, 0x203000, 0x1000);
	assert_written("T 0 0 range key=zero count=1 last=0 base=0x202000 size=0x1000\n");
}

static void a_mark_ends_spans_and_is_a_line(void **state)
{
	(void)state;
	spans_begin();
	event(unnamed, 0, 0);
	event_text(mark, 0, "a text");
	assert_written("T 0 0 unnamed key=0 count=1 last=0\nT 0 0 mark key=zero a text\n");
	event(unnamed, 0, 0);
	event_line(mark, 0, 0, 7);
	assert_written("T 0 0 unnamed key=0 count=1 last=0\nT 0 0 mark key=zero first=0x7\n");
	event_trace_only = "un";
	event_text(mark, 0, "a text");
	event_line(mark, 0, 0, 7);
	assert_written("");
	event_trace_on = false;
	event_trace_only = "";
	event_text(mark, 0, "a text");
	assert_written("");
}

/* Events in the spans that were written; nothing is written then. */
static unsigned long take_counts(void)
{
	unsigned long sum = 0;
	for (const char *at = fake_console_text; (at = strstr(at, "count=")) != NULL;) {
		at += strlen("count=");
		sum += strtoul(at, NULL, 10);
	}
	fake_console_text[0] = 0;
	return sum;
}

/* More kinds than have a span of their own take turns in one. */
static void no_event_is_lost(void **state)
{
	(void)state;
	static struct event kinds[200];
	unsigned long written = 0;
	spans_begin();
	for (size_t i = 0; i < 3 * ARRAY_COUNT(kinds); i++) {
		struct event *kind = &kinds[i % ARRAY_COUNT(kinds)];
		kind->name = "many";
		event_write(kind, 1, 0, NULL);
		written += take_counts();
	}
	assert_true(written > ARRAY_COUNT(kinds));
	event_spans_end();
	assert_int_equal(written + take_counts(), 3 * ARRAY_COUNT(kinds));
}

/* Nor is it counted as one of another key: that one's span is written. */
static void keys_that_share_a_span_are_told_apart(void **state)
{
	(void)state;
	unsigned long written = 0;
	spans_begin();
	for (uint64_t key = 0; key < 200; key++) {
		event_write(&event_unnamed, 2, key, NULL);
		written += take_counts();
	}
	assert_true(written > 50);
}

static void names_keys(void **state)
{
	(void)state;
	assert_string_equal(event_key_name(&event_keyed, 0), "zero");
	assert_null(event_key_name(&event_keyed, 1));
	assert_null(event_key_name(&event_keyed, KEYS));
	assert_null(event_key_name(&event_unnamed, 0));
}

/* --- the tables of the machine's program ------------------------------------------------------ */

/* No two keys of an event and no two events have one name. */
static void assert_unique(const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < i && list[i] != NULL; j++) {
			assert_true(list[j] == NULL || strcmp(list[i], list[j]) != 0);
		}
	}
}

static void tables_are_sound(void **state)
{
	(void)state;
	const struct event *const *const tables[] = { module_events, vmm_events };
	const char *all[64];
	size_t count = 0;
	for (size_t t = 0; t < ARRAY_COUNT(tables); t++) {
		for (size_t i = 0; tables[t][i] != NULL; i++) {
			const struct event *event = tables[t][i];
			assert_true(count < ARRAY_COUNT(all));
			all[count++] = event->name;
			/* Who has keys names them. */
			assert_int_equal(event->keys != 0, event->key != NULL);
			if (event->shape != EVENT_MARK && event->shape != EVENT_RANGE) {
				assert_int_equal(event->keys != 0,
						 event->shape == EVENT_KEYS ||
							 event->shape == EVENT_CPUS);
			}
			if (event->shape == EVENT_RANGE) {
				assert_int_equal(event->argument_count, 2);
				assert_string_equal(event->arguments[0], "gpa");
				assert_string_equal(event->arguments[1], "size");
			}
			assert_unique(event->arguments, event->argument_count);
			if (event->key_names != NULL) {
				assert_unique(event->key_names, event->keys);
			}
			if (event->shape == EVENT_CPUS) {
				assert_int_equal(event->keys, MACHINE_MAX_CPUS);
			}
		}
	}
	assert_unique(all, count);
}

static void names_of_the_abi(void **state)
{
	(void)state;
	assert_string_equal(tdg_leaf_names[TDG_MEM_PAGE_ACCEPT], "MEM.PAGE.ACCEPT");
	assert_string_equal(tdg_leaf_names[TDG_VP_INVVPID], "VP.INVVPID");
	assert_null(tdg_leaf_names[13]);
	assert_string_equal(tdh_leaf_names[TDH_MNG_KEY_RECLAIMID], "MNG.KEY.RECLAIMID");
	assert_string_equal(tdh_leaf_names[TDH_SYS_LP_SHUTDOWN], "SYS.LP.SHUTDOWN");
	assert_null(tdh_leaf_names[42]);
	assert_string_equal(exit_reason_names[EXIT_REASON_EPT_VIOLATION], "MMIO");
	assert_string_equal(event_key_name(&event_kvm_hypercall, KVM_HC_SEND_IPI), "SEND_IPI");
}

/* Sub-functions in a row, and what is none of them. */
static void keys_of_tdvmcalls(void **state)
{
	(void)state;
	assert_int_equal(tdvmcall_key(0), 0);
	assert_string_equal(tdvmcall_names[tdvmcall_key(TDVMCALL_MMIO)], "MMIO");
	assert_string_equal(tdvmcall_names[tdvmcall_key(TDVMCALL_PCONFIG)], "PCONFIG");
	assert_int_equal(tdvmcall_key(EXIT_REASON_COUNT - 1), EXIT_REASON_COUNT - 1);
	assert_int_equal(tdvmcall_key(EXIT_REASON_COUNT), TDVMCALL_KEY_COUNT);
	assert_int_equal(tdvmcall_key(TDVMCALL_FIRST - 1), TDVMCALL_KEY_COUNT);
	assert_int_equal(tdvmcall_key(TDVMCALL_FIRST), TDVMCALL_KEY_FIRST);
	assert_string_equal(tdvmcall_names[tdvmcall_key(TDVMCALL_MAP_GPA)], "MapGPA");
	assert_int_equal(tdvmcall_key(TDVMCALL_LAST), TDVMCALL_KEY_COUNT - 1);
	assert_string_equal(tdvmcall_names[tdvmcall_key(TDVMCALL_SERVICE)], "Service");
	assert_int_equal(tdvmcall_key(TDVMCALL_LAST + 1), TDVMCALL_KEY_COUNT);
	assert_int_equal(tdvmcall_key(UINT64_MAX), TDVMCALL_KEY_COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(counts_by_key, clear),
		cmocka_unit_test_setup(writes_a_line, clear),
		cmocka_unit_test_setup(writes_those_whose_name_begins_so, clear),
		cmocka_unit_test_setup(prints_what_occurred, clear),
		cmocka_unit_test_setup(a_span_counts_events_of_one_key, clear),
		cmocka_unit_test_setup(a_span_ends_in_time, clear),
		cmocka_unit_test_setup(a_span_is_a_vcpus_own, clear),
		cmocka_unit_test_setup(ranges_in_a_row_are_one, clear),
		cmocka_unit_test_setup(a_mark_ends_spans_and_is_a_line, clear),
		cmocka_unit_test_setup(no_event_is_lost, clear),
		cmocka_unit_test_setup(keys_that_share_a_span_are_told_apart, clear),
		cmocka_unit_test(names_keys),
		cmocka_unit_test(tables_are_sound),
		cmocka_unit_test(names_of_the_abi),
		cmocka_unit_test(keys_of_tdvmcalls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
