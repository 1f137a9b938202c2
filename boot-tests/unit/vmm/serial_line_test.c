// Tests of the lines of a TD's serial port.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/device/serial_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/pc.h"
#include "boot-tests/machine/event.h"
#include "boot-tests/unit/machine/fake_console.h"

static struct serial_line line;

static int reset(void **state)
{
	(void)state;
	memset(&line, 0, sizeof(line));
	fake_console_text[0] = 0;
	event_trace_on = true;
	return 0;
}

static void write_text(const char *text)
{
	for (; *text != 0; text++) {
		serial_line_write(&line, 3, PC_COM1, (uint8_t)*text);
	}
}

/* The only line of the trace, without its time. */
static void assert_traced(const char *expected)
{
	unsigned long long us;
	int at = 0;
	assert_int_equal(sscanf(fake_console_text, "T %llu %n", &us, &at), 1);
	assert_string_equal(fake_console_text + at, expected);
	fake_console_text[0] = 0;
}

static void a_line_is_an_event(void **state)
{
	(void)state;
	write_text("one line\r");
	assert_string_equal(fake_console_text, "");
	write_text("\n");
	assert_traced("3 serial one line\n");
	write_text("\r\n\n");
	assert_string_equal(fake_console_text, "");
	write_text("x=1 y=2\n");
	assert_traced("3 serial x=1 y=2\n");
	serial_line_write(&line, 3, PC_COM1, 0);
	write_text("\n");
	assert_string_equal(fake_console_text, "");
}

static void a_long_line_is_cut(void **state)
{
	(void)state;
	char text[SERIAL_LINE_MAX + 1];
	char expected[sizeof(text) + 16];
	memset(text, 'a', SERIAL_LINE_MAX);
	text[SERIAL_LINE_MAX] = 0;
	snprintf(expected, sizeof(expected), "3 serial %s\n", text);
	write_text(text + 1);
	assert_string_equal(fake_console_text, "");
	write_text("a");
	assert_traced(expected);
	write_text("b\n");
	assert_traced("3 serial b\n");
}

static void other_registers_are_no_text(void **state)
{
	(void)state;
	for (uint16_t port = PC_COM1 - 1; port <= PC_COM1 + 8; port++) {
		if (port != PC_COM1 && port != PC_COM1 + 3) {
			serial_line_write(&line, 3, port, 'x');
		}
	}
	serial_line_write(&line, 3, PC_COM1 + 3, 0x83);
	write_text("divisor\n");
	serial_line_write(&line, 3, PC_COM1 + 3, 0x03);
	assert_string_equal(fake_console_text, "");
	write_text("text\n");
	assert_traced("3 serial text\n");
}

static void without_a_trace_nothing_is_told(void **state)
{
	(void)state;
	event_trace_on = false;
	write_text("text\n");
	assert_string_equal(fake_console_text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_line_is_an_event, reset),
		cmocka_unit_test_setup(a_long_line_is_cut, reset),
		cmocka_unit_test_setup(other_registers_are_no_text, reset),
		cmocka_unit_test_setup(without_a_trace_nothing_is_told, reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
