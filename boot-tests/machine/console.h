// The machine's own output: debug console, one line per record, never mixed.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Each line starts with a tag that tools/tdrun reads:
//   "L "  log line for people          "E "  why the TD was stopped, or the fatal error text
//   "N "  what tools/tdrun says besides
//   "R "  a line of the host script, and whether it "waits" or has "fired"
//   "V "  where a vCPU stood when it died, was stopped, or the time was over
//   "F "  name and bytes of a file that the host gives the TD (--host-files)
//   "T "  event (--trace)              "S "  the statistics, one line of JSON, last before the end
#pragma once

#include <stdarg.h>

void console_line(char tag, const char *format, ...) __attribute__((format(printf, 2, 3)));
void console_vline(char tag, const char *format, va_list args);

/* A line of several parts, for what is longer than one format makes: no other CPU writes between
 * console_open() and console_close(). */
void console_open(char tag);
void console_part(const char *format, ...) __attribute__((format(printf, 1, 2)));
void console_close(void);
