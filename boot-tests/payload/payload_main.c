// The test payload: runs as a kernel does, as a TD or on a plain VM, and reports on COM1.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/payload/payload_main.h"

#include "arch/base/bits.h"
#include "arch/base/mem.h"
#include "arch/x86/insn.h"
#include "boot-tests/payload/cases.h"
#include "boot-tests/payload/guest.h"
#include "boot-tests/payload/payload_tables.h"
#include "boot-tests/payload/report.h"

static const struct test_case {
	const char *name;
	void (*run)(const struct info *info);
} cases[] = {
	{ "hello", case_hello },
	{ "wx", case_wx },
	{ "unknown-leaf", case_unknown_leaf },
	{ "aps", case_aps },
	{ "ap-rounds", case_ap_rounds },
	{ "ap-spin", case_ap_spin },
	{ "ap-access", case_ap_access },
	{ "ap-vectors", case_ap_vectors },
	{ "ap-vector", case_ap_vector },
	{ "mailbox-commands", case_mailbox_commands },
	{ "mailbox-ids", case_mailbox_ids },
	{ "mailbox-torn", case_mailbox_torn },
	{ "mailbox-rewritten", case_mailbox_rewritten },
	{ "mailbox-overrun", case_mailbox_overrun },
	{ "memory", case_memory },
	{ "left-behind", case_left_behind },
	{ "share", case_share },
	{ "interrupts", case_interrupts },
	{ "nmi", case_nmi },
	{ "ve-instructions", case_ve_instructions },
	{ "single-step", case_single_step },
	{ "nmi-ve", case_nmi_ve },
	{ "measured", case_measured },
	{ "secret", case_secret },
	{ "bench", case_bench },
	{ "shim-ve", case_shim_ve },
	{ "unaccepted", case_unaccepted },
	{ "no-memory", case_no_memory },
	{ "fatal-error", case_fatal_error },
	{ "triple-fault", case_triple_fault },
	{ "exception", case_exception },
	{ "shim-exception", case_shim_exception },
	{ "hang", case_hang },
	{ "reset", case_reset },
};

static void run(const struct info *info, const char *name, unsigned length)
{
	for (unsigned i = 0; i < ARRAY_COUNT(cases); i++) {
		if (strlen(cases[i].name) == length && memcmp(cases[i].name, name, length) == 0) {
			cases[i].run(info);
			report("PASS %s", cases[i].name);
			return;
		}
	}
	report_fail("no case of that name: %s", name);
}

_Noreturn void payload_main(const struct linux_boot_params *params, uint64_t cr0, uint64_t cr3,
			    uint64_t cr4, uint64_t efer, uint64_t rflags)
{
	const struct entry_state entry = { cr0, cr3, cr4, efer, rflags };
	static struct info info;
	const char *names;
	unsigned length;

	ve_keep_firmware_idt();
	report_catch_exceptions();
	guest_init();
	report("in a %s", guest_is_td() ? "TD" : "plain VM");
	insn_write_cr3(tables_make_own());
	info_read(&info, params, &entry);
	report("command line \"%s\"", info.cmdline);
	length = info_option(&info, "case=", &names);
	EXPECT(length != 0, "no case= on the command line");
	for (unsigned begin = 0; begin < length;) {
		unsigned end = begin;

		while (end < length && names[end] != ',') {
			end++;
		}
		run(&info, names + begin, end - begin);
		begin = end + 1;
	}
	report("done");
	report_power_off();
}
