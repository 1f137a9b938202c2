// Output on COM1, and the two ways a payload ends: power-off and failure.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/payload/report.h"

#include <stdarg.h>
#include <stddef.h>

#include "arch/acpi/fadt.h"
#include "arch/base/bits.h"
#include "arch/base/check.h"
#include "arch/base/fmt.h"
#include "arch/x86/cpu.h"
#include "arch/x86/desc.h"
#include "arch/x86/frame.h"
#include "arch/x86/insn.h"
#include "arch/x86/pc.h"
#include "boot-tests/payload/guest.h"

#define COM1_LSR (PC_COM1 + 5)
#define LSR_THR_EMPTY 0x20
#define LSR_ALL_SENT 0x40

#define LINE_SIZE 200
/* Code and data selectors of the Linux boot protocol. */
#define SELECTOR_CODE 0x10

/* The code of this payload in ReportFatalError; QEMU wants its low 16 bits 0. */
#define FATAL_CODE 0x7E570000

static uint16_t power_port;
/* The CPU that fails, by its number and 1: 0 while none does. */
static uint32_t failing;

static void wait_line_status(uint8_t bits)
{
	for (unsigned polls = 0; polls < 100000; polls++) {
		if ((guest_in8(COM1_LSR) & bits) == bits) {
			return;
		}
	}
}

static void print(const char *prefix, const char *format, va_list args)
{
	char line[LINE_SIZE];
	size_t length = fmt_print(line, sizeof(line), "payload: %s", prefix);

	fmt_vprint(line + length, sizeof(line) - length, format, args);
	for (const char *c = line; *c != '\0'; c++) {
		wait_line_status(LSR_THR_EMPTY);
		guest_out8(PC_COM1, (uint8_t)*c);
	}
	guest_out8(PC_COM1, '\r');
	guest_out8(PC_COM1, '\n');
}

void report(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print("", format, args);
	va_end(args);
}

_Noreturn void report_fail(const char *format, ...)
{
	uint32_t self = guest_cpu_number() + 1, first = 0;
	va_list args;

	if (__atomic_compare_exchange_n(&failing, &first, self, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE)) {
		va_start(args, format);
		print("FAIL ", format, args);
		va_end(args);
	} else if (first != self) {
		for (;;) {
			/* The first one ends the payload. */
			insn_pause();
		}
	}
	/* To print, too, can fail: where the host refuses the port. */
	if (guest_is_td()) {
		guest_fatal_error(FATAL_CODE, "payload: a test failed");
	}
	report_power_off();
}

_Noreturn void bug(const char *file, int line, const char *what)
{
	report_fail("%s:%d: %s", file, line, what);
}

void report_set_power_port(uint16_t port)
{
	power_port = port;
}

_Noreturn void report_power_off(void)
{
	wait_line_status(LSR_ALL_SENT);
	if (power_port != 0) {
		guest_out16(power_port,
			    (uint16_t)(ACPI_PM1_CONTROL_SLP_EN |
				       field_put(ACPI_PM1_CONTROL_SLP_TYP, ACPI_QEMU_S5_SLP_TYP)));
	}
	for (;;) {
		insn_pause();
	}
}

static const uint64_t gdt[] = { 0, 0, GDT_CODE64, GDT_DATA };
static struct idt_gate idt[256];
static void (*interrupt_handler)(uint8_t vector);
static bool (*exception_handler)(struct trap_frame *frame);
extern const char exception_stubs[];

static void set_gates(unsigned first, unsigned count, const char *stubs)
{
	for (unsigned i = 0; i < count; i++) {
		uint64_t stub = (uint64_t)stubs + EXCEPTION_STUB_SIZE * i;

		idt[first + i] = (struct idt_gate){
			.offset_low = (uint16_t)stub,
			.selector = SELECTOR_CODE,
			.type = IDT_INTERRUPT_GATE,
			.offset_mid = (uint16_t)(stub >> 16),
			.offset_high = (uint32_t)(stub >> 32),
		};
	}
}

void report_catch_exceptions(void)
{
	const struct desc_pointer gdt_pointer = { sizeof(gdt) - 1, (uint64_t)gdt };
	const struct desc_pointer idt_pointer = { sizeof(idt) - 1, (uint64_t)idt };

	/* The same bytes on each CPU: written again or not makes no difference. */
	set_gates(0, EXCEPTION_COUNT, exception_stubs);
	insn_lgdt(&gdt_pointer);
	insn_lidt(&idt_pointer);
}

void report_take_interrupts(const char *stubs, void (*handler)(uint8_t vector))
{
	interrupt_handler = handler;
	set_gates(EXCEPTION_COUNT, ARRAY_COUNT(idt) - EXCEPTION_COUNT, stubs);
}

void report_take_exceptions(bool (*handler)(struct trap_frame *frame))
{
	exception_handler = handler;
}

void exception(struct trap_frame *frame)
{
	if (frame->vector < EXCEPTION_COUNT && exception_handler != NULL &&
	    exception_handler(frame)) {
		return;
	}
	if (frame->vector >= EXCEPTION_COUNT ||
	    (frame->vector == VECTOR_NMI && interrupt_handler != NULL)) {
		interrupt_handler((uint8_t)frame->vector);
		return;
	}
	report_fail("exception %lu error=%lx rip=%lx rsp=%lx cr2=%lx", frame->vector,
		    frame->error_code, frame->rip, frame->rsp, insn_read_cr2());
}
