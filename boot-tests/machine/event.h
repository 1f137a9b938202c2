// Events: each is counted, and written while a trace is on: as a line, or gathered in spans.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The machine knows no event of its own: a layer above has a table, a file of rows
//
//   EVENT(id, shape, keys, names, key, ...)
//
// id is the event's name. It has counters for keys 0 to keys - 1 and one for all others; names are
// those of the keys (null: none), key is what a line calls the key, and then come the names of its
// other arguments. EVENT_DECLARE in the table's header and EVENT_DEFINE in its source make of it
// what event(id, ...) and the statistics need.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How the statistics show the counters. */
enum event_shape {
	EVENT_NUMBER, /* a number: without keys */
	EVENT_KEYS,   /* an object of the keys that occurred, by their names */
	EVENT_CPUS,   /* an array: the key is the CPU's index */
	EVENT_LINE,   /* not at all: seen only while a trace is on */
	EVENT_MARK,   /* the same; among spans it is a line */
	EVENT_RANGE,  /* the same; its arguments are where a range begins, and its size */
};

struct event {
	const char *name;
	enum event_shape shape;
	unsigned keys;
	uint64_t *counts; /* keys + 1: the last is that of keys outside the table */
	const char *const *key_names;
	const char *key;
	const char *const *arguments;
	unsigned argument_count;
};

#define EVENT_NAMES(...) ((const char *const[]){ __VA_ARGS__ })
#define EVENT_DECLARE(id, shape_, keys_, names_, key_, ...)                                       \
	enum {                                                                                    \
		event_##id##_keys = (keys_),                                                      \
		event_##id##_arguments = sizeof(EVENT_NAMES(__VA_ARGS__)) / sizeof(const char *), \
	};                                                                                        \
	extern uint64_t event_##id##_counts[event_##id##_keys + 1];                               \
	extern const struct event event_##id;
#define EVENT_DEFINE(id, shape_, keys_, names_, key_, ...)   \
	uint64_t event_##id##_counts[event_##id##_keys + 1]; \
	const struct event event_##id = {                    \
		.name = #id,                                 \
		.shape = (shape_),                           \
		.keys = event_##id##_keys,                   \
		.counts = event_##id##_counts,               \
		.key_names = (names_),                       \
		.key = (key_),                               \
		.arguments = EVENT_NAMES(__VA_ARGS__),       \
		.argument_count = event_##id##_arguments,    \
	};

/* An event of a vCPU; what follows the key are the arguments, as many as they have names. */
#define event(id, vcpu, key, ...)                       \
	do {                                            \
		event_count(id, key);                   \
		event_line(id, vcpu, key, __VA_ARGS__); \
	} while (0)

/* The two halves of event(), for a call that is counted when it begins and has its results when it
 * ends. event_count() returns how many of its key there were. */
#define event_count(id, key) event_add(event_##id##_counts, (key), event_##id##_keys)
#define event_line(id, vcpu, key, ...)                                                        \
	do {                                                                                  \
		_Static_assert(sizeof((uint64_t[]){ __VA_ARGS__ }) ==                         \
				       sizeof(uint64_t) * event_##id##_arguments,             \
			       "an event has an argument for each name");                     \
		if (event_trace_on) {                                                         \
			event_write(&event_##id, (vcpu), (key), (uint64_t[]){ __VA_ARGS__ }); \
		}                                                                             \
	} while (0)

/* Counts an event, for event_count(). vCPUs run at the same time. */
static inline uint64_t event_add(uint64_t *counts, uint64_t key, uint64_t keys)
{
	return __atomic_fetch_add(&counts[key < keys ? key : keys], 1, __ATOMIC_RELAXED);
}

/* A trace is written. */
extern bool event_trace_on;
/* A trace has the events whose name begins so: "" are all. A character takes the console a
 * microsecond. */
extern const char *event_trace_only;

/* The trace is of spans: then a whole boot has some thousand lines, and takes little longer. It is
 * of one TD, whose vCPUs are below MACHINE_MAX_CPUS. */
extern bool event_spans_on;

/*
 * "T <us> <vcpu> <event> <key>=<its name or number> <argument>=0x<value> ...", us since the
 * machine's start. In a trace of spans only marks are such lines; of all others there is
 *
 *   "T <us> <vcpu> <event> <key>=<...> count=<n> last=<us>"
 *
 * for n events of that key, the first and the last of them at these times. A span of ranges ends
 * with theirs: each begins where the one before ends. A mark ends all spans of its vCPU.
 */
void event_write(const struct event *event, uint32_t vcpu, uint64_t key, const uint64_t *arguments);

/* A mark that is a text: "T <us> <vcpu> <event> <text>". */
#define event_text(id, vcpu, text)                                 \
	do {                                                       \
		if (event_trace_on) {                              \
			event_write_text(&event_##id, vcpu, text); \
		}                                                  \
	} while (0)
void event_write_text(const struct event *event, uint32_t vcpu, const char *text);

/* Writes the spans that have begun, when no CPU has an event any more. */
void event_spans_end(void);

/* The name of a key; null: it has none. */
const char *event_key_name(const struct event *event, uint64_t key);

/* Members of a JSON object, "<event>": <counters>, each followed by ", ", into the line that
 * console_open() began; events ends with a null, arrays have an element for each CPU. Keys outside
 * the table are "unknown". */
void event_print(const struct event *const *events, unsigned cpus);
