// Events as lines of the trace and as statistics.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/event.h"

#include "boot-tests/machine/console.h"
#include "boot-tests/machine/time.h"

bool event_trace_on;
const char *event_trace_only = "";

const char *event_key_name(const struct event *event, uint64_t key)
{
	return event->key_names != NULL && key < event->keys ? event->key_names[key] : NULL;
}

/* With a quote at both ends where it stands in JSON. */
static void write_key(const struct event *event, uint64_t key, const char *quote)
{
	const char *name = key < event->keys ? event_key_name(event, key) : "unknown";
	if (name != NULL) {
		console_part("%s%s%s", quote, name, quote);
	} else {
		console_part("%s%llu%s", quote, (unsigned long long)key, quote);
	}
}

static bool begins_with(const char *text, const char *start)
{
	while (*start != 0 && *text == *start) {
		text++;
		start++;
	}
	return *start == 0;
}

void event_write(const struct event *event, uint32_t vcpu, uint64_t key, const uint64_t *arguments)
{
	if (!begins_with(event->name, event_trace_only)) {
		return;
	}
	unsigned long long now = time_us();
	console_open('T');
	console_part("%llu %u %s", now, vcpu, event->name);
	if (event->key != NULL) {
		console_part(" %s=", event->key);
		write_key(event, key, "");
	}
	for (unsigned i = 0; i < event->argument_count; i++) {
		console_part(" %s=0x%llx", event->arguments[i], (unsigned long long)arguments[i]);
	}
	console_close();
}

static void print_keys(const struct event *event)
{
	const char *comma = "";
	console_part("{");
	for (unsigned key = 0; key <= event->keys; key++) {
		if (event->counts[key] != 0) {
			console_part("%s", comma);
			write_key(event, key, "\"");
			console_part(": %llu", (unsigned long long)event->counts[key]);
			comma = ", ";
		}
	}
	console_part("}");
}

static void print_cpus(const struct event *event, unsigned cpus)
{
	const char *comma = "";
	console_part("[");
	for (unsigned cpu = 0; cpu < cpus; cpu++) {
		console_part("%s%llu", comma, (unsigned long long)event->counts[cpu]);
		comma = ", ";
	}
	console_part("]");
}

void event_print(const struct event *const *events, unsigned cpus)
{
	for (; *events != NULL; events++) {
		const struct event *event = *events;
		if (event->shape == EVENT_LINE) {
			continue;
		}
		console_part("\"%s\": ", event->name);
		if (event->shape == EVENT_KEYS) {
			print_keys(event);
		} else if (event->shape == EVENT_CPUS) {
			print_cpus(event, cpus);
		} else {
			console_part("%llu", (unsigned long long)event->counts[0]);
		}
		console_part(", ");
	}
}
