// Requests to the untrusted host, one function per sub-function.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [GHCI 1.5 section 3]
#include "shim/tdx/vmcall.h"

#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "arch/tdx/module.h"
#include "linker/memmap.h"
#include "shim/refusal.h"

/* Calls of one MapGPA run in a row that the host may leave without progress. */
#define MAP_GPA_STALLS 64

/* What a sub-function is called, and what of its arguments names this call of it. */
struct call {
	uint64_t function;
	const char *name;
	uint64_t subject;
};

/* One call. Every register that the host may see is given a value: what is not an argument is 0. */
static enum status vmcall(struct tdcall_regs *regs, const struct call *call)
{
	regs->rax = TDG_VP_VMCALL;
	regs->rcx = TDVMCALL_EXPOSE_ALL;
	regs->r10 = 0;
	regs->r11 = call->function;
	uint64_t raw = tdcall(regs);
	if (raw != TDX_SUCCESS) {
		return refuse(ST_TDX, "TDVMCALL<%s> of 0x%lx: RAX 0x%lx", call->name, call->subject,
			      raw);
	}
	return ST_OK;
}

static enum status vmcall_refused(const struct call *call, uint64_t r10)
{
	return refuse(ST_HOST_REFUSED, "TDVMCALL<%s> of 0x%lx: R10 0x%lx", call->name,
		      call->subject, r10);
}

static enum status vmcall_checked(struct tdcall_regs *regs, uint64_t function, const char *name,
				  uint64_t subject)
{
	const struct call call = { function, name, subject };
	TRY(vmcall(regs, &call));
	return regs->r10 == TDVMCALL_SUCCESS ? ST_OK : vmcall_refused(&call, regs->r10);
}

static uint64_t mask_of(unsigned size)
{
	return MASK64(8 * size - 1, 0);
}

enum status vmcall_io_read(uint16_t port, unsigned size, uint32_t *value)
{
	CHECK(size == 1 || size == 2 || size == 4);
	struct tdcall_regs regs = { .r12 = size, .r13 = TDVMCALL_READ, .r14 = port };
	TRY(vmcall_checked(&regs, TDVMCALL_IO, "I/O", port));
	*value = (uint32_t)(regs.r11 & mask_of(size));
	return ST_OK;
}

enum status vmcall_io_write(uint16_t port, unsigned size, uint32_t value)
{
	CHECK(size == 1 || size == 2 || size == 4);
	struct tdcall_regs regs = {
		.r12 = size,
		.r13 = TDVMCALL_WRITE,
		.r14 = port,
		.r15 = value & mask_of(size),
	};
	return vmcall_checked(&regs, TDVMCALL_IO, "I/O", port);
}

enum status vmcall_rdmsr(uint32_t index, uint64_t *value)
{
	struct tdcall_regs regs = { .r12 = index };
	TRY(vmcall_checked(&regs, TDVMCALL_RDMSR, "RDMSR", index));
	*value = regs.r11;
	return ST_OK;
}

enum status vmcall_wrmsr(uint32_t index, uint64_t value)
{
	struct tdcall_regs regs = { .r12 = index, .r13 = value };
	return vmcall_checked(&regs, TDVMCALL_WRMSR, "WRMSR", index);
}

enum status vmcall_cpuid(uint32_t leaf, uint32_t subleaf, struct cpuid_result *result)
{
	struct tdcall_regs regs = { .r12 = leaf, .r13 = subleaf };
	TRY(vmcall_checked(&regs, TDVMCALL_CPUID, "CPUID", leaf));
	*result = (struct cpuid_result){
		.eax = (uint32_t)regs.r12,
		.ebx = (uint32_t)regs.r13,
		.ecx = (uint32_t)regs.r14,
		.edx = (uint32_t)regs.r15,
	};
	return ST_OK;
}

enum status vmcall_hlt(bool interrupts_blocked)
{
	struct tdcall_regs regs = { .r12 = interrupts_blocked };
	return vmcall_checked(&regs, TDVMCALL_HLT, "HLT", interrupts_blocked);
}

enum status vmcall_mmio_read(uint64_t gpa_raw, unsigned size, uint64_t *value)
{
	CHECK(size == 1 || size == 2 || size == 4 || size == 8);
	struct tdcall_regs regs = { .r12 = size, .r13 = TDVMCALL_READ, .r14 = gpa_raw };
	TRY(vmcall_checked(&regs, TDVMCALL_MMIO, "MMIO", gpa_raw));
	*value = regs.r11 & mask_of(size);
	return ST_OK;
}

enum status vmcall_mmio_write(uint64_t gpa_raw, unsigned size, uint64_t value)
{
	CHECK(size == 1 || size == 2 || size == 4 || size == 8);
	struct tdcall_regs regs = {
		.r12 = size,
		.r13 = TDVMCALL_WRITE,
		.r14 = gpa_raw,
		.r15 = value & mask_of(size),
	};
	return vmcall_checked(&regs, TDVMCALL_MMIO, "MMIO", gpa_raw);
}

enum status vmcall_wbinvd(void)
{
	struct tdcall_regs regs = { 0 };
	return vmcall_checked(&regs, TDVMCALL_WBINVD, "WBINVD", 0);
}

enum status vmcall_map_gpa(struct gpa_range range, enum share share, unsigned gpaw)
{
	const uint64_t shared_bit = gpa_with_share(gpa(0), SHARE_SHARED, gpaw);
	uint64_t cursor = range.base.v;
	uint64_t end = gpa_range_end(range);
	for (unsigned stalls = 0; stalls < MAP_GPA_STALLS;) {
		struct tdcall_regs regs = { .r12 = gpa_with_share(gpa(cursor), share, gpaw),
					    .r13 = end - cursor };
		const struct call call = { TDVMCALL_MAP_GPA, "MapGPA", regs.r12 };
		TRY(vmcall(&regs, &call));
		if (regs.r10 == TDVMCALL_SUCCESS) {
			return ST_OK;
		}
		if (regs.r10 != TDVMCALL_RETRY) {
			return vmcall_refused(&call, regs.r10);
		}
		/* KVM's has the SHARED bit of the request, other hosts' has not. */
		uint64_t next = regs.r11 & ~shared_bit;
		if (next < cursor || next >= end || !is_aligned(next, MEM_PAGE_SIZE)) {
			return refuse(ST_HOST_LIED, "TDVMCALL<MapGPA> of 0x%lx: R11 0x%lx",
				      call.subject, regs.r11);
		}
		stalls = next == cursor ? stalls + 1 : 0;
		cursor = next;
	}
	return refuse(ST_TIMEOUT, "TDVMCALL<MapGPA> of 0x%lx: RETRY",
		      gpa_with_share(gpa(cursor), share, gpaw));
}

static uint64_t text_word(const char *text, unsigned index)
{
	uint64_t word;
	memcpy(&word, text + index * sizeof(word), sizeof(word));
	return word;
}

void vmcall_report_fatal(uint32_t code, const char *text)
{
	for (;;) {
		struct tdcall_regs regs = {
			.r12 = code,
			.r14 = text_word(text, 0),
			.r15 = text_word(text, 1),
			.rbx = text_word(text, 2),
			.rdi = text_word(text, 3),
			.rsi = text_word(text, 4),
			.r8 = text_word(text, 5),
			.r9 = text_word(text, 6),
			.rdx = text_word(text, 7),
		};
		const struct call call = { TDVMCALL_REPORT_FATAL_ERROR, "ReportFatalError", code };
		status_ignore(vmcall(&regs, &call), "no other way out");
		status_ignore(vmcall_hlt(true), "the report is repeated");
	}
}
