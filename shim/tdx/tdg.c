// One function per TDCALL leaf that the shim uses.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5 TDG.*]
#include "shim/tdx/tdg.h"

#include "arch/base/check.h"
#include "arch/tdx/module.h"
#include "shim/refusal.h"

/* operand: what the call is about; raw: RAX, all of it. */
static enum status tdg_refused(const char *leaf, uint64_t operand, uint64_t raw)
{
	return refuse(ST_TDX, "%s of 0x%lx: RAX 0x%lx", leaf, operand, raw);
}

enum status td_info(struct td_info *info)
{
	struct tdcall_regs regs = { .rax = TDG_VP_INFO };
	uint64_t raw = tdcall(&regs);
	if (raw != TDX_SUCCESS) {
		return refuse(ST_TDX, "TDG.VP.INFO: RAX 0x%lx", raw);
	}
	uint64_t gpaw = field_get(TDG_VP_INFO_GPAW, regs.rcx);
	if (gpaw != 48 && gpaw != 52) {
		return refuse(ST_BAD_FORMAT, "TDG.VP.INFO: GPAW %lu", gpaw);
	}
	*info = (struct td_info){
		.gpaw = (unsigned)gpaw,
		.attributes = regs.rdx,
		.vcpu_count = (uint32_t)field_get(TDG_VP_INFO_NUM_VCPUS, regs.r8),
		.vcpu_index = (uint32_t)field_get(TDG_VP_INFO_VCPU_INDEX, regs.r9),
	};
	return ST_OK;
}

enum status td_veinfo_get(struct ve_info *info)
{
	struct tdcall_regs regs = { .rax = TDG_VP_VEINFO_GET };
	uint64_t raw = tdcall(&regs);
	if (raw != TDX_SUCCESS) {
		return refuse(ST_TDX, "TDG.VP.VEINFO.GET: RAX 0x%lx", raw);
	}
	*info = (struct ve_info){
		.exit_reason = (uint32_t)regs.rcx,
		.exit_qualification = regs.rdx,
		.gla = regs.r8,
		.gpa = regs.r9,
		.instruction_length = (uint32_t)field_get(MASK64(31, 0), regs.r10),
		.instruction_info = (uint32_t)field_get(MASK64(63, 32), regs.r10),
	};
	return ST_OK;
}

enum status td_page_accept(gpa_t page, enum pg_level level, uint64_t *raw)
{
	CHECK(level <= PG_2M && is_aligned(page.v, pg_size(level)));
	struct tdcall_regs regs = {
		.rax = TDG_MEM_PAGE_ACCEPT,
		.rcx = page.v | field_put(TDX_GPA_LEVEL, level),
	};
	*raw = tdcall(&regs);
	return *raw == TDX_SUCCESS ? ST_OK : ST_TDX;
}

enum status td_vm_rd(uint64_t field, uint64_t *value)
{
	struct tdcall_regs regs = { .rax = TDG_VM_RD, .rdx = field };
	uint64_t raw = tdcall(&regs);
	if (raw != TDX_SUCCESS) {
		return tdg_refused("TDG.VM.RD", field, raw);
	}
	*value = regs.r8;
	return ST_OK;
}

enum status td_vm_wr(uint64_t field, uint64_t value, uint64_t mask)
{
	struct tdcall_regs regs = { .rax = TDG_VM_WR, .rdx = field, .r8 = value, .r9 = mask };
	uint64_t raw = tdcall(&regs);
	return raw == TDX_SUCCESS ? ST_OK : tdg_refused("TDG.VM.WR", field, raw);
}

enum status td_rtmr_extend(unsigned index, const uint8_t *digest)
{
	CHECK(is_aligned((uintptr_t)digest, 64));
	struct tdcall_regs regs = {
		.rax = TDG_MR_RTMR_EXTEND,
		.rcx = (uintptr_t)digest,
		.rdx = index,
	};
	uint64_t raw = tdcall(&regs);
	return raw == TDX_SUCCESS ? ST_OK : tdg_refused("TDG.MR.RTMR.EXTEND", index, raw);
}
