// Tests of the host's vCPU loop: what ends a TD, and that one that faults for ever is ended.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/time.h"
#include "boot-tests/vmm/td/vcpu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "arch/tdx/module.h"
#include "arch/tdx/ve_info.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/vmm/call/tdvmcall.h"
#include "boot-tests/vmm/td/run.h"

#define PAGE UINT64_C(0x1000)
#define SHARED BIT64(47)
#define MANY 100000
#define VIOLATION (TDX_SUCCESS | EXIT_REASON_EPT_VIOLATION)

static struct host_td td;

/* The TD and the end of its run. */
static struct {
	uint64_t (*exit)(struct seam_regs *regs); /* of entry number `entries`, from 0 */
	unsigned entries;
	unsigned private_faults, shared_faults, vmcalls;
	bool ending;
	enum machine_exit_code code;
	char reason[256];
	uint64_t time;
	bool stop_asked;
	unsigned other_ends; /* another vCPU has ended the TD: calls until that is seen */
} world;

uint64_t time_us(void)
{
	return world.time += 1000;
}

bool cpu_stop_asked(void)
{
	return world.stop_asked;
}

unsigned cpu_index(void)
{
	return 0;
}

bool run_ending(const struct host_td *ended)
{
	assert_ptr_equal(ended, &td);
	if (world.other_ends != 0 && --world.other_ends == 0) {
		world.ending = true;
	}
	return world.ending || world.entries >= MANY;
}

void run_end(struct host_td *ended, enum machine_exit_code code, const char *format, ...)
{
	assert_ptr_equal(ended, &td);
	va_list args;
	va_start(args, format);
	vsnprintf(world.reason, sizeof(world.reason), format, args);
	va_end(args);
	world.code = code;
	world.ending = world.ending || world.other_ends == 0;
}

void mmu_private_fault(struct mmu *mmu, unsigned vcpu, gpa_t address, uint64_t extended)
{
	assert_ptr_equal(mmu, &td.mmu);
	assert_int_equal(vcpu, 1);
	assert_int_equal(address.v & SHARED, 0);
	(void)extended;
	world.private_faults++;
}

void mmu_shared_fault(struct mmu *mmu, unsigned vcpu, gpa_t address)
{
	assert_ptr_equal(mmu, &td.mmu);
	assert_int_equal(vcpu, 1);
	assert_int_equal(address.v & SHARED, 0);
	world.shared_faults++;
}

void tdvmcall(struct host_td *caller, unsigned index, struct seam_regs *regs)
{
	assert_ptr_equal(caller, &td);
	assert_int_equal(index, 1);
	(void)regs;
	world.vmcalls++;
}

uint64_t seamcall(struct seam_regs *regs)
{
	assert_int_equal(regs->rax, TDH_VP_ENTER);
	assert_int_equal(regs->rcx, 0x1234000);
	assert_true(td.vcpus[1].inside);
	*regs = (struct seam_regs){ 0 };
	uint64_t status = world.exit(regs);
	world.entries++;
	return regs->rax = status;
}

static void run(uint64_t (*exit)(struct seam_regs *regs))
{
	memset(&world, 0, sizeof(world));
	world.exit = exit;
	td.mmu.gpaw = 48;
	td.vcpus[1].tdvpr = hpa(0x1234000);
	vcpu_run(&td, 1);
	assert_false(td.vcpus[1].inside);
}

static uint64_t same_private(struct seam_regs *regs)
{
	regs->r8 = 7 * PAGE;
	return VIOLATION;
}

static uint64_t same_shared(struct seam_regs *regs)
{
	regs->r8 = SHARED | 7 * PAGE;
	return VIOLATION;
}

/* Bounded, whoever of the two cannot come to an end. */
static void endless_fault_ends_the_td(void **state)
{
	(void)state;
	run(same_private);
	assert_int_equal(world.code, EXIT_TD_STOPPED);
	assert_string_equal(world.reason, "host: vCPU 1 faults on GPA 0x7000 again and again");
	assert_int_equal(world.private_faults, 10000 + 1);
	run(same_shared);
	assert_int_equal(world.code, EXIT_TD_STOPPED);
	assert_non_null(strstr(world.reason, "again and again"));
	assert_int_equal(world.shared_faults, 10000 + 1);
}

static uint64_t many_pages(struct seam_regs *regs)
{
	regs->r8 = (7 + world.entries % 3) * PAGE;
	return VIOLATION;
}

static uint64_t fault_and_vmcall(struct seam_regs *regs)
{
	if (world.entries % 5000 == 4999) {
		return TDX_SUCCESS | EXIT_REASON_TDCALL;
	}
	return same_private(regs);
}

static void progress_is_no_endless_fault(void **state)
{
	(void)state;
	run(many_pages);
	assert_false(world.ending);
	run(fault_and_vmcall);
	assert_false(world.ending);
	assert_int_equal(world.vmcalls, MANY / 5000);
}

/* A fault, then kicks: they are no progress. */
static uint64_t kick_between(struct seam_regs *regs)
{
	return world.entries % 2 != 0 ? TDX_SUCCESS | EXIT_REASON_EXTERNAL_INTERRUPT :
					same_private(regs);
}

static void kicks_are_no_progress(void **state)
{
	(void)state;
	run(kick_between);
	assert_true(world.ending);
}

static uint64_t once;

static uint64_t that_status(struct seam_regs *regs)
{
	(void)regs;
	return once;
}

static void ends_by_status(void **state)
{
	(void)state;
	static const struct {
		uint64_t status;
		enum machine_exit_code code;
		const char *text;
	} rows[] = {
		{ TDX_NON_RECOVERABLE_VCPU | EXIT_REASON_TRIPLE_FAULT, EXIT_VCPU_DIED,
		  "vCPU 1 died: triple fault" },
		{ TDX_TD_FATAL, EXIT_TD_STOPPED, "TDH_VP_ENTER of vCPU 1 failed" },
		{ TDX_OPERAND_BUSY | TDX_OPERAND_SEPT_TREE, EXIT_TD_STOPPED,
		  "TDH_VP_ENTER of vCPU 1 failed: 0x8000020000000092" },
		{ TDX_SUCCESS | EXIT_REASON_CPUID, EXIT_TD_STOPPED,
		  "reason 10, GPA 0x0: the host knows no answer" },
	};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		once = rows[i].status;
		run(that_status);
		assert_true(world.ending);
		assert_int_equal(world.code, rows[i].code);
		assert_non_null(strstr(world.reason, rows[i].text));
	}
}

/* No vCPU leaves before the TD's end is known: by then it is known, too, who takes it down. */
static void time_is_over(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	world.stop_asked = true;
	vcpu_run(&td, 1);
	assert_int_equal(world.code, EXIT_TIMEOUT);
	assert_int_equal(world.entries, 0);

	memset(&world, 0, sizeof(world));
	world.stop_asked = true;
	world.other_ends = 5;
	vcpu_run(&td, 1);
	assert_int_equal(world.other_ends, 0);
	assert_int_equal(world.entries, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_is_over),
		cmocka_unit_test(endless_fault_ends_the_td),
		cmocka_unit_test(progress_is_no_endless_fault),
		cmocka_unit_test(kicks_are_no_progress),
		cmocka_unit_test(ends_by_status),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
