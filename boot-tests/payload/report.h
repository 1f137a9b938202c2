// Output on COM1, and the two ways a payload ends: power-off and failure.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Each line begins with "payload: ". A case that holds prints "PASS <case>", a broken expectation
// "FAIL <why>".
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/frame.h"

/* One line; only one CPU may print at a time. */
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints FAIL and stops: a TD by ReportFatalError, a plain VM by power-off. The first CPU to fail
 * speaks, others wait. */
_Noreturn void report_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A broken expectation of a test, with the values. */
#define EXPECT(condition, ...)                    \
	do {                                      \
		if (!(condition)) {               \
			report_fail(__VA_ARGS__); \
		}                                 \
	} while (0)

/* The port of PM1a_CNT; report_power_off() needs it. */
void report_set_power_port(uint16_t port);
_Noreturn void report_power_off(void);

/* Own GDT and IDT on this CPU: an exception is then a failure with a register dump. */
void report_catch_exceptions(void);
/* Interrupts and NMIs go to handler from now on; stubs are those of payload_entry.nasm. */
void report_take_interrupts(const char *stubs, void (*handler)(uint8_t vector));
/* From now on an exception, or an NMI, is a failure only if handler returns false. */
void report_take_exceptions(bool (*handler)(struct trap_frame *frame));
/* Called by the stubs of exceptions and interrupts. */
void exception(struct trap_frame *frame);
