// Lines "lintel: ..." on the first serial port, format-checked; levels are chosen at build time.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// error: we stop or lose a guarantee. note: what a user wants to see at every boot. info, trace:
// for people who look for a fault; may hold addresses, never contents of memory.
#pragma once

#include <stdarg.h>

enum log_level { LOG_ERROR, LOG_NOTE, LOG_INFO, LOG_TRACE };

#define LOG_LEVEL LOG_NOTE

#define LOG_AT(level, ...)                     \
	do {                                   \
		if ((level) <= LOG_LEVEL) {    \
			log_line(__VA_ARGS__); \
		}                              \
	} while (0)
#define log_error(...) LOG_AT(LOG_ERROR, __VA_ARGS__)
#define log_note(...) LOG_AT(LOG_NOTE, __VA_ARGS__)
#define log_info(...) LOG_AT(LOG_INFO, __VA_ARGS__)
#define log_trace(...) LOG_AT(LOG_TRACE, __VA_ARGS__)

/* One line of at most LOG_LINE_MAX characters, "lintel: " and the line's end included. Longer text
 * is cut. A serial port that is absent, stuck or refused costs text, never the boot. */
#define LOG_LINE_MAX 160
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
