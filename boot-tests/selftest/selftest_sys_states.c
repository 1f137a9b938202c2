// The order in which a module can be brought up, and what each wrong order answers.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/bits.h"
#include "arch/x86/insn.h"
#include "arch/x86/paging.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/svm.h"
#include "boot-tests/module/memory/pamt.h"
#include "boot-tests/module/platform.h"
#include "boot-tests/module/sys.h"
#include "boot-tests/selftest/selftest.h"
#include "boot-tests/vmm/init/frames.h"
#include "boot-tests/vmm/init/tdx_init.h"
#include "linker/memmap.h"

/* clang-format off */
/* Leaves that need a module that is ready; 42 and 63 do not exist in it. */
static const unsigned late[] = {
	TDH_VP_ENTER, TDH_MNG_CREATE, TDH_MNG_ADDCX, TDH_MEM_PAGE_ADD, TDH_PHYMEM_PAGE_RDMD,
	TDH_SYS_TDMR_INIT, TDH_VP_RD, TDH_MNG_KEY_RECLAIMID, 42, 63,
};
/* clang-format on */

static uint64_t states_call(uint64_t leaf)
{
	struct seam_regs regs;
	return selftest_call(&regs, leaf, 0, 0, 0, 0);
}

static void expect_not_ready(void)
{
	for (unsigned i = 0; i < ARRAY_COUNT(late); i++) {
		EXPECT_EQUAL(states_call(late[i]), TDX_SYS_NOT_READY);
	}
	/* What is wrong with RAX comes first. */
	EXPECT_EQUAL(states_call(TDH_MNG_CREATE | BIT64(24)),
		     TDX_OPERAND_INVALID | TDX_OPERAND_RAX);
	EXPECT_EQUAL(states_call(TDH_MNG_CREATE | BIT64(16)),
		     TDX_OPERAND_INVALID | TDX_OPERAND_RAX);
	EXPECT_EQUAL(states_call(42 | BIT64(16)), TDX_OPERAND_INVALID | TDX_OPERAND_RAX);
	/* Only the leaf knows that it has no version 2. */
	EXPECT_EQUAL(states_call(TDH_MNG_RD | field_put(TDX_VERSION, 2)), TDX_SYS_NOT_READY);
	EXPECT_EQUAL(states_call(TDH_SYS_LP_SHUTDOWN), TDX_SUCCESS);
}

static void expect_locked(void)
{
	EXPECT(sys_lock(LOCK_EXCLUSIVE));
	EXPECT_EQUAL(states_call(TDH_SYS_INIT), TDX_SYS_BUSY);
	EXPECT_EQUAL(states_call(TDH_SYS_LP_INIT), TDX_SYS_BUSY);
	sys_unlock(LOCK_EXCLUSIVE);
}

/* Up to SYSINIT_DONE. */
static void states_begin(void)
{
	struct seam_regs regs;
	expect_not_ready();
	EXPECT_EQUAL(states_call(TDH_SYS_LP_INIT), TDX_SYS_LP_INIT_NOT_PENDING);
	EXPECT_EQUAL(states_call(TDH_SYS_RD), TDX_SYS_LP_INIT_NOT_DONE);
	EXPECT_EQUAL(states_call(TDH_SYS_INFO), TDX_SYS_LP_INIT_NOT_DONE);
	EXPECT_EQUAL(states_call(TDH_SYS_RDALL), TDX_SYS_LP_INIT_NOT_DONE);
	EXPECT_EQUAL(states_call(TDH_SYS_CONFIG), TDX_SYS_CONFIG_NOT_PENDING);
	EXPECT_EQUAL(states_call(TDH_SYS_KEY_CONFIG), TDX_SYS_KEY_CONFIG_NOT_PENDING);
	EXPECT_EQUAL(selftest_call(&regs, TDH_SYS_INIT, 1, 0, 0, 0),
		     TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	expect_locked();
	selftest_sys_init();
	EXPECT_EQUAL(selftest_call(&regs, TDH_SYS_INIT, 1, 0, 0, 0),
		     TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	EXPECT_EQUAL(selftest_call(&regs, TDH_SYS_INIT, 0, 1, 1, 1), TDX_SYS_INIT_NOT_PENDING);
	EXPECT_EQUAL(regs.rdx | regs.r8 | regs.r9, 0);
	EXPECT_EQUAL(states_call(TDH_SYS_LP_INIT), TDX_SYS_LP_INIT_DONE);
	EXPECT_EQUAL(states_call(TDH_SYS_KEY_CONFIG), TDX_SYS_KEY_CONFIG_NOT_PENDING);
	EXPECT_EQUAL(sys_state(), SYS_SYSINIT_DONE);
	expect_not_ready();
}

static uint64_t page_type(uint64_t page)
{
	struct seam_regs regs;
	EXPECT_EQUAL(selftest_call(&regs, TDH_PHYMEM_PAGE_RDMD, page, 0, 0, 0), TDX_SUCCESS);
	return regs.rcx;
}

/* A host that has done all: what is there then. */
static void check_ready(const struct tdx_host *host)
{
	struct seam_regs regs;
	const struct tdmr_range *memory = &host->memory.ranges[0];
	uint64_t base = align_down(memory->base, TDX_TDMR_ALIGN);
	uint64_t pamt = ptr_hpa(host->pamt).v;
	uint64_t page = frames_take_page().v;
	EXPECT_EQUAL(sys_state(), SYS_READY);
	EXPECT_EQUAL(states_call(TDH_SYS_KEY_CONFIG), TDX_SYS_KEY_CONFIG_NOT_PENDING);
	EXPECT_EQUAL(states_call(TDH_SYS_INIT), TDX_SYS_INIT_NOT_PENDING);
	EXPECT_EQUAL(states_call(TDH_SYS_LP_INIT), TDX_SYS_LP_INIT_NOT_PENDING);
	EXPECT_EQUAL(states_call(42), TDX_OPERAND_INVALID | TDX_OPERAND_RAX);
	EXPECT_EQUAL(states_call(TDH_MNG_KEY_RECLAIMID), TDX_SUCCESS);
	EXPECT_EQUAL(selftest_call(&regs, TDH_SYS_TDMR_INIT, base, 0, 0, 0),
		     TDX_TDMR_ALREADY_INITIALIZED);
	EXPECT_EQUAL(regs.rdx, 0);
	EXPECT_EQUAL(selftest_call(&regs, TDH_SYS_TDMR_INIT, base + 1, 0, 0, 0),
		     TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	EXPECT_EQUAL(selftest_call(&regs, TDH_SYS_TDMR_INIT, base - TDX_TDMR_ALIGN, 0, 0, 0),
		     TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	EXPECT_EQUAL(page_type(page), TDX_PAGE_NDA);
	EXPECT_EQUAL(page_type(pamt), TDX_PAGE_RSVD);
	EXPECT_EQUAL(page_type(base), TDX_PAGE_RSVD);
	static const struct {
		uint64_t page, hkid, status;
	} creates[] = {
		{ 0, 0x8000, TDX_OPERAND_INVALID | TDX_OPERAND_RDX }, /* recorded on hardware */
		{ 0, MODULE_HKID_BASE, TDX_HKID_NOT_FREE },           /* recorded on hardware */
		/* in a TDMR, but reserved */
		{ 1, MODULE_HKID_BASE + 1, TDX_PAGE_METADATA_INCORRECT | TDX_OPERAND_RCX },
		{ 2, MODULE_HKID_BASE + 1, TDX_OPERAND_ADDR_RANGE_ERROR | TDX_OPERAND_RCX },
		{ 3, MODULE_HKID_BASE + 1, TDX_OPERAND_INVALID | TDX_OPERAND_RCX },
		{ 0, MODULE_HKID_BASE + 1, TDX_SUCCESS },
	};
	const uint64_t pages[] = { page, pamt, TDX_TDMR_ALIGN, page | MODULE_HPA_END };
	for (unsigned i = 0; i < ARRAY_COUNT(creates); i++) {
		uint64_t status = selftest_call(&regs, TDH_MNG_CREATE, pages[creates[i].page],
						creates[i].hkid, 0, 0);
		if (status != creates[i].status) {
			selftest_failed(__FILE__, (int)i, "row of creates[]", status);
		}
	}
	EXPECT_EQUAL(page_type(page), TDX_PAGE_TDR);
}

/* TDMR.INIT by hand: 256 calls for a GiB, which can be used after the last. */
static void check_progress(const struct tdx_host *configured)
{
	struct seam_regs regs;
	const struct tdmr_info *info = tdx_tdmr(configured, 0);
	module_load(module_platform());
	selftest_sys_init();
	uint64_t *address = hpa_ptr(frames_take_page());
	*address = ptr_hpa(info).v;
	EXPECT_EQUAL(
		selftest_call(&regs, TDH_SYS_CONFIG, ptr_hpa(address).v, 1, MODULE_HKID_BASE, 0),
		TDX_SUCCESS);
	EXPECT_EQUAL(states_call(TDH_SYS_KEY_CONFIG), TDX_SUCCESS);
	uint64_t in_gib = TDX_TDMR_ALIGN / MEM_PAGE_SIZE / PAMT_INIT_ENTRIES;
	for (uint64_t i = 1; i <= in_gib * info->size / TDX_TDMR_ALIGN; i++) {
		EXPECT_EQUAL(selftest_call(&regs, TDH_PHYMEM_PAGE_RDMD,
					   info->base + (i - 1) / in_gib * TDX_TDMR_ALIGN, 0, 0, 0),
			     TDX_OPERAND_ADDR_RANGE_ERROR | TDX_OPERAND_RCX);
		EXPECT_EQUAL(selftest_call(&regs, TDH_SYS_TDMR_INIT, info->base, 0, 0, 0),
			     TDX_SUCCESS);
		EXPECT_EQUAL(regs.rdx, info->base + i / in_gib * TDX_TDMR_ALIGN);
	}
	EXPECT_EQUAL(selftest_call(&regs, TDH_SYS_TDMR_INIT, info->base, 0, 0, 0),
		     TDX_TDMR_ALREADY_INITIALIZED);
	frames_give_page(ptr_hpa(address));
}

/* [HW] A 1.0 module: SEAMCALL 0x22 fails with SYS_NOT_READY, RDX 0x9100000100000008 as it was. */
static void check_old_module(const struct module_platform *machine)
{
	struct module_platform platform = *machine;
	struct seam_regs regs;
	platform.version_1_0 = true;
	module_load(&platform);
	selftest_sys_init();
	EXPECT_EQUAL(selftest_call(&regs, 0x22, 0, 0x9100000100000008, 0, 0), 0xC000050500000000);
	EXPECT_EQUAL(regs.rdx, 0x9100000100000008);
	EXPECT_EQUAL(states_call(TDH_SYS_RDALL), TDX_SYS_NOT_READY);
	module_load(&platform);
	struct tdx_host host = { .quiet = true };
	struct tdmr_range ram = selftest_ram();
	uint64_t taken = frames_taken();
	EXPECT_EQUAL(tdx_enable(&host, &ram, 1, TDMR_LINUX), ST_TDX);
	EXPECT_EQUAL(host.state, TDX_FAILED);
	EXPECT_EQUAL(frames_taken(), taken);
}

/* The host's own page tables: what it has of memory, and the tables themselves, have key id 0.
 * Above the addresses of memory are those of QEMU's devices. */
static void check_key_ids(const uint64_t *table, enum pg_level level, uint64_t linear)
{
	for (unsigned i = 0; i < PT_ENTRIES; i++) {
		uint64_t at = linear + i * pg_size(level);
		if (!(table[i] & PTE_P) || at >= MODULE_HPA_END) {
			continue;
		}
		EXPECT((table[i] & PTE_ADDRESS) < MODULE_HPA_END);
		if (level != PG_4K && !(table[i] & PTE_PS)) {
			check_key_ids(hpa_ptr(hpa(table[i] & PTE_ADDRESS)), level - 1, at);
		}
	}
}

void selftest_sys_states(const struct module_platform *platform)
{
	uint64_t root = insn_read_cr3() & PTE_ADDRESS;
	EXPECT(root < MODULE_HPA_END);
	check_key_ids(hpa_ptr(hpa(root)), svm_nested_top(), 0);
	check_old_module(platform);
	module_load(platform);
	states_begin();
	module_load(platform);
	struct tdx_host host = { .quiet = true };
	struct tdmr_range ram = selftest_ram();
	EXPECT_EQUAL(tdx_enable(&host, &ram, 1, TDMR_LINUX), ST_OK);
	EXPECT_EQUAL(tdx_enable(&host, &ram, 1, TDMR_LINUX), ST_OK); /* once is enough */
	check_ready(&host);
	check_progress(&host);
}
