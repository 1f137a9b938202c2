// The machine's lines in parts, as text.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/unit/machine/fake_console.h"

#include <stdio.h>
#include <string.h>

#include "boot-tests/machine/console.h"

char fake_console_text[4096];

static void add(const char *format, va_list args)
{
	size_t length = strlen(fake_console_text);
	(void)vsnprintf(fake_console_text + length, sizeof(fake_console_text) - length, format,
			args);
}

void console_part(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	add(format, args);
	va_end(args);
}

void console_open(char tag)
{
	console_part("%c ", tag);
}

void console_close(void)
{
	console_part("\n");
}
