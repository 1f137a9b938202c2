// Lines on the first serial port, polled. What goes wrong here costs text, never the boot.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/log.h"

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/fmt.h"
#include "arch/x86/pc.h"
#include "shim/port.h"

#define COM1_FIFO_CONTROL (PC_COM1 + 2)
#define FIFO_ENABLE 0x01
/* Of a 16550A, as each host has it that runs TDs. */
#define FIFO_SIZE 16
#define COM1_LINE_STATUS (PC_COM1 + 5)
#define LINE_STATUS_TRANSMIT_EMPTY 0x20

/* A 115200 baud character takes 87 us; a poll is never faster than 0.1 us. */
#define TRANSMIT_POLLS 10000

/* Characters that the FIFO takes for sure, so that one poll does for many. */
static unsigned room;

/* Waits until the FIFO is empty. It is off after reset. */
static bool make_room(void)
{
	static bool enabled;
	if (!enabled && port_write(COM1_FIFO_CONTROL, 1, FIFO_ENABLE) != ST_OK) {
		return false;
	}
	enabled = true;
	for (unsigned polls = 0; polls < TRANSMIT_POLLS; polls++) {
		uint32_t line_status;
		if (port_read(COM1_LINE_STATUS, 1, &line_status) != ST_OK) {
			return false;
		}
		if ((line_status & LINE_STATUS_TRANSMIT_EMPTY) != 0) {
			room = FIFO_SIZE;
			return true;
		}
	}
	return false;
}

static bool log_put(char c)
{
	if (room == 0 && !make_room()) {
		return false;
	}
	room--;
	return port_write(PC_COM1, 1, (unsigned char)c) == ST_OK;
}

static bool put_text(const char *text)
{
	for (; *text != 0; text++) {
		if (!log_put(*text)) {
			return false;
		}
	}
	return true;
}

void log_line(const char *format, ...)
{
	static const char prefix[] = "lintel: ";
	static const char end[] = "\r\n";
	char text[LOG_LINE_MAX - (sizeof(prefix) - 1) - (sizeof(end) - 1) + 1];
	va_list args;
	va_start(args, format);
	fmt_vprint(text, sizeof(text), format, args);
	va_end(args);
	if (put_text(prefix) && put_text(text)) {
		put_text(end);
	}
}
