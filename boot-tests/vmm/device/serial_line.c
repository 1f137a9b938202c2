// The lines that a TD writes to its serial port, for the trace.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/device/serial_line.h"

#include "arch/x86/pc.h"
#include "boot-tests/vmm/vmm_events.h"

/* Of a 16550. */
#define LINE_CONTROL 3
#define LINE_CONTROL_DIVISOR 0x80

static void end(struct serial_line *line, uint32_t vcpu)
{
	if (line->length != 0) {
		line->text[line->length] = 0;
		line->length = 0;
		event_text(serial, vcpu, line->text);
	}
}

static void put(struct serial_line *line, uint32_t vcpu, uint8_t value)
{
	if (value == '\n') {
		end(line, vcpu);
	} else if (value != '\r' && value != 0) {
		line->text[line->length++] = (char)value;
		if (line->length == SERIAL_LINE_MAX) {
			end(line, vcpu);
		}
	}
}

void serial_line_write(struct serial_line *line, uint32_t vcpu, uint16_t port, uint8_t value)
{
	spin_lock(&line->lock);
	if (port == PC_COM1 + LINE_CONTROL) {
		line->divisor = (value & LINE_CONTROL_DIVISOR) != 0;
	} else if (port == PC_COM1 && !line->divisor) {
		put(line, vcpu, value);
	}
	spin_unlock(&line->lock);
}
