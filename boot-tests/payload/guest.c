// What the payload asks of the world it runs in: a TD by TDCALL, a plain VM by instructions.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/payload/guest.h"

#include "arch/base/bits.h"
#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "arch/tdx/ghci.h"
#include "arch/tdx/module.h"
#include "arch/x86/cpu.h"
#include "arch/x86/cpuid.h"
#include "arch/x86/insn.h"

#define MAP_GPA_TRIES 1000

/* 0 on a plain VM. */
static unsigned gpaw;

static struct tdcall_regs vp_info(void)
{
	struct tdcall_regs regs = { .rax = TDG_VP_INFO };

	CHECK(tdcall(&regs) == 0);
	return regs;
}

void guest_init(void)
{
	struct cpuid_result leaf;

	if (insn_cpuid(0, 0).eax < CPUID_TDX) {
		return;
	}
	leaf = insn_cpuid(CPUID_TDX, 0);
	if (leaf.ebx != CPUID_TDX_EBX || leaf.edx != CPUID_TDX_EDX || leaf.ecx != CPUID_TDX_ECX) {
		return;
	}
	gpaw = (unsigned)field_get(TDG_VP_INFO_GPAW, vp_info().rcx);
}

bool guest_is_td(void)
{
	return gpaw != 0;
}

unsigned guest_gpaw(void)
{
	return gpaw;
}

uint32_t guest_vcpu_index(void)
{
	return (uint32_t)field_get(TDG_VP_INFO_VCPU_INDEX, vp_info().r9);
}

uint32_t guest_vcpu_count(void)
{
	return (uint32_t)field_get(TDG_VP_INFO_NUM_VCPUS, vp_info().r8);
}

/* One TDVMCALL; *regs holds the operands in and the results out. Returns R10. */
static uint64_t vmcall(uint64_t function, struct tdcall_regs *regs)
{
	regs->rax = TDG_VP_VMCALL;
	regs->rcx = TDVMCALL_EXPOSE_ALL;
	regs->r10 = 0;
	regs->r11 = function;
	CHECK(tdcall(regs) == 0);
	return regs->r10;
}

static uint64_t vmcall_io(uint16_t port, uint64_t size, uint64_t direction, uint64_t value)
{
	struct tdcall_regs regs = {
		.r12 = size,
		.r13 = direction,
		.r14 = port,
		.r15 = value,
	};

	CHECK(vmcall(TDVMCALL_IO, &regs) == TDVMCALL_SUCCESS);
	return regs.r11;
}

uint8_t guest_in8(uint16_t port)
{
	return gpaw == 0 ? insn_in8(port) : (uint8_t)vmcall_io(port, 1, TDVMCALL_READ, 0);
}

uint32_t guest_in32(uint16_t port)
{
	return gpaw == 0 ? insn_in32(port) : (uint32_t)vmcall_io(port, 4, TDVMCALL_READ, 0);
}

void guest_out8(uint16_t port, uint8_t value)
{
	if (gpaw == 0) {
		insn_out8(port, value);
	} else {
		vmcall_io(port, 1, TDVMCALL_WRITE, value);
	}
}

void guest_out16(uint16_t port, uint16_t value)
{
	if (gpaw == 0) {
		insn_out16(port, value);
	} else {
		vmcall_io(port, 2, TDVMCALL_WRITE, value);
	}
}

void guest_out32(uint16_t port, uint32_t value)
{
	if (gpaw == 0) {
		insn_out32(port, value);
	} else {
		vmcall_io(port, 4, TDVMCALL_WRITE, value);
	}
}

uint32_t guest_cpu_number(void)
{
	return gpaw == 0 ? insn_cpuid(1, 0).ebx >> 24 : guest_vcpu_index();
}

uint32_t guest_apic_id(void)
{
	struct tdcall_regs regs = { .r12 = MSR_X2APIC_APICID };

	if (gpaw == 0) {
		return guest_cpu_number();
	}
	CHECK(vmcall(TDVMCALL_RDMSR, &regs) == TDVMCALL_SUCCESS);
	return (uint32_t)regs.r11;
}

void guest_write_msr(uint32_t msr, uint64_t value)
{
	struct tdcall_regs regs = { .r12 = msr, .r13 = value };

	CHECK(vmcall(TDVMCALL_WRMSR, &regs) == TDVMCALL_SUCCESS);
}

void guest_halt(void)
{
	struct tdcall_regs regs = { .r12 = 0 };

	CHECK(vmcall(TDVMCALL_HLT, &regs) == TDVMCALL_SUCCESS);
}

void guest_get_vmcall_info(void)
{
	struct tdcall_regs regs = { 0 };

	CHECK(vmcall(TDVMCALL_GET_TD_VM_CALL_INFO, &regs) == TDVMCALL_SUCCESS);
}

void guest_map_gpa(gpa_t page, enum share share)
{
	uint64_t status = TDVMCALL_RETRY;

	/* A host may answer RETRY for a single page too; it makes no progress then. */
	for (unsigned tries = 0; tries < MAP_GPA_TRIES && status == TDVMCALL_RETRY; tries++) {
		struct tdcall_regs regs = {
			.r12 = gpa_with_share(page, share, gpaw),
			.r13 = pg_size(PG_4K),
		};

		status = vmcall(TDVMCALL_MAP_GPA, &regs);
	}
	CHECK(status == TDVMCALL_SUCCESS);
}

uint64_t guest_accept(gpa_t page)
{
	struct tdcall_regs regs = { .rax = TDG_MEM_PAGE_ACCEPT, .rcx = page.v | PG_4K };

	return tdcall(&regs);
}

void guest_read_report(struct td_report *report)
{
	static const uint8_t data[64] __attribute__((aligned(64)));
	struct tdcall_regs regs = {
		.rax = TDG_MR_REPORT,
		.rcx = (uint64_t)report,
		.rdx = (uint64_t)data,
	};

	CHECK(tdcall(&regs) == TDX_SUCCESS);
}

_Noreturn void guest_fatal_error(uint32_t code, const char *text)
{
	struct tdcall_regs regs = { .r12 = code };
	uint64_t words[TDVMCALL_FATAL_MESSAGE_SIZE / 8] = { 0 };
	size_t length = strlen(text);

	memcpy(words, text, length < sizeof(words) ? length : sizeof(words));
	regs.r14 = words[0];
	regs.r15 = words[1];
	regs.rbx = words[2];
	regs.rdi = words[3];
	regs.rsi = words[4];
	regs.r8 = words[5];
	regs.r9 = words[6];
	regs.rdx = words[7];
	vmcall(TDVMCALL_REPORT_FATAL_ERROR, &regs);
	for (;;) {
		/* The host went on after a fatal error: stay here until it stops us. */
		insn_pause();
	}
}
