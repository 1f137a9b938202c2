// Events: counted by key, written as lines, printed as JSON.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "arch/qemu/kvm.h"
#include "arch/tdx/names.h"
#include "boot-tests/machine/processors.h"
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
	EVENT(line, EVENT_LINE, 0, NULL, NULL)
EVENTS(EVENT_DECLARE)
EVENTS(EVENT_DEFINE)

static const struct event *const events[] = { &event_keyed, &event_unnamed, &event_plain,
					      &event_each,  &event_line,    NULL };

static int clear(void **state)
{
	(void)state;
	event_trace_on = false;
	event_trace_only = "";
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
			assert_int_equal(event->keys != 0,
					 event->shape == EVENT_KEYS || event->shape == EVENT_CPUS);
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
		cmocka_unit_test(names_keys),
		cmocka_unit_test(tables_are_sound),
		cmocka_unit_test(names_of_the_abi),
		cmocka_unit_test(keys_of_tdvmcalls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
