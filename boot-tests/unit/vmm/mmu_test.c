// Tests of the VMM's memory manager: its SEAMCALLs, their order, and what it maps shared.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The module is a recorder: each SEAMCALL becomes a line of text, and PAGE.REMOVE returns the frame
// that was added. Frames are real memory, since host addresses are identity mapped.
#include "boot-tests/machine/time.h"
#include "boot-tests/machine/wake.h"
#include "boot-tests/vmm/mmu/conversion.h"
#include "boot-tests/vmm/mmu/mmu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/tdx/module.h"
#include "arch/tdx/ve_info.h"
#include "arch/x86/paging.h"
#include "boot-tests/machine/exit.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/svm.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/unit/assert_within.h"
#include "boot-tests/unit/vmm/no_costs.h"
#include "boot-tests/vmm/init/frames.h"
#include "boot-tests/vmm/mmu/tdp_entry.h"
#include "boot-tests/vmm/td/td_flush.h"
#include "boot-tests/vmm/verdict.h"

#define BLOCK (2 * MIB)
#define PAGE UINT64_C(0x1000)
#define LOW_SIZE (64 * MIB)
#define HIGH_SIZE (8 * MIB)
#define FIRMWARE_SIZE UINT64_C(0x10000)
#define POOL_SIZE (96 * MIB)
#define TDR 0x7000
#define HKID 33

static struct {
	char log[65536];
	unsigned calls;
	/* Answer of the next calls of one leaf. */
	uint64_t fail_leaf, fail_status;
	unsigned fail_count;
	uint64_t time;
	char reason[256];
	jmp_buf exit;
	struct {
		uint64_t operand, frame;
	} pages[16384];
	unsigned page_count;
	/* TDH.PHYMEM.PAGE.WBINVDs, and the sum of their frames. */
	unsigned write_backs;
	uint64_t written_back;
} module;

static struct mmu mmu;
static uint64_t tables[MMU_TABLES_SIZE(HIGH_SIZE) / sizeof(uint64_t)];
static const struct td_kick vcpus;
static struct seam_failure failure;
static uint8_t *pool;

static void note(const char *format, ...)
{
	size_t used = strlen(module.log);
	va_list args;
	va_start(args, format);
	vsnprintf(module.log + used, sizeof(module.log) - used, format, args);
	va_end(args);
}

uint64_t time_us(void)
{
	return module.time += 1000;
}

unsigned module_keyid_bits(void)
{
	return MODULE_KEYID_BITS;
}

void td_kick_all(const struct td_kick *kick)
{
	assert_ptr_equal(kick, &vcpus);
	note("kick\n");
}

void td_flush_all(const struct td_kick *kick)
{
	assert_ptr_equal(kick, &vcpus);
	note("flush\n");
}

void td_kick_out(const struct td_kick *kick)
{
	assert_ptr_equal(kick, &vcpus);
	assert_true(sept_keeps_out(&mmu.sept));
	note("out\n");
}

void td_flush_wait(const struct td_kick *kick)
{
	assert_ptr_equal(kick, &vcpus);
	note("settle\n");
}

void wake_take_kick(void)
{
	note("interrupt\n");
}

_Noreturn void machine_exit(enum machine_exit_code code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(module.reason, sizeof(module.reason), format, args);
	va_end(args);
	longjmp(module.exit, (int)code);
}

static uint64_t take_page(uint64_t operand)
{
	for (unsigned i = 0; i < module.page_count; i++) {
		if (module.pages[i].operand == operand) {
			module.pages[i].operand = UINT64_MAX;
			return module.pages[i].frame;
		}
	}
	return 0;
}

uint64_t seamcall(struct seam_regs *regs)
{
	static const char *const names[TDH_LEAF_COUNT] = {
		[TDH_MEM_PAGE_ADD] = "ADD",       [TDH_MEM_SEPT_ADD] = "SEPT",
		[TDH_MEM_PAGE_AUG] = "AUG",       [TDH_MEM_RANGE_BLOCK] = "BLOCK",
		[TDH_MR_EXTEND] = "EXTEND",       [TDH_MEM_PAGE_REMOVE] = "REMOVE",
		[TDH_MEM_PAGE_DEMOTE] = "DEMOTE",
	};
	module.calls++;
	if (regs->rax == module.fail_leaf && module.fail_count > 0) {
		module.fail_count--;
		return regs->rax = module.fail_status;
	}
	if (regs->rax == TDH_PHYMEM_PAGE_WBINVD) {
		/* Addresses of this process have bits of their own there. */
		assert_int_equal(field_get(MODULE_HPA_HKID, regs->rcx) & HKID, HKID);
		module.written_back += regs->rcx & ~MODULE_HPA_HKID;
		module.write_backs++;
		return regs->rax = 0;
	}
	if (regs->rax == TDH_MEM_TRACK) {
		assert_int_equal(regs->rcx, TDR);
		note("TRACK\n");
		return regs->rax = 0;
	}
	assert_non_null(names[regs->rax]);
	assert_int_equal(regs->rdx, TDR);
	note("%s %llx\n", names[regs->rax], (unsigned long long)regs->rcx);
	uint64_t gpa_raw = regs->rcx & TDX_GPA_PAGE;
	if (regs->rax == TDH_MEM_PAGE_AUG || regs->rax == TDH_MEM_PAGE_ADD) {
		module.pages[module.page_count].operand = regs->rcx;
		module.pages[module.page_count++].frame = regs->r8;
	} else if (regs->rax == TDH_MEM_PAGE_REMOVE) {
		regs->rcx = take_page(regs->rcx);
	} else if (regs->rax == TDH_MEM_PAGE_DEMOTE) {
		uint64_t frame = take_page(regs->rcx);
		for (unsigned i = 0; i < 512; i++) {
			module.pages[module.page_count].operand = gpa_raw + i * PAGE;
			module.pages[module.page_count++].frame = frame + i * PAGE;
		}
	}
	return regs->rax = 0;
}

static int set_up(void **state)
{
	(void)state;
	if (pool == NULL) {
		pool = aligned_alloc(BLOCK, POOL_SIZE);
	}
	assert_non_null(pool);
	memset(&module, 0, sizeof(module));
	module.fail_leaf = UINT64_MAX;
	frames_init(ptr_hpa(pool), hpa(ptr_hpa(pool).v + POOL_SIZE));
	mmu_init(&mmu, &vcpus, hpa(TDR), (struct shared_backing){ 0 },
		 &(struct td_memory){ LOW_SIZE, HIGH_SIZE, FIRMWARE_SIZE }, 48, tables);
	mmu.large_pages = true;
	mmu.sept.hkid = HKID;
	return 0;
}

/* What the module saw since the last call. */
static void expect_log(const char *expected)
{
	assert_string_equal(module.log, expected);
	module.log[0] = 0;
}

static enum mmu_answer accept_answer(uint64_t address, enum pg_level level)
{
	return mmu_private_fault(&mmu, gpa(address),
				 EXT_QUAL_ACCEPT | field_put(EXT_QUAL_INFO, (uint64_t)level),
				 &failure);
}

static void accept_fault(uint64_t address, enum pg_level level)
{
	assert_int_equal(accept_answer(address, level), MMU_FIXED);
}

/* An access, not an ACCEPT. */
static void access_fault(uint64_t address)
{
	assert_int_equal(mmu_private_fault(&mmu, gpa(address), 0, &failure), MMU_FIXED);
}

static enum status convert(uint64_t base, uint64_t size, enum share share)
{
	struct gpa_range range;
	gpa_t stopped;
	assert_true(gpa_range_make(base, size, &range));
	return conversion_make(&mmu, range, share, &stopped, &failure);
}

/* What an access of the TD finds: the leaf or the entry where the walk of the shared table ends,
 * once the host has had its say. */
static uint64_t shared_entry(uint64_t address)
{
	uint64_t table = mmu_shared_root(&mmu).v;
	while (mmu_shared_fault(&mmu, gpa(address)) == MMU_FIXED) {
	}
	for (unsigned level = PG_512G;; level--) {
		const uint64_t *entries = hpa_ptr(hpa(table));
		uint64_t entry = entries[pt_index(address, (enum pg_level)level)];
		if ((entry & PTE_P) == 0 || (entry & PTE_PS) != 0 || level == PG_4K) {
			return entry;
		}
		table = entry & PTE_ADDRESS;
	}
}

static void assert_unlocked(void)
{
	assert_int_equal(mmu.tdp.lock.holders, 0);
	assert_int_equal(mmu.tdp.lock.waiting, 0);
	assert_int_equal(mmu.slots_lock.held, 0);
	assert_int_equal(mmu.sept.track_lock.held, 0);
}

#define SHARED_PAGE(address) ((address) | PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)

static void tables_are_added_from_the_root_once(void **state)
{
	(void)state;
	accept_fault(0x1000, PG_4K);
	expect_log("SEPT 3\nSEPT 2\nSEPT 1\nAUG 1000\n");
	accept_fault(0x2000, PG_4K);
	expect_log("AUG 2000\n");
	accept_fault(BLOCK, PG_4K);
	expect_log("SEPT 200001\nAUG 200000\n");
	accept_fault(FOUR_GIB, PG_4K);
	expect_log("SEPT 100000002\nSEPT 100000001\nAUG 100000000\n");
}

static void untouched_block_gets_a_large_page(void **state)
{
	(void)state;
	accept_fault(BLOCK, PG_2M);
	expect_log("SEPT 3\nSEPT 2\nAUG 200001\n");
	access_fault(2 * BLOCK + 0x5123);
	expect_log("AUG 400001\n");
	/* A 2 MiB ACCEPT where there is a table: one page, and the guest is told by the module. */
	accept_fault(3 * BLOCK + 0x1000, PG_4K);
	accept_fault(3 * BLOCK, PG_2M);
	expect_log("SEPT 600001\nAUG 601000\nAUG 600000\n");
}

static void fault_on_what_another_vcpu_mapped_does_nothing(void **state)
{
	(void)state;
	accept_fault(0, PG_2M);
	accept_fault(BLOCK, PG_4K);
	module.log[0] = 0;
	assert_int_equal(accept_answer(0, PG_2M), MMU_SPURIOUS);
	assert_int_equal(accept_answer(BLOCK, PG_4K), MMU_SPURIOUS);
	expect_log("");
}

static void small_accept_in_a_large_page_demotes_it(void **state)
{
	(void)state;
	accept_fault(BLOCK, PG_2M);
	module.log[0] = 0;
	accept_fault(BLOCK + 0x3000, PG_4K);
	expect_log("BLOCK 200001\nTRACK\nkick\nDEMOTE 200001\n");
	assert_int_equal(accept_answer(BLOCK + 0x4000, PG_4K), MMU_SPURIOUS);
	expect_log("");
}

static void pages_of_the_image_are_added_and_measured(void **state)
{
	(void)state;
	static uint8_t page[4096];
	uint64_t base = FOUR_GIB - FIRMWARE_SIZE;
	assert_int_equal(mmu_add_page(&mmu, gpa(base), page, &failure), ST_OK);
	expect_log("SEPT 3\nSEPT c0000002\nSEPT ffe00001\nADD ffff0000\n");
	assert_int_equal(mmu_add_page(&mmu, gpa(base + PAGE), page, &failure), ST_OK);
	assert_int_equal(mmu_extend_page(&mmu, gpa(base + PAGE), &failure), ST_OK);
	static const char start[] = "ADD ffff1000\nEXTEND ffff1000\nEXTEND ffff1100\n";
	assert_memory_equal(module.log, start, sizeof(start) - 1);
	assert_int_equal(module.calls, 4 + 1 + 16);
}

static void large_page_becomes_shared_and_private_again(void **state)
{
	(void)state;
	accept_fault(BLOCK, PG_2M);
	shared_entry(LOW_SIZE); /* the tables above */
	uint64_t taken = frames_taken();
	uint64_t frame = mmu.frames.blocks[1].large.v;
	module.log[0] = 0;
	assert_int_equal(convert(BLOCK, BLOCK, SHARE_SHARED), ST_OK);
	expect_log("BLOCK 200001\nTRACK\nkick\nREMOVE 200001\n");
	assert_int_equal(module.write_backs, 512);
	assert_int_equal(module.written_back,
			 512 * (frame & ~MODULE_HPA_HKID) + 511 * 512 / 2 * PAGE);
	assert_int_equal(shared_entry(BLOCK), SHARED_PAGE(BLOCK) | PTE_PS);
	assert_int_equal(frames_taken(), taken - BLOCK);
	assert_true(mmu_is_shared(&mmu, BLOCK, BLOCK));
	assert_false(mmu_is_shared(&mmu, BLOCK - 1, 2));
	assert_false(mmu_is_shared(&mmu, 2 * BLOCK - 1, 2));
	assert_false(mmu_is_shared(&mmu, BLOCK, 0));
	assert_false(mmu_is_shared(&mmu, UINT64_MAX, 2));

	assert_int_equal(convert(BLOCK, BLOCK, SHARE_PRIVATE), ST_OK);
	expect_log("flush\n");
	assert_int_equal(shared_entry(BLOCK), NPT_SUPPRESS_VE);
	accept_fault(BLOCK, PG_2M);
	expect_log("AUG 200001\n");
	assert_int_equal(frames_taken(), taken);
}

static void shared_memory_may_stand_elsewhere(void **state)
{
	(void)state;
	mmu_init(&mmu, &vcpus, hpa(TDR), (struct shared_backing){ .base = hpa(40 * BLOCK) },
		 &(struct td_memory){ LOW_SIZE, HIGH_SIZE, FIRMWARE_SIZE }, 48, tables);
	mmu.large_pages = true;
	mmu.sept.hkid = HKID;
	assert_int_equal(convert(BLOCK, BLOCK, SHARE_SHARED), ST_OK);
	assert_int_equal(shared_entry(BLOCK), SHARED_PAGE(41 * BLOCK) | PTE_PS);
	assert_int_equal(convert(2 * BLOCK + PAGE, PAGE, SHARE_SHARED), ST_OK);
	assert_int_equal(shared_entry(2 * BLOCK), NPT_SUPPRESS_VE);
	assert_int_equal(shared_entry(2 * BLOCK + PAGE), SHARED_PAGE(42 * BLOCK + PAGE));
	assert_int_equal(ptr_hpa(mmu_shared(&mmu, 2 * BLOCK + PAGE + 5)).v, 42 * BLOCK + PAGE + 5);
}

/* What KVM does whatever the TD asks for: the ACCEPT of 2 MiB then finds a smaller page. */
static void a_host_may_have_small_pages_only(void **state)
{
	(void)state;
	mmu.large_pages = false;
	accept_fault(BLOCK + PAGE, PG_2M);
	expect_log("SEPT 3\nSEPT 2\nSEPT 200001\nAUG 201000\n");
	access_fault(2 * BLOCK);
	expect_log("SEPT 400001\nAUG 400000\n");
}

/* QEMU has its devices from 2 GiB on, where a TD of less than 2.75 GiB has RAM. */
static void what_is_shared_above_2_gib_may_stand_apart(void **state)
{
	(void)state;
	uint64_t split = TD_LOW_MEMORY_SPLIT;
	mmu_init(&mmu, &vcpus, hpa(TDR), (struct shared_backing){ .upper = hpa(50 * BLOCK) },
		 &(struct td_memory){ split + 2 * BLOCK, HIGH_SIZE, FIRMWARE_SIZE }, 48, tables);
	mmu.large_pages = true;
	mmu.sept.hkid = HKID;
	assert_int_equal(convert(split - BLOCK, 2 * BLOCK, SHARE_SHARED), ST_OK);
	assert_int_equal(shared_entry(split - BLOCK), SHARED_PAGE(split - BLOCK) | PTE_PS);
	assert_int_equal(shared_entry(split), SHARED_PAGE(50 * BLOCK) | PTE_PS);
	assert_int_equal(convert(split + BLOCK + PAGE, PAGE, SHARE_SHARED), ST_OK);
	assert_int_equal(shared_entry(split + BLOCK + PAGE), SHARED_PAGE(51 * BLOCK + PAGE));
	assert_int_equal(convert(FOUR_GIB, BLOCK, SHARE_SHARED), ST_OK);
	assert_int_equal(shared_entry(FOUR_GIB), SHARED_PAGE(FOUR_GIB) | PTE_PS);
	assert_int_equal(ptr_hpa(mmu_shared(&mmu, split + 5)).v, 50 * BLOCK + 5);
	assert_int_equal(ptr_hpa(mmu_shared(&mmu, split - 1)).v, split - 1);
	/* The host sees it in two pieces. */
	assert_true(mmu_is_shared(&mmu, split - 8, 8));
	assert_true(mmu_is_shared(&mmu, split, 8));
	assert_false(mmu_is_shared(&mmu, split - 4, 8));
}

/* What a TD has of tables grows with it: 64 GiB, and its last page. */
static void the_largest_td(void **state)
{
	(void)state;
	uint64_t last = FOUR_GIB + TD_HIGH_MEMORY_MAX - PAGE;
	void *many = malloc(MMU_TABLES_SIZE(TD_HIGH_MEMORY_MAX));
	assert_non_null(many);
	mmu_init(&mmu, &vcpus, hpa(TDR), (struct shared_backing){ 0 },
		 &(struct td_memory){ TD_LOW_MEMORY_SPLIT, TD_HIGH_MEMORY_MAX, FIRMWARE_SIZE }, 48,
		 many);
	mmu.large_pages = true;
	mmu.sept.hkid = HKID;
	access_fault(last);
	expect_log("SEPT 3\nSEPT 1040000002\nAUG 107fe00001\n");
	assert_int_equal(mmu_private_fault(&mmu, gpa(last + PAGE), 0, &failure), MMU_NO_MEMORY);
	assert_int_equal(convert(last, PAGE, SHARE_SHARED), ST_OK);
	assert_int_equal(shared_entry(last), SHARED_PAGE(last));
	assert_int_equal(shared_entry(last + PAGE), 0);
	free(many);
}

/* The last block has RAM, and devices after it. */
static void ram_need_not_end_with_a_block(void **state)
{
	(void)state;
	uint64_t low = BLOCK + 3 * PAGE;
	uint64_t high = PAGE;
	mmu_init(&mmu, &vcpus, hpa(TDR), (struct shared_backing){ 0 },
		 &(struct td_memory){ low, high, FIRMWARE_SIZE }, 48, tables);
	mmu.large_pages = true;
	mmu.sept.hkid = HKID;
	assert_int_equal(shared_entry(0), NPT_SUPPRESS_VE);
	assert_int_equal(shared_entry(low - PAGE), NPT_SUPPRESS_VE);
	assert_int_equal(shared_entry(low), 0);
	assert_int_equal(shared_entry(2 * BLOCK), 0);
	assert_int_equal(shared_entry(FOUR_GIB), NPT_SUPPRESS_VE);
	assert_int_equal(shared_entry(FOUR_GIB + PAGE), 0);
	/* Private: by 4 KiB only. */
	accept_fault(BLOCK + 2 * PAGE, PG_2M);
	expect_log("SEPT 3\nSEPT 2\nSEPT 200001\nAUG 202000\n");
	accept_fault(0, PG_2M);
	expect_log("AUG 1\n");
	/* Shared: to the end of RAM, devices after it stay what they are. */
	assert_int_equal(convert(BLOCK + PAGE, BLOCK, SHARE_SHARED), ST_OK);
	assert_int_equal(shared_entry(BLOCK), NPT_SUPPRESS_VE);
	assert_int_equal(shared_entry(BLOCK + PAGE), SHARED_PAGE(BLOCK + PAGE));
	assert_int_equal(shared_entry(low - PAGE), SHARED_PAGE(low - PAGE));
	assert_int_equal(shared_entry(low), 0);
	assert_int_equal(convert(BLOCK + PAGE, 2 * PAGE, SHARE_PRIVATE), ST_OK);
	assert_int_equal(shared_entry(low - PAGE), NPT_SUPPRESS_VE);
	assert_int_equal(shared_entry(low), 0);
	expect_log("BLOCK 202000\nTRACK\nkick\nREMOVE 202000\nflush\n");
}

static void private_frames_are_told(void **state)
{
	(void)state;
	hpa_t large;
	hpa_t small;
	accept_fault(BLOCK, PG_2M);
	assert_true(mmu_private_frame(&mmu, gpa(BLOCK + 3 * PAGE), &large));
	assert_int_equal(large.v, mmu.frames.blocks[1].large.v + 3 * PAGE);
	accept_fault(BLOCK, PG_4K); /* small pages in the same frames */
	assert_true(mmu_private_frame(&mmu, gpa(BLOCK + 3 * PAGE), &small));
	assert_int_equal(small.v, large.v);
	assert_int_equal(convert(BLOCK + 3 * PAGE, PAGE, SHARE_SHARED), ST_OK);
	assert_false(mmu_private_frame(&mmu, gpa(BLOCK + 3 * PAGE), &small));
	assert_false(mmu_private_frame(&mmu, gpa(2 * BLOCK), &small));
	assert_false(mmu_private_frame(&mmu, gpa(LOW_SIZE), &small));
	assert_int_equal(small.v, large.v);
}

static void part_of_a_large_page_becomes_shared(void **state)
{
	(void)state;
	accept_fault(BLOCK, PG_2M);
	shared_entry(LOW_SIZE); /* the tables above */
	uint64_t taken = frames_taken();
	module.log[0] = 0;
	assert_int_equal(convert(BLOCK + 0x1000, 0x2000, SHARE_SHARED), ST_OK);
	expect_log("BLOCK 200001\nTRACK\nkick\nDEMOTE 200001\n"
		   "BLOCK 201000\nBLOCK 202000\nTRACK\nkick\nREMOVE 201000\nREMOVE 202000\n");
	assert_int_equal(shared_entry(BLOCK), NPT_SUPPRESS_VE);
	assert_int_equal(shared_entry(BLOCK + 0x1000), SHARED_PAGE(BLOCK + 0x1000));
	assert_int_equal(shared_entry(BLOCK + 0x2000), SHARED_PAGE(BLOCK + 0x2000));
	assert_int_equal(shared_entry(BLOCK + 0x3000), NPT_SUPPRESS_VE);
	/* The SEPT table and its mirror, our list of frames, the shared table; two pages came
	 * back. */
	assert_int_equal(frames_taken(), taken + 4 * PAGE - 2 * PAGE);
	assert_int_equal(module.write_backs, 2);
}

static void range_over_blocks_is_tracked_once(void **state)
{
	(void)state;
	accept_fault(BLOCK + 0x1FF000, PG_4K);
	accept_fault(2 * BLOCK, PG_2M);
	accept_fault(3 * BLOCK, PG_4K);
	module.log[0] = 0;
	assert_int_equal(convert(BLOCK + 0x1FF000, BLOCK + 0x2000, SHARE_SHARED), ST_OK);
	expect_log("BLOCK 3ff000\nBLOCK 400001\nBLOCK 600000\nTRACK\nkick\n"
		   "REMOVE 3ff000\nREMOVE 400001\nREMOVE 600000\n");
	assert_int_equal(shared_entry(BLOCK + 0x1FE000), NPT_SUPPRESS_VE);
	assert_int_equal(shared_entry(BLOCK + 0x1FF000), SHARED_PAGE(BLOCK + 0x1FF000));
	assert_int_equal(shared_entry(2 * BLOCK), SHARED_PAGE(2 * BLOCK) | PTE_PS);
	assert_int_equal(shared_entry(3 * BLOCK), SHARED_PAGE(3 * BLOCK));
	assert_int_equal(shared_entry(3 * BLOCK + 0x1000), NPT_SUPPRESS_VE);
}

/* 001-R87, 001-R90: the form that KVM has. */
static void a_range_may_be_tracked_page_by_page(void **state)
{
	(void)state;
	mmu.zap_one_by_one = true;
	accept_fault(BLOCK + 0x1FF000, PG_4K);
	accept_fault(2 * BLOCK, PG_2M);
	module.log[0] = 0;
	assert_int_equal(convert(BLOCK, 2 * BLOCK, SHARE_SHARED), ST_OK);
	expect_log("BLOCK 3ff000\nTRACK\nkick\nREMOVE 3ff000\n"
		   "BLOCK 400001\nTRACK\nkick\nREMOVE 400001\n");
	/* 001-R85: the shared half is flushed once, whatever the private one is. */
	for (uint64_t at = BLOCK; at < BLOCK + 3 * PAGE; at += PAGE) {
		assert_int_equal(shared_entry(at) & PTE_P, PTE_P);
	}
	shared_entry(2 * BLOCK);
	assert_int_equal(convert(BLOCK, 2 * BLOCK, SHARE_PRIVATE), ST_OK);
	expect_log("flush\n");
}

/* 001-R57, 001-R59: tables of shared pages only; private pages stay in place. */
static void a_shrink_takes_shared_tables_only(void **state)
{
	(void)state;
	uint64_t frames[3];
	for (unsigned i = 0; i < 3; i++) {
		accept_fault((3 + i) * BLOCK + PAGE, PG_4K);
		hpa_t frame;
		assert_true(mmu_private_frame(&mmu, gpa((3 + i) * BLOCK + PAGE), &frame));
		frames[i] = frame.v;
	}
	for (unsigned i = 0; i < 2; i++) {
		uint64_t page = (i + 1) * BLOCK + PAGE;
		assert_int_equal(convert(page, PAGE, SHARE_SHARED), ST_OK);
		assert_int_equal(shared_entry(page), SHARED_PAGE(page));
	}
	unsigned private_tables = mmu.tdp.mirror.page_count;
	unsigned shared_tables = mmu.tdp.shared.page_count;
	uint64_t taken = frames_taken();
	module.log[0] = 0;
	assert_int_equal(mmu_shrink(&mmu), 2);
	expect_log("flush\nsettle\n");
	assert_int_equal(mmu.tdp.mirror.page_count, private_tables);
	assert_int_equal(mmu.tdp.shared.page_count, shared_tables - 2);
	assert_int_equal(frames_taken(), taken - 2 * PAGE);
	for (unsigned i = 0; i < 3; i++) {
		hpa_t frame;
		assert_true(mmu_private_frame(&mmu, gpa((3 + i) * BLOCK + PAGE), &frame));
		assert_int_equal(frame.v, frames[i]);
		assert_int_equal(accept_answer((3 + i) * BLOCK + PAGE, PG_4K), MMU_SPURIOUS);
	}
	assert_int_equal(mmu_shrink(&mmu), 0);
	expect_log("");
	assert_int_equal(mmu_shared_fault(&mmu, gpa(BLOCK + PAGE)), MMU_FIXED);
	assert_int_equal(shared_entry(BLOCK + PAGE), SHARED_PAGE(BLOCK + PAGE));
	assert_int_equal(frames_taken(), taken - PAGE);
	/* By itself, at every third fault. */
	mmu.shrink_every = 3;
	mmu.shared_faults = 0;
	for (unsigned i = 1; i <= 6; i++) {
		assert_int_equal(mmu_shared_fault(&mmu, gpa(BLOCK + PAGE)),
				 i % 3 == 0 ? MMU_FIXED : MMU_SPURIOUS);
	}
	assert_unlocked();
}

/* 001-R58, 001-R60, 001-R96: a page that the host wants elsewhere, and memory that comes later. */
static void shared_pages_move_and_private_ones_stay(void **state)
{
	(void)state;
	uint64_t page = BLOCK + PAGE;
	enum pg_level level;
	hpa_t frame, same;
	accept_fault(page + PAGE, PG_4K);
	assert_true(mmu_private_frame(&mmu, gpa(page + PAGE), &frame));
	assert_int_equal(convert(page, PAGE, SHARE_SHARED), ST_OK);
	assert_int_equal(shared_entry(page), SHARED_PAGE(page));
	module.log[0] = 0;
	assert_int_equal(mmu_move_page(&mmu, gpa(page)), ST_OK);
	expect_log("flush\n");
	assert_false(tdp_present(tdp_look(&mmu.tdp.shared, gpa(page), &level)));
	assert_int_equal(mmu_move_page(&mmu, gpa(page)), ST_OK); /* nothing is mapped any more */
	expect_log("");
	assert_int_equal(mmu_shared_fault(&mmu, gpa(page)), MMU_FIXED);
	assert_int_equal(shared_entry(page), SHARED_PAGE(page));
	assert_int_equal(mmu_move_page(&mmu, gpa(page + PAGE)), ST_UNSUPPORTED);
	assert_int_equal(mmu_move_page(&mmu, gpa(LOW_SIZE)), ST_NOT_FOUND);
	assert_int_equal(mmu_add_memory(&mmu, gpa(LOW_SIZE - PAGE)), ST_BAD_RANGE);
	assert_int_equal(mmu_add_memory(&mmu, gpa(LOW_SIZE)), ST_UNSUPPORTED);
	expect_log("");
	assert_true(mmu_private_frame(&mmu, gpa(page + PAGE), &same));
	assert_int_equal(same.v, frame.v);
	assert_int_equal(accept_answer(page + PAGE, PG_4K), MMU_SPURIOUS);
	assert_unlocked();
}

static void conversion_to_the_present_state_is_nothing(void **state)
{
	(void)state;
	accept_fault(0, PG_4K);
	module.log[0] = 0;
	assert_int_equal(convert(0, BLOCK, SHARE_PRIVATE), ST_OK);
	expect_log("");
	assert_int_equal(convert(BLOCK, BLOCK, SHARE_SHARED), ST_OK);
	assert_int_equal(convert(BLOCK, BLOCK, SHARE_SHARED), ST_OK);
	expect_log("");
}

static void block_with_shared_pages_gets_small_pages(void **state)
{
	(void)state;
	assert_int_equal(convert(BLOCK, PAGE, SHARE_SHARED), ST_OK);
	accept_fault(BLOCK + 0x1000, PG_2M);
	expect_log("SEPT 3\nSEPT 2\nSEPT 200001\nAUG 201000\n");
}

static void devices_are_shared_only(void **state)
{
	(void)state;
	struct gpa_range range;
	gpa_t stopped;
	assert_int_equal(shared_entry(0xFEC00000), 0);
	assert_int_equal(shared_entry(LOW_SIZE), 0);
	assert_int_equal(shared_entry(LOW_SIZE - PAGE), NPT_SUPPRESS_VE);
	assert_int_equal(shared_entry(FOUR_GIB + HIGH_SIZE - PAGE), NPT_SUPPRESS_VE);
	assert_int_equal(shared_entry(FOUR_GIB + HIGH_SIZE), 0);
	assert_int_equal(convert(LOW_SIZE, MIB, SHARE_SHARED), ST_OK);
	assert_int_equal(shared_entry(LOW_SIZE), 0);

	/* From RAM into a hole: the RAM is converted, the rest is named. */
	assert_int_equal(convert(LOW_SIZE - BLOCK, BLOCK, SHARE_SHARED), ST_OK);
	assert_true(gpa_range_make(LOW_SIZE - BLOCK, 2 * BLOCK, &range));
	assert_int_equal(conversion_make(&mmu, range, SHARE_PRIVATE, &stopped, &failure),
			 ST_BAD_ARGUMENT);
	assert_int_equal(stopped.v, LOW_SIZE);
	assert_int_equal(shared_entry(LOW_SIZE - BLOCK), NPT_SUPPRESS_VE);
	/* The firmware cannot be shared; a range of the whole GPA space stops there. */
	assert_true(gpa_range_make(0, BIT64(47), &range));
	assert_int_equal(conversion_make(&mmu, range, SHARE_SHARED, &stopped, &failure),
			 ST_BAD_ARGUMENT);
	assert_int_equal(convert(FOUR_GIB - PAGE, PAGE, SHARE_SHARED), ST_BAD_ARGUMENT);
}

static void both_parts_of_ram_in_one_range(void **state)
{
	(void)state;
	mmu.memory.firmware_size = 0;
	assert_int_equal(convert(0, BIT64(47), SHARE_SHARED), ST_OK);
	assert_int_equal(shared_entry(LOW_SIZE - BLOCK), SHARED_PAGE(LOW_SIZE - BLOCK) | PTE_PS);
	assert_int_equal(shared_entry(FOUR_GIB), SHARED_PAGE(FOUR_GIB) | PTE_PS);
	assert_int_equal(shared_entry(LOW_SIZE), 0);
	expect_log("");
}

/* The answer must end the TD, by a verdict that has the text. Another vCPU may need the lock on its
 * way out. */
static void expect_end(enum mmu_answer answer, unsigned vcpu, uint64_t address, const char *text)
{
	struct verdict verdict = { 0 };
	assert_unlocked();
	verdict_memory(&verdict, answer, vcpu, gpa(address), &failure);
	assert_true(verdict.given);
	assert_int_equal(verdict.code, EXIT_TD_STOPPED);
	if (strstr(verdict.text, text) == NULL) {
		fail_msg("'%s' does not name '%s'", verdict.text, text);
	}
}

static void expect_accept_end(uint64_t address, enum pg_level level, const char *text)
{
	expect_end(accept_answer(address, level), 0, address, text);
}

static void wrong_accesses_stop_the_td(void **state)
{
	(void)state;
	expect_accept_end(LOW_SIZE, PG_4K, "0x4000000 outside of RAM");
	expect_accept_end(FOUR_GIB - FIRMWARE_SIZE - 1, PG_4K, "outside of RAM");
	expect_accept_end(FOUR_GIB + HIGH_SIZE, PG_4K, "outside of RAM");
	expect_end(mmu_private_fault(&mmu, gpa(0x5000), EXT_QUAL_PENDING_EPT_VIOLATION, &failure),
		   3, 0x5000, "unaccepted page at GPA 0x5000 by vCPU 3");
	assert_int_equal(convert(BLOCK, PAGE, SHARE_SHARED), ST_OK);
	/* It became shared meanwhile. */
	assert_int_equal(mmu_shared_fault(&mmu, gpa(BLOCK)), MMU_FIXED);
	assert_int_equal(mmu_shared_fault(&mmu, gpa(BLOCK)), MMU_SPURIOUS);
	expect_end(mmu_shared_fault(&mmu, gpa(BLOCK + PAGE)), 2, BLOCK + PAGE,
		   "shared access to private GPA 0x201000 by vCPU 2");
	assert_int_equal(shared_entry(0xFEC00000), 0);
	expect_end(mmu_shared_fault(&mmu, gpa(0xFEC00000)), 0, 0xFEC00000, "device GPA 0xfec00000");
	expect_accept_end(BLOCK, PG_4K, "private access to shared GPA 0x200000");
}

static void busy_calls_are_repeated_and_bounded(void **state)
{
	(void)state;
	module.fail_leaf = TDH_MEM_PAGE_AUG;
	module.fail_status = TDX_OPERAND_BUSY | TDX_OPERAND_RCX;
	module.fail_count = 5;
	accept_fault(0, PG_2M);
	expect_log("SEPT 3\nSEPT 2\nAUG 1\n");
	module.fail_count = UINT32_MAX;
	uint64_t taken = frames_taken();
	expect_accept_end(BLOCK, PG_2M,
			  "host: TDH_MEM_PAGE_AUG(RCX 0x200001) failed: 0x8000020000000001");
	module.fail_count = 0;
	accept_fault(BLOCK, PG_2M);
	assert_int_equal(frames_taken(), taken + BLOCK); /* one frame for both */
}

static void tracking_waits_for_the_other_vcpus(void **state)
{
	(void)state;
	accept_fault(0, PG_2M);
	module.log[0] = 0;
	module.fail_leaf = TDH_MEM_TRACK;
	module.fail_status = TDX_PREVIOUS_TLB_EPOCH_BUSY;
	module.fail_count = 2;
	assert_int_equal(convert(0, BLOCK, SHARE_SHARED), ST_OK);
	expect_log("BLOCK 1\nkick\nkick\nTRACK\nkick\nREMOVE 1\n");

	accept_fault(BLOCK, PG_2M);
	module.fail_leaf = TDH_MEM_PAGE_REMOVE;
	module.fail_status = TDX_TLB_TRACKING_NOT_DONE | TDX_OPERAND_RCX;
	module.fail_count = 3;
	assert_int_equal(convert(BLOCK, BLOCK, SHARE_SHARED), ST_OK);

	accept_fault(2 * BLOCK, PG_2M);
	module.fail_count = UINT32_MAX;
	assert_int_equal(convert(2 * BLOCK, BLOCK, SHARE_SHARED), ST_TDX);
	assert_string_equal(failure.leaf, "TDH_MEM_PAGE_REMOVE");
	assert_unlocked();
	assert_false(mmu_is_shared(&mmu, 2 * BLOCK, PAGE));
}

/* What vCPUs in the module make busy is called again with none inside; and who only waits for other
 * CPUs of the host waits. */
static void busy_zaps_are_repeated_without_vcpus(void **state)
{
	(void)state;
	static const struct {
		uint64_t leaf;
		const char *log;
	} rows[] = {
		{ TDH_MEM_RANGE_BLOCK, "out\nBLOCK 1\nTRACK\nkick\nREMOVE 1\n" },
		{ TDH_MEM_TRACK, "BLOCK 1\nout\nTRACK\nkick\nREMOVE 1\n" },
		{ TDH_MEM_PAGE_REMOVE, "BLOCK 1\nTRACK\nkick\nout\nREMOVE 1\n" },
	};
	for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
		for (unsigned times = 1; times <= 5; times += 4) {
			set_up(NULL);
			accept_fault(0, PG_2M);
			module.log[0] = 0;
			module.fail_leaf = rows[i].leaf;
			module.fail_status = TDX_OPERAND_BUSY | TDX_OPERAND_SEPT_TREE;
			module.fail_count = times;
			assert_int_equal(convert(0, BLOCK, SHARE_SHARED), ST_OK);
			expect_log(rows[i].log);
			assert_false(sept_keeps_out(&mmu.sept));
		}
	}
}

static void interrupted_demote_is_repeated(void **state)
{
	(void)state;
	accept_fault(0, PG_2M);
	module.log[0] = 0;
	module.fail_leaf = TDH_MEM_PAGE_DEMOTE;
	module.fail_status = TDX_INTERRUPTED_RESTARTABLE;
	module.fail_count = 2;
	accept_fault(0, PG_4K);
	expect_log("BLOCK 1\nTRACK\nkick\ninterrupt\ninterrupt\nDEMOTE 1\n");

	accept_fault(BLOCK, PG_2M);
	module.fail_count = UINT32_MAX;
	expect_accept_end(BLOCK, PG_4K, "TDH_MEM_PAGE_DEMOTE");
}

static void module_error_stops_by_name(void **state)
{
	(void)state;
	module.fail_leaf = TDH_MEM_SEPT_ADD;
	module.fail_status = TDX_EPT_WALK_FAILED | TDX_OPERAND_RCX;
	module.fail_count = 1;
	expect_accept_end(0, PG_4K, "TDH_MEM_SEPT_ADD(RCX 0x3) failed");
}

/* Whatever call of a conversion fails: by name, and nothing is shared. */
static void a_failing_conversion_is_told(void **state)
{
	(void)state;
	static const struct {
		uint64_t leaf;
		const char *name;
	} rows[] = {
		{ TDH_MEM_RANGE_BLOCK, "TDH_MEM_RANGE_BLOCK" },
		{ TDH_MEM_TRACK, "TDH_MEM_TRACK" },
		{ TDH_MEM_PAGE_REMOVE, "TDH_MEM_PAGE_REMOVE" },
		{ TDH_MEM_PAGE_DEMOTE, "TDH_MEM_PAGE_DEMOTE" },
	};
	for (unsigned i = 0; i < ARRAY_COUNT(rows); i++) {
		uint64_t size = rows[i].leaf == TDH_MEM_PAGE_DEMOTE ? PAGE : BLOCK;
		for (unsigned small = 0; small < (size == BLOCK ? 2 : 1); small++) {
			set_up(NULL);
			accept_fault(BLOCK, small != 0 ? PG_4K : PG_2M);
			module.fail_leaf = rows[i].leaf;
			module.fail_status = TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
			module.fail_count = 1;
			assert_int_equal(convert(BLOCK, size, SHARE_SHARED), ST_TDX);
			assert_string_equal(failure.leaf, rows[i].name);
			assert_unlocked();
			assert_false(mmu_is_shared(&mmu, BLOCK, PAGE));
		}
	}
}

static void frames_run_out_and_come_back(void **state)
{
	(void)state;
	static hpa_t frames[POOL_SIZE / BLOCK];
	static unsigned count; /* kept over the longjmp */
	uint64_t taken = frames_taken();
	if (setjmp(module.exit) == 0) {
		for (;;) {
			frames[count] = frames_take(PG_2M);
			assert_true(is_aligned(frames[count].v, BLOCK));
			count++;
		}
	}
	assert_non_null(strstr(module.reason, "no free frame"));
	assert_within(count, 40, POOL_SIZE / BLOCK);
	for (unsigned i = 0; i < count; i++) {
		frames_give(frames[i], PG_2M);
	}
	assert_int_equal(frames_taken(), taken);
	hpa_t small = frames_take(PG_4K);
	assert_true(is_aligned(small.v, PAGE));
	frames_give(small, PG_4K);
	assert_int_equal(frames_take(PG_4K).v, small.v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(tables_are_added_from_the_root_once, set_up),
		cmocka_unit_test_setup(untouched_block_gets_a_large_page, set_up),
		cmocka_unit_test_setup(fault_on_what_another_vcpu_mapped_does_nothing, set_up),
		cmocka_unit_test_setup(small_accept_in_a_large_page_demotes_it, set_up),
		cmocka_unit_test_setup(pages_of_the_image_are_added_and_measured, set_up),
		cmocka_unit_test_setup(large_page_becomes_shared_and_private_again, set_up),
		cmocka_unit_test_setup(shared_memory_may_stand_elsewhere, set_up),
		cmocka_unit_test_setup(a_host_may_have_small_pages_only, set_up),
		cmocka_unit_test_setup(what_is_shared_above_2_gib_may_stand_apart, set_up),
		cmocka_unit_test_setup(the_largest_td, set_up),
		cmocka_unit_test_setup(ram_need_not_end_with_a_block, set_up),
		cmocka_unit_test_setup(private_frames_are_told, set_up),
		cmocka_unit_test_setup(part_of_a_large_page_becomes_shared, set_up),
		cmocka_unit_test_setup(range_over_blocks_is_tracked_once, set_up),
		cmocka_unit_test_setup(a_range_may_be_tracked_page_by_page, set_up),
		cmocka_unit_test_setup(a_shrink_takes_shared_tables_only, set_up),
		cmocka_unit_test_setup(shared_pages_move_and_private_ones_stay, set_up),
		cmocka_unit_test_setup(conversion_to_the_present_state_is_nothing, set_up),
		cmocka_unit_test_setup(block_with_shared_pages_gets_small_pages, set_up),
		cmocka_unit_test_setup(devices_are_shared_only, set_up),
		cmocka_unit_test_setup(both_parts_of_ram_in_one_range, set_up),
		cmocka_unit_test_setup(wrong_accesses_stop_the_td, set_up),
		cmocka_unit_test_setup(busy_calls_are_repeated_and_bounded, set_up),
		cmocka_unit_test_setup(tracking_waits_for_the_other_vcpus, set_up),
		cmocka_unit_test_setup(busy_zaps_are_repeated_without_vcpus, set_up),
		cmocka_unit_test_setup(interrupted_demote_is_repeated, set_up),
		cmocka_unit_test_setup(module_error_stops_by_name, set_up),
		cmocka_unit_test_setup(a_failing_conversion_is_told, set_up),
		cmocka_unit_test_setup(frames_run_out_and_come_back, set_up),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(pool);
	return failed;
}
