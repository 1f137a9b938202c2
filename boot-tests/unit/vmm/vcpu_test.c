// Tests of the host's vCPU loop: what ends a TD, and that one that faults for ever is ended.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/time.h"
#include "boot-tests/vmm/td/vcpu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/tdx/module.h"
#include "arch/tdx/ve_info.h"
#include "boot-tests/machine/event.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/unit/machine/failing_exit.h"
#include "boot-tests/unit/machine/fake_console.h"
#include "boot-tests/vmm/call/tdvmcall.h"
#include "boot-tests/vmm/td/td_flush.h"

#define PAGE UINT64_C(0x1000)
#define SHARED BIT64(47)
#define MANY 100000
#define VIOLATION (TDX_SUCCESS | EXIT_REASON_EPT_VIOLATION)

static struct host_td td;
static const struct config config = { .memory_fault = MEMORY_FAULT_THROTTLE };

/* The TD and the end of its run. */
static struct {
	uint64_t (*exit)(struct seam_regs *regs); /* of entry number `entries`, from 0 */
	unsigned entries, flushes, held;
	unsigned private_faults, shared_faults, vmcalls;
	unsigned memory_faults, resumes; /* so many of them first */
	enum mmu_answer answer;
	uint64_t time;
	bool stop_asked;
	unsigned other_ends; /* another vCPU ends the TD: looks at the time until then; 0: none */
} world;
static struct verdict verdict;

uint64_t time_us(void)
{
	if (world.other_ends != 0 && --world.other_ends == 0) {
		td.ending = true;
	}
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

/* Whoever asks from now on finds the vCPU inside, and kicks it. */
void td_flush_asked(void)
{
	assert_true(td.kick.inside[1]);
	if (sept_keeps_out(&td.mmu.sept) && ++world.held < 4) {
		return;
	}
	td.mmu.sept.no_vcpus = 0;
	world.flushes++;
}

enum mmu_answer mmu_private_fault(struct mmu *mmu, gpa_t address, uint64_t extended,
				  struct seam_failure *failure)
{
	assert_ptr_equal(mmu, &td.mmu);
	assert_int_equal(address.v & SHARED, 0);
	(void)extended;
	*failure = (struct seam_failure){ "TDH_X", 1, { 2, 3, 4, 5 } };
	world.private_faults++;
	return world.answer;
}

enum mmu_answer mmu_shared_fault(struct mmu *mmu, gpa_t address)
{
	assert_ptr_equal(mmu, &td.mmu);
	assert_int_equal(address.v & SHARED, 0);
	world.shared_faults++;
	return world.answer;
}

/* 001-R70: address, size and kind of the access. */
enum mmu_answer memory_fault_answer(struct mmu *mmu, enum config_memory_fault policy,
				    const struct memory_fault *fault,
				    struct memory_fault_record *record,
				    struct seam_failure *failure)
{
	(void)failure;
	assert_ptr_equal(mmu, &td.mmu);
	assert_int_equal(policy, config.memory_fault);
	assert_ptr_equal(record, &td.vcpus[1].memory_faults);
	assert_int_equal(fault->address.v, 0x7000);
	assert_int_equal(fault->size, PAGE);
	assert_int_equal(fault->is_private, world.answer == MMU_IS_SHARED);
	world.memory_faults++;
	return world.resumes != 0 && world.resumes-- != 0 ? MMU_FIXED : world.answer;
}

void tdvmcall(struct host_td *caller, unsigned index, struct seam_regs *regs, struct verdict *why)
{
	assert_ptr_equal(caller, &td);
	assert_int_equal(index, 1);
	assert_ptr_equal(why, &verdict);
	(void)regs;
	world.vmcalls++;
}

uint64_t seamcall(struct seam_regs *regs)
{
	assert_int_equal(regs->rax, TDH_VP_ENTER);
	assert_int_equal(regs->rcx, 0x1234000);
	assert_true(td.kick.inside[1]);
	assert_int_equal(world.flushes, world.entries + 1);
	assert_false(sept_keeps_out(&td.mmu.sept));
	*regs = (struct seam_regs){ 0 };
	uint64_t status = world.exit(regs);
	world.entries++;
	td.ending = td.ending || world.entries == MANY;
	return regs->rax = status;
}

static void set_up(uint64_t (*exit)(struct seam_regs *regs))
{
	memset(&world, 0, sizeof(world));
	memset(&verdict, 0, sizeof(verdict));
	world.exit = exit;
	td.ending = false;
	td.mmu.gpaw = 48;
	td.config = &config;
	td.vcpus[1].tdvpr = hpa(0x1234000);
}

static void run(uint64_t (*exit)(struct seam_regs *regs))
{
	set_up(exit);
	vcpu_run(&td, 1, &verdict);
	assert_false(td.kick.inside[1]);
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
	assert_int_equal(verdict.code, EXIT_TD_STOPPED);
	assert_string_equal(verdict.text, "host: vCPU 1 faults on GPA 0x7000 again and again");
	assert_int_equal(world.private_faults, 10000 + 1);
	run(same_shared);
	assert_int_equal(verdict.code, EXIT_TD_STOPPED);
	assert_non_null(strstr(verdict.text, "again and again"));
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

static void its_start_is_traced(void **state)
{
	(void)state;
	event_trace_on = true;
	event_trace_only = "vcpu";
	fake_console_text[0] = 0;
	run(same_private);
	event_trace_on = false;
	event_trace_only = "";
	assert_string_equal(strchr(fake_console_text + 2, ' '), " 1 vcpu_start\n");
}

static void progress_is_no_endless_fault(void **state)
{
	(void)state;
	run(many_pages);
	assert_false(verdict.given);
	run(fault_and_vmcall);
	assert_false(verdict.given);
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
	assert_true(verdict.given);
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
		assert_true(verdict.given);
		assert_int_equal(verdict.code, rows[i].code);
		assert_non_null(strstr(verdict.text, rows[i].text));
	}
}

/* The first answer that does not map the page is the last. */
static void ends_by_the_answer_of_the_mmu(void **state)
{
	(void)state;
	static const char *const texts[] = {
		[MMU_NOT_ACCEPTED] = "access to unaccepted page at GPA 0x7000 by vCPU 1",
		[MMU_NO_MEMORY] = "private access to GPA 0x7000 outside of RAM by vCPU 1",
		[MMU_IS_SHARED] = "private access to shared GPA 0x7000 by vCPU 1",
		[MMU_IS_PRIVATE] = "shared access to private GPA 0x7000 by vCPU 1",
		[MMU_IS_DEVICE] = "access to device GPA 0x7000 by vCPU 1 that cannot take a #VE",
		[MMU_FAILED] = "host: TDH_X(RCX 0x1) failed: 0x0000000000000002, RCX 0x3, RDX 0x4",
	};
	for (unsigned i = MMU_NOT_ACCEPTED; i <= MMU_FAILED; i++) {
		bool shared = i == MMU_IS_PRIVATE || i == MMU_IS_DEVICE;
		set_up(shared ? same_shared : same_private);
		world.answer = (enum mmu_answer)i;
		vcpu_run(&td, 1, &verdict);
		assert_int_equal(world.entries, 1);
		assert_int_equal(verdict.code, EXIT_TD_STOPPED);
		assert_string_equal(verdict.text, texts[i]);
	}
}

/* 001-R71: user space has a say in two of the answers, each time. */
static void user_space_may_let_it_go_on(void **state)
{
	(void)state;
	for (unsigned i = MMU_NOT_ACCEPTED; i <= MMU_FAILED; i++) {
		bool asked = i == MMU_IS_SHARED || i == MMU_IS_PRIVATE;
		set_up(i == MMU_IS_PRIVATE ? same_shared : same_private);
		world.answer = (enum mmu_answer)i;
		world.resumes = 5;
		vcpu_run(&td, 1, &verdict);
		assert_int_equal(world.memory_faults, asked ? 6 : 0);
		assert_int_equal(world.entries, asked ? 6 : 1);
	}
}

/* A vCPU that finds the TD dead leaves the reason to the one that killed it, if that says it. */
static void another_vcpu_knows_why(void **state)
{
	(void)state;
	once = TDX_TD_FATAL;
	set_up(that_status);
	world.other_ends = 5;
	vcpu_run(&td, 1, &verdict);
	assert_int_equal(world.other_ends, 0);
	assert_false(verdict.given);
	assert_int_equal(world.entries, 1);
}

/* The host wants no vCPU inside for a while. */
static void it_stays_out_while_it_must(void **state)
{
	(void)state;
	set_up(same_private);
	world.answer = MMU_FAILED;
	td.mmu.sept.no_vcpus = 1;
	vcpu_run(&td, 1, &verdict);
	assert_int_equal(world.held, 4);
	assert_int_equal(world.entries, 1);
}

static void time_is_over(void **state)
{
	(void)state;
	set_up(NULL);
	world.stop_asked = true;
	vcpu_run(&td, 1, &verdict);
	assert_int_equal(verdict.code, EXIT_TIMEOUT);
	assert_int_equal(world.entries, 0);
}

static void a_td_that_ends_is_not_entered(void **state)
{
	(void)state;
	set_up(NULL);
	td.ending = true;
	vcpu_run(&td, 1, &verdict);
	assert_int_equal(world.entries, 0);
	assert_false(verdict.given);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_stays_out_while_it_must),
		cmocka_unit_test(time_is_over),
		cmocka_unit_test(endless_fault_ends_the_td),
		cmocka_unit_test(its_start_is_traced),
		cmocka_unit_test(progress_is_no_endless_fault),
		cmocka_unit_test(kicks_are_no_progress),
		cmocka_unit_test(ends_by_status),
		cmocka_unit_test(ends_by_the_answer_of_the_mmu),
		cmocka_unit_test(user_space_may_let_it_go_on),
		cmocka_unit_test(another_vcpu_knows_why),
		cmocka_unit_test(a_td_that_ends_is_not_entered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
