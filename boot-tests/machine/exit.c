// Leaving QEMU.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/exit.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "arch/base/check.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/console.h"
#include "boot-tests/machine/processors.h"

static void (*last_words)(void);

void machine_at_exit(void (*print)(void))
{
	last_words = print;
}

_Noreturn void machine_exit(enum machine_exit_code code, const char *format, ...)
{
	static bool left;
	if (!__atomic_exchange_n(&left, true, __ATOMIC_ACQ_REL)) {
		cpu_stop_others();
		va_list args;
		va_start(args, format);
		console_vline('E', format, args);
		va_end(args);
		if (last_words != NULL) {
			last_words();
		}
		insn_out8(MACHINE_EXIT_PORT, (uint8_t)code);
	}
	cpu_stop();
}

_Noreturn void bug(const char *file, int line, const char *what)
{
	machine_exit(EXIT_BUG, "bug of the machine: %s:%d: %s", file, line, what);
}
