// What the last refusal is about.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/refusal.h"

#include <stdarg.h>

#include "arch/base/fmt.h"

static struct {
	enum status status; /* ST_OK: none yet */
	char text[REFUSAL_MAX];
} last;

enum status refuse(enum status status, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fmt_vprint(last.text, sizeof(last.text), format, args);
	va_end(args);
	last.status = status;
	return status;
}

const char *refusal_text(enum status status)
{
	return last.status == status ? last.text : "unnamed";
}
