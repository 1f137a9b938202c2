// Cases that end the TD on purpose: their verdict is how the run ends.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/mem.h"
#include "arch/x86/insn.h"
#include "arch/x86/pc.h"
#include "boot-tests/payload/guest.h"
#include "boot-tests/payload/payload_case.h"
#include "boot-tests/payload/payload_main.h"
#include "boot-tests/payload/report.h"

static void case_fatal_error(const struct info *info)
{
	(void)info;
	EXPECT(guest_is_td(), "a plain VM has no ReportFatalError");
	report("reporting a fatal error");
	guest_fatal_error(0xBEEF0000,
			  "lintel test: this text must reach the host, all 64 bytes of it..");
}
PAYLOAD_CASE("fatal-error", case_fatal_error);

static void case_triple_fault(const struct info *info)
{
	const struct desc_pointer nothing = { 0, 0 };

	(void)info;
	report("an exception without an IDT");
	insn_lidt(&nothing);
	__builtin_trap();
}
PAYLOAD_CASE("triple-fault", case_triple_fault);

static void case_exception(const struct info *info)
{
	(void)info;
	report("an exception with an IDT");
	__builtin_trap();
}
PAYLOAD_CASE("exception", case_exception);

/* On the shim's IDT; with "stack=none" the stack pointer points nowhere: the CPU cannot deliver
 * #UD, nor the #PF that comes of it, and that is #DF. */
static void case_shim_exception(const struct info *info)
{
	const char *stack;
	unsigned length = info_option(info, "stack=", &stack);

	EXPECT(guest_is_td(), "a plain VM has no ReportFatalError");
	insn_lidt(&info->entry.idt);
	if (length == 4 && memcmp(stack, "none", 4) == 0) {
		report("an exception without a stack");
		fault_without_stack();
	} else {
		report("an exception on the shim's IDT");
		__asm__ volatile("ud2");
	}
	report_fail("it came back");
}
PAYLOAD_CASE("shim-exception", case_shim_exception);

static void case_hang(const struct info *info)
{
	(void)info;
	report("nothing happens from here on");
	for (;;) {
		insn_pause();
	}
}
PAYLOAD_CASE("hang", case_hang);

#define RESET_CONTROL_HARD 0x6

/* Asks for a reset by port 0xCF9. */
static void case_reset(const struct info *info)
{
	(void)info;
	report("asking for a reset");
	guest_out8(PC_RESET_CONTROL, RESET_CONTROL_HARD);
	EXPECT(false, "the TD runs on after it has asked for a reset");
}
PAYLOAD_CASE("reset", case_reset);
