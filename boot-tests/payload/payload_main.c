// The test payload: runs as a kernel does, as a TD or on a plain VM, and reports on COM1.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/payload/payload_main.h"

#include "arch/base/mem.h"
#include "arch/x86/insn.h"
#include "boot-tests/payload/guest.h"
#include "boot-tests/payload/payload_case.h"
#include "boot-tests/payload/payload_tables.h"
#include "boot-tests/payload/report.h"

/* Of the linker script. */
extern const struct payload_case payload_cases[], payload_cases_end[];

static void run(const struct info *info, const char *name, unsigned length)
{
	const struct payload_case *found = NULL;

	for (const struct payload_case *at = payload_cases; at < payload_cases_end; at++) {
		if (strlen(at->name) == length && memcmp(at->name, name, length) == 0) {
			EXPECT(found == NULL, "two cases have the name %s", at->name);
			found = at;
		}
	}
	EXPECT(found != NULL, "no case of that name: %s", name);
	found->run(info);
	report("PASS %s", found->name);
}

_Noreturn void payload_main(const struct linux_boot_params *params, uint64_t cr0, uint64_t cr3,
			    uint64_t cr4, uint64_t efer, uint64_t rflags)
{
	struct entry_state entry = { cr0, cr3, cr4, efer, rflags, { 0 } };
	static struct info info;
	const char *names;
	unsigned length;

	insn_sidt(&entry.idt);
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
