// Events as lines of the trace and as statistics.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/event.h"

#include "boot-tests/machine/console.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/time.h"

bool event_trace_on;
bool event_spans_on;
const char *event_trace_only = "";

/* A span is this long at most, or this part of the time until it begins. */
#define SPAN_US 1000
#define SPAN_PART 512

/* Events of one key of one vCPU. */
struct event_span {
	const struct event *event; /* null: of none yet */
	uint64_t key;
	uint64_t count; /* 0: it is written */
	uint64_t first_us, last_us;
	uint64_t base, end; /* of ranges */
};

/* Of a vCPU. A key has the first one from its hash on that is not another's; when there is none
 * left, that of its hash. */
#define SPANS 128
static struct event_span spans[MACHINE_MAX_CPUS][SPANS]; /* by vCPU */

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

static void open_line(const struct event *event, uint32_t vcpu, uint64_t key, uint64_t us)
{
	console_open('T');
	console_part("%llu %u %s", (unsigned long long)us, vcpu, event->name);
	if (event->key != NULL) {
		console_part(" %s=", event->key);
		write_key(event, key, "");
	}
}

/* --- spans ------------------------------------------------------------------------------------ */

static void span_write(struct event_span *span, uint32_t vcpu)
{
	const struct event *event = span->event;
	if (span->count == 0) {
		return;
	}
	open_line(event, vcpu, span->key, span->first_us);
	console_part(" count=%llu last=%llu", (unsigned long long)span->count,
		     (unsigned long long)span->last_us);
	if (event->shape == EVENT_RANGE) {
		console_part(" %s=0x%llx %s=0x%llx", event->arguments[0],
			     (unsigned long long)span->base, event->arguments[1],
			     (unsigned long long)(span->end - span->base));
	}
	console_close();
	span->count = 0;
}

static void spans_write(uint32_t vcpu)
{
	for (unsigned i = 0; i < SPANS; i++) {
		span_write(&spans[vcpu][i], vcpu);
	}
}

void event_spans_end(void)
{
	for (uint32_t vcpu = 0; vcpu < MACHINE_MAX_CPUS; vcpu++) {
		spans_write(vcpu);
	}
}

/* That of the key, or one to begin. */
static struct event_span *span_find(const struct event *event, uint64_t key, uint32_t vcpu)
{
	uint64_t hash = (uintptr_t)event / sizeof(*event) + key;
	for (unsigned i = 0; i < SPANS; i++) {
		struct event_span *span = &spans[vcpu][(hash + i) % SPANS];
		if (span->event == NULL || (span->event == event && span->key == key)) {
			return span;
		}
	}
	return &spans[vcpu][hash % SPANS];
}

static bool span_goes_on(const struct event_span *span, const struct event *event, uint64_t key,
			 const uint64_t *arguments, uint64_t now)
{
	uint64_t longest = span->first_us / SPAN_PART;
	return span->count != 0 && span->event == event && span->key == key &&
	       now - span->first_us < (longest < SPAN_US ? SPAN_US : longest) &&
	       (event->shape != EVENT_RANGE || arguments[0] == span->end);
}

static void span_add(const struct event *event, uint32_t vcpu, uint64_t key,
		     const uint64_t *arguments)
{
	uint64_t now = time_us();
	struct event_span *span = span_find(event, key, vcpu);
	if (!span_goes_on(span, event, key, arguments, now)) {
		span_write(span, vcpu);
		*span = (struct event_span){ .event = event, .key = key, .first_us = now };
		span->base = event->shape == EVENT_RANGE ? arguments[0] : 0;
	}
	span->count++;
	span->last_us = now;
	span->end = event->shape == EVENT_RANGE ? arguments[0] + arguments[1] : 0;
}

/* The time of a line that is no span. */
static uint64_t begin_line(uint32_t vcpu)
{
	if (event_spans_on) {
		spans_write(vcpu);
	}
	return time_us();
}

/* --- lines ------------------------------------------------------------------------------------ */

void event_write_text(const struct event *event, uint32_t vcpu, const char *text)
{
	if (begins_with(event->name, event_trace_only)) {
		open_line(event, vcpu, 0, begin_line(vcpu));
		console_part(" %s", text);
		console_close();
	}
}

void event_write(const struct event *event, uint32_t vcpu, uint64_t key, const uint64_t *arguments)
{
	if (!begins_with(event->name, event_trace_only)) {
		return;
	}
	if (event_spans_on && event->shape != EVENT_MARK) {
		span_add(event, vcpu, key, arguments);
		return;
	}
	open_line(event, vcpu, key, begin_line(vcpu));
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
		if (event->shape >= EVENT_LINE) {
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
