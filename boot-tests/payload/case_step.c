// Instructions that exit: what they raise, and what comes after them.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/bits.h"
#include "arch/tdx/ghci.h"
#include "arch/tdx/module.h"
#include "arch/tdx/ve_info.h"
#include "arch/x86/cpu.h"
#include "arch/x86/insn.h"
#include "arch/x86/x2apic.h"
#include "boot-tests/payload/guest.h"
#include "boot-tests/payload/payload_case.h"
#include "boot-tests/payload/report.h"
#include "linker/memmap.h"

/* Of the exception that the last instruction raised; 0: none. */
static struct {
	uint64_t vector;
	uint64_t reason, length; /* of a #VE */
} raised;
/* After the instruction. */
static uint64_t resume_at;

static bool take_any(struct trap_frame *frame)
{
	struct tdcall_regs regs = { .rax = TDG_VP_VEINFO_GET };

	raised.vector = frame->vector;
	if (frame->vector == VECTOR_VE) {
		EXPECT(tdcall(&regs) == TDX_SUCCESS, "no #VE information");
		raised.reason = regs.rcx;
		raised.length = (uint32_t)regs.r10;
		EXPECT(frame->rip + raised.length == resume_at, "#VE at %lx, length %lu",
		       frame->rip, raised.length);
	}
	frame->rip = resume_at;
	return true;
}

/* One instruction whose exception has this vector and, a #VE, this reason. */
#define RAISES(instruction, expected, why)                                                    \
	do {                                                                                  \
		raised.vector = raised.reason = 0;                                            \
		__asm__ volatile("leaq 1f(%%rip), %%rax\n\t"                                  \
				 "movq %%rax, %0\n\t"                                         \
				 "xorl %%eax, %%eax\n\t"                                      \
				 "xorl %%ecx, %%ecx\n\t"                                      \
				 "xorl %%edx, %%edx\n\t" instruction "\n1:"                   \
				 : "=m"(resume_at)                                            \
				 :                                                            \
				 : "rax", "rcx", "rdx", "memory");                            \
		EXPECT(raised.vector == (expected) && raised.reason == (why),                 \
		       instruction ": vector %lu, reason %lu", raised.vector, raised.reason); \
	} while (0)

/* Each instruction that no TD may execute is a #VE that says which, or a #GP. */
static void case_ve_instructions(const struct info *info)
{
	(void)info;
	EXPECT(guest_is_td(), "no #VE on a plain VM");
	report_take_exceptions(take_any);
	RAISES("hlt", VECTOR_VE, EXIT_REASON_HLT);
	RAISES("invd", VECTOR_VE, EXIT_REASON_INVD);
	RAISES("wbinvd", VECTOR_VE, EXIT_REASON_WBINVD);
	RAISES("monitor", VECTOR_VE, EXIT_REASON_MONITOR);
	RAISES("mwait", VECTOR_VE, EXIT_REASON_MWAIT);
	RAISES("vmcall", VECTOR_VE, EXIT_REASON_VMCALL);
	RAISES("rdpmc", VECTOR_GP, 0); /* ATTRIBUTES.PERFMON is 0 */
	report_take_exceptions(NULL);
	report("6 instructions are a #VE, 1 is a #GP");
}
PAYLOAD_CASE("ve-instructions", case_ve_instructions);

/* What no firmware may do, and the machine tells people of. */
static void case_misuse(const struct info *info)
{
	static _Alignas(MEM_PAGE_SIZE) uint8_t page[MEM_PAGE_SIZE];
	struct tdcall_regs regs = { .rax = TDG_VP_VMCALL,
				    .rcx = TDVMCALL_EXPOSE_ALL | TDVMCALL_GPR_RBP,
				    .r11 = TDVMCALL_GET_TD_VM_CALL_INFO };

	(void)info;
	EXPECT(tdcall(&regs) == (TDX_OPERAND_INVALID | TDX_OPERAND_RCX), "RBP is exposed: %lx",
	       regs.rax);
	EXPECT((guest_accept(gpa((uintptr_t)page)) & TDX_STATUS_CODE) == TDX_PAGE_ALREADY_ACCEPTED,
	       "a page is accepted twice");
	report_take_exceptions(take_any);
	RAISES("movl $0xC0000080, %%ecx\n\twrmsr", VECTOR_VE, EXIT_REASON_WRMSR);
	RAISES("movq %%cr4, %%rax\n\tbtrl $6, %%eax\n\tmovq %%rax, %%cr4", VECTOR_VE,
	       EXIT_REASON_CR_ACCESS);
	report_take_exceptions(NULL);
}
PAYLOAD_CASE("misuse", case_misuse);

/* step.nasm */
void step_run(uint64_t cr4);
extern const uint64_t step_addresses[], step_addresses_end[];

static unsigned steps;

static uint64_t take_dr6(void)
{
	uint64_t dr6;

	__asm__ volatile("mov %%dr6, %0" : "=r"(dr6));
	__asm__ volatile("mov %0, %%dr6" : : "r"(dr6 & ~DR6_BS));
	return dr6;
}

static bool take_step(struct trap_frame *frame)
{
	unsigned count = (unsigned)(step_addresses_end - step_addresses);

	if (frame->vector != VECTOR_DB) {
		return false;
	}
	EXPECT(steps < count && frame->rip == step_addresses[steps], "trap %u has RIP %lx, not %lx",
	       steps, frame->rip, step_addresses[steps % count]);
	EXPECT((take_dr6() & DR6_BS) != 0, "trap %u without DR6.BS", steps);
	steps++;
	return true;
}

/* With RFLAGS.TF a trap follows each instruction, those included that the module or the machine
 * emulates. */
static void case_single_step(const struct info *info)
{
	(void)info;
	EXPECT(guest_is_td(), "a plain VM has no TDCALL");
	report_take_exceptions(take_step);
	step_run(insn_read_cr4());
	report_take_exceptions(NULL);
	EXPECT(steps == (unsigned)(step_addresses_end - step_addresses), "%u traps", steps);
	report("%u single steps", steps);
}
PAYLOAD_CASE("single-step", case_single_step);

#define ICR_NMI (4 * BIT64(8))

static const struct info *cpus;
static unsigned nmis;

static bool take_ve(struct trap_frame *frame)
{
	struct tdcall_regs regs = { .rax = TDG_VP_VEINFO_GET };

	if (frame->vector == VECTOR_NMI) {
		nmis++;
		return true;
	}
	if (frame->vector != VECTOR_VE) {
		return false;
	}
	guest_write_msr(X2APIC_ICR, ICR_NMI | (uint64_t)cpus->apic_ids[0] << 32);
	EXPECT(nmis == 0, "an NMI while a #VE has not been fetched");
	EXPECT(tdcall(&regs) == TDX_SUCCESS && regs.rcx == EXIT_REASON_HLT, "#VE reason %lx",
	       regs.rcx);
	EXPECT(nmis == 1, "%u NMIs after TDG.VP.VEINFO.GET", nmis);
	frame->rip += (uint32_t)regs.r10;
	return true;
}

/* An NMI that is sent in a #VE handler comes after TDG.VP.VEINFO.GET, and at once. */
static void case_nmi_ve(const struct info *info)
{
	EXPECT(guest_is_td(), "no #VE on a plain VM");
	cpus = info;
	report_take_exceptions(take_ve);
	__asm__ volatile("hlt");
	report_take_exceptions(NULL);
	EXPECT(nmis == 1, "%u NMIs", nmis);
}
PAYLOAD_CASE("nmi-ve", case_nmi_ve);
