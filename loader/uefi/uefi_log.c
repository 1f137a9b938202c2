// Lines "lintel: ..." on the firmware's console.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/uefi/uefi_log.h"

#include <stdarg.h>

#include "arch/base/fmt.h"
#include "loader/uefi/uefi_services.h"

static void print_line(const char *text, const char *end)
{
	uefi_print("lintel: ");
	uefi_print(text);
	uefi_print(end);
	uefi_print("\n");
}

void uefi_note(const char *format, ...)
{
	char text[UEFI_LINE_MAX];
	va_list args;
	va_start(args, format);
	fmt_vprint(text, sizeof(text), format, args);
	va_end(args);
	print_line(text, "");
}

uefi_status_t uefi_refuse(uefi_status_t status, const char *format, ...)
{
	char text[UEFI_LINE_MAX];
	char end[40];
	va_list args;
	va_start(args, format);
	fmt_vprint(text, sizeof(text), format, args);
	va_end(args);
	fmt_print(end, sizeof(end), ": %s", uefi_status_name(status));
	print_line(text, end);
	return status;
}
