// Lines to the debug console.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/console.h"

#include <stddef.h>

#include "arch/base/fmt.h"
#include "arch/lintel/exit_status.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/spinlock.h"

#define PART_SIZE 512
/* Some 10 s, however fast the TSC: other CPUs may have many turns first. A CPU that died while it
 * held the lock must not silence the report of that. */
#define LOCK_CLOCKS 40000000000

static struct spinlock lock;

static void part(const char *format, va_list args)
{
	char text[PART_SIZE];
	fmt_vprint(text, sizeof(text), format, args);
	for (const char *c = text; *c != 0; c++) {
		/* Text of the TD must not look like a line of ours. */
		insn_out8(MACHINE_LOG_PORT, (uint8_t)(*c < ' ' ? '?' : *c));
	}
}

void console_part(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	part(format, args);
	va_end(args);
}

void console_open(char tag)
{
	uint64_t begin = insn_rdtsc();
	while (!spin_try(&lock) && insn_rdtsc() - begin < LOCK_CLOCKS) {
		insn_pause();
	}
	insn_out8(MACHINE_LOG_PORT, (uint8_t)tag);
	insn_out8(MACHINE_LOG_PORT, ' ');
}

void console_close(void)
{
	insn_out8(MACHINE_LOG_PORT, '\n');
	spin_unlock(&lock);
}

void console_vline(char tag, const char *format, va_list args)
{
	console_open(tag);
	part(format, args);
	console_close();
}

void console_line(char tag, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	console_vline(tag, format, args);
	va_end(args);
}
