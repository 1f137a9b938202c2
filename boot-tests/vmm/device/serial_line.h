// The lines that a TD writes to its serial port, for the trace.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "boot-tests/machine/spinlock.h"

/* A longer one is told in pieces. */
#define SERIAL_LINE_MAX 200

/* All zero: nothing has been written. */
struct serial_line {
	struct spinlock lock;
	bool divisor; /* the data port is the divisor latch's */
	unsigned length;
	char text[SERIAL_LINE_MAX + 1];
};

/* A vCPU writes one byte to any port of the TD, before or after the device has it. Each line that
 * ends is an event; an empty one is none. */
void serial_line_write(struct serial_line *line, uint32_t vcpu, uint16_t port, uint8_t value);
