// A small vsnprintf: %s %c %d %u %x with 0, width, l, ll; %% . Anything else is a bug of ours.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdarg.h>
#include <stddef.h>

/*
 * Writes at most size bytes, always ends in NUL when size > 0, returns the length the whole text
 * would have had. %x prints no prefix.
 */
size_t fmt_vprint(char *out, size_t size, const char *format, va_list args);
size_t fmt_print(char *out, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
