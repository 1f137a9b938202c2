// What the self-tests of the module and its host share, and their names.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/selftest/selftest.h"

#include "arch/base/bits.h"
#include "arch/base/mem.h"
#include "boot-tests/machine/exit.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/smp.h"
#include "boot-tests/vmm/init/frames.h"
#include "boot-tests/vmm/selftest_entry.h"

#define POOL_SIZE 0x2000000

_Noreturn void selftest_failed(const char *file, int line, const char *what, uint64_t seen)
{
	machine_exit(EXIT_TD_STOPPED, "%s:%d: %s, seen 0x%llx", file, line, what,
		     (unsigned long long)seen);
}

uint64_t selftest_call(struct seam_regs *regs, uint64_t rax, uint64_t rcx, uint64_t rdx,
		       uint64_t r8, uint64_t r9)
{
	*regs = (struct seam_regs){ .rax = rax, .rcx = rcx, .rdx = rdx, .r8 = r8, .r9 = r9 };
	uint64_t status = seamcall(regs);
	EXPECT_EQUAL(regs->rax, status);
	return status;
}

void selftest_check_pages(void)
{
	struct module_census census = module_census();
	if (census.broken != NULL) {
		machine_exit(EXIT_TD_STOPPED, "page 0x%llx %s", (unsigned long long)census.page.v,
			     census.broken);
	}
}

static uint64_t lp_status[MACHINE_MAX_CPUS];

static void selftest_init_lp(unsigned index)
{
	struct seam_regs regs = { .rax = TDH_SYS_LP_INIT };
	lp_status[index] = seamcall(&regs);
}

void selftest_sys_init(void)
{
	struct seam_regs regs;
	EXPECT_EQUAL(selftest_call(&regs, TDH_SYS_INIT, 0, 0, 0, 0), TDX_SUCCESS);
	smp_call_all(selftest_init_lp);
	for (unsigned i = 0; i < cpu_count(); i++) {
		EXPECT_EQUAL(lp_status[i], TDX_SUCCESS);
	}
}

struct tdmr_range selftest_ram(void)
{
	return (struct tdmr_range){ memory_pool().v, memory_top().v - memory_pool().v };
}

struct tdmr_range selftest_pool(void)
{
	static void *pool;
	if (pool == NULL) {
		pool = frames_take_span(POOL_SIZE);
	}
	return (struct tdmr_range){ ptr_hpa(pool).v, POOL_SIZE };
}

_Noreturn void selftest_run(const char *name, const struct module_platform *platform)
{
	static const struct {
		const char *name;
		selftest_fn *run;
	} cases[] = {
		{ "sys-config", selftest_sys_config },   { "sys-states", selftest_sys_states },
		{ "sys-fields", selftest_sys_fields },   { "init-faults", selftest_init_faults },
		{ "init-limits", selftest_init_limits }, { "random", selftest_random },
		{ "chipset", selftest_chipset },         { "frames", selftest_frames },
	};
	for (unsigned i = 0; i < ARRAY_COUNT(cases); i++) {
		size_t size = strlen(cases[i].name) + 1;
		if (strlen(name) + 1 == size && memcmp(name, cases[i].name, size) == 0) {
			cases[i].run(platform);
			selftest_check_pages();
			machine_exit(EXIT_POWER_OFF, "selftest %s holds", name);
		}
	}
	machine_exit(EXIT_TD_STOPPED, "no selftest has the name %s", name);
}
