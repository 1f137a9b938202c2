// The end of a boot that cannot go on.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/fatal.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "arch/base/check.h"
#include "arch/base/fmt.h"
#include "arch/base/mem.h"
#include "arch/x86/insn.h"
#include "linker/memmap.h"
#include "shim/log.h"
#include "shim/tdx/vmcall.h"
#include "shim/tdx/world.h"

/* ReportFatalError code: 0 is a panic; QEMU refuses the call when its low 16 bits are not 0. */
#define FATAL_CODE 0

/* What an AP has left. vcpu is taken by the first one; told: text is whole. Both atomic. */
static struct {
	uint32_t vcpu;
	bool told;
	char text[LOG_LINE_MAX];
} of_ap;

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

/* By the stack that it runs on; 0: the boot processor. */
static uint32_t this_vcpu(void)
{
	uintptr_t offset = (uintptr_t)__builtin_frame_address(0) - AP_STACKS;
	return offset < AP_STACKS_SIZE ? 1 + (uint32_t)(offset / AP_STACK_AREA) : 0;
}

_Noreturn static void leave_to_bsp(uint32_t vcpu, const char *text)
{
	uint32_t none = 0;
	if (__atomic_compare_exchange_n(&of_ap.vcpu, &none, vcpu, false, __ATOMIC_RELAXED,
					__ATOMIC_RELAXED)) {
		memcpy(of_ap.text, text, sizeof(of_ap.text));
		__atomic_store_n(&of_ap.told, true, __ATOMIC_RELEASE);
	}
	for (;;) {
		status_ignore(vmcall_hlt(true), "a host that lets it go on is asked again");
	}
}

void fatal(enum status status, const char *format, ...)
{
	/* Printing must not end in a second print. */
	static bool entered;
	char text[LOG_LINE_MAX];
	memset(text, 0, sizeof(text));
	va_list args;
	va_start(args, format);
	size_t length = fmt_vprint(text, sizeof(text), format, args);
	va_end(args);
	if (status != ST_OK && length < sizeof(text)) {
		fmt_print(text + length, sizeof(text) - length, ": %s", status_text(status));
	}
	uint32_t vcpu = this_vcpu();
	if (vcpu != 0) {
		leave_to_bsp(vcpu, text);
	}
	if (!entered) {
		entered = true;
		log_error("fatal: %s", text);
	}
	stop(text);
}

void fatal_of_aps(void)
{
	if (__atomic_load_n(&of_ap.told, __ATOMIC_ACQUIRE)) {
		fatal(ST_OK, "vCPU %u: %s", of_ap.vcpu, of_ap.text);
	}
}

void bug(const char *file, int line, const char *what)
{
	fatal(ST_OK, "%s:%d: bug: %s", file, line, what);
}
