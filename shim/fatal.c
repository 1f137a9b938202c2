// The end of a boot that cannot go on.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/fatal.h"

#include <stdarg.h>
#include <stdbool.h>

#include "arch/base/check.h"
#include "arch/base/fmt.h"
#include "arch/base/mem.h"
#include "arch/x86/insn.h"
#include "shim/log.h"
#include "shim/tdx/vmcall.h"
#include "shim/tdx/world.h"

/* ReportFatalError code: 0 is a panic; QEMU refuses the call when its low 16 bits are not 0. */
#define FATAL_CODE 0

_Noreturn static void stop(const char *text)
{
	if (world_is_td()) {
		vmcall_report_fatal(FATAL_CODE, text);
	}
	for (;;) {
		insn_cli();
		insn_hlt();
	}
}

void fatal(enum status status, const char *format, ...)
{
	/* Printing must not end in a second print. */
	static bool entered;
	static char text[LOG_LINE_MAX];
	memset(text, 0, sizeof(text));
	va_list args;
	va_start(args, format);
	size_t length = fmt_vprint(text, sizeof(text), format, args);
	va_end(args);
	if (status != ST_OK && length < sizeof(text)) {
		fmt_print(text + length, sizeof(text) - length, ": %s", status_text(status));
	}
	if (!entered) {
		entered = true;
		log_error("fatal: %s", text);
	}
	stop(text);
}

void bug(const char *file, int line, const char *what)
{
	fatal(ST_OK, "%s:%d: bug: %s", file, line, what);
}
