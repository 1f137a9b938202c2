// The machine's lines in parts, as text.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/unit/machine/fake_log.h"

#include <stdio.h>
#include <string.h>

#include "boot-tests/machine/debug_log.h"

char fake_log_text[4096];

static void add(const char *format, va_list args)
{
	size_t length = strlen(fake_log_text);
	(void)vsnprintf(fake_log_text + length, sizeof(fake_log_text) - length, format, args);
}

void log_part(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	add(format, args);
	va_end(args);
}

void log_open(char tag)
{
	log_part("%c ", tag);
}

void log_close(void)
{
	log_part("\n");
}
