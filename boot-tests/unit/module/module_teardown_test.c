// Tests of the TDX module: the end of a TD, and the leaves that move, join and take out its pages.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/tdx/ve_info.h"
#include "arch/x86/paging.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/module/memory/pamt.h"
#include "boot-tests/module/memory/sept.h"
#include "boot-tests/module/td.h"
#include "boot-tests/unit/module/module_fixture.h"

#define ADDRESS UINT64_C(0x40000000)
#define PAGE UINT64_C(0x1000)
#define LARGE (ADDRESS + 0x200000)
#define HKID(number) ((uint64_t)(number)*MODULE_HPA_END)

static struct tdr *tdr(void)
{
	return hpa_ptr(hpa(fixture.tdr));
}

/* Every frame that was given out since first belongs to nobody and is locked by nobody. */
static void assert_all_free(uint64_t first)
{
	for (uint64_t page = first; page < fixture.next; page += pg_size(PG_4K)) {
		const struct pamt_entry *entry = pamt_find(hpa(page));
		assert_int_equal(entry->type, TDX_PAGE_NDA);
		assert_int_equal(entry->lock, 0);
		assert_int_equal(entry->owner, 0);
	}
}

static void block(uint64_t operand)
{
	assert_status(call(TDH_MEM_RANGE_BLOCK, operand, fixture.tdr, 0, 0), TDX_SUCCESS);
}

static void track(void)
{
	assert_status(call(TDH_MEM_TRACK, fixture.tdr, 0, 0, 0), TDX_SUCCESS);
}

static void reclaim(uint64_t page, enum tdx_page_type type, uint64_t owner, enum pg_level level)
{
	assert_status(call(TDH_PHYMEM_PAGE_RECLAIM, page, 0, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.rcx, type);
	assert_int_equal(fixture.regs.rdx, owner);
	assert_int_equal(fixture.regs.r8, level);
}

static void teardown_order(void **state)
{
	(void)state;
	uint64_t first = fixture.next;
	fixture_init(fixture_params());
	fixture_vcpus();
	fixture_tables(ADDRESS);
	uint64_t large = fixture_frame(PG_2M);
	assert_status(call(TDH_MEM_PAGE_AUG, LARGE | PG_2M, fixture.tdr, large, 0), TDX_SUCCESS);
	fixture_finalize();
	uint64_t hkid = tdr()->hkid;
	uint64_t invalid = TDX_OPERAND_INVALID | TDX_OPERAND_RCX;

	/* Alive: nothing of the end can be done but the first step, and that not yet. */
	assert_status(call(TDH_MNG_KEY_FREEID, fixture.tdr, 0, 0, 0),
		      TDX_LIFECYCLE_STATE_INCORRECT);
	assert_status(call(TDH_PHYMEM_PAGE_RECLAIM, large, 0, 0, 0), TDX_LIFECYCLE_STATE_INCORRECT);
	assert_int_equal(fixture.regs.rcx, TDX_PAGE_REG);
	assert_int_equal(fixture.regs.rdx, fixture.tdr);
	assert_int_equal(fixture.regs.r8, PG_2M);
	assert_status(call(TDH_PHYMEM_PAGE_RECLAIM, fixture.tdr, 0, 0, 0),
		      TDX_LIFECYCLE_STATE_INCORRECT);
	assert_int_equal(fixture.regs.rcx, TDX_PAGE_TDR);
	assert_status(call(TDH_MNG_VPFLUSHDONE, fixture.tdr, 0, 0, 0), TDX_FLUSHVP_NOT_DONE);
	assert_int_equal(tdr()->lifecycle, TD_KEYS_CONFIGURED);
	fixture.cpu = 1;
	assert_status(call(TDH_VP_FLUSH, fixture.tdvpr[0], 0, 0, 0), TDX_VCPU_NOT_ASSOCIATED);
	fixture.cpu = 0;
	assert_status(call(TDH_VP_FLUSH, fixture.tdvpr[0], 0, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_VP_FLUSH, fixture.tdvpr[0], 0, 0, 0), TDX_VCPU_NOT_ASSOCIATED);
	assert_status(call(TDH_MNG_VPFLUSHDONE, fixture.tdr, 0, 0, 0), TDX_FLUSHVP_NOT_DONE);
	assert_status(call(TDH_VP_FLUSH, fixture.tdvpr[1], 0, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MNG_VPFLUSHDONE, fixture.tdr, 0, 0, 0), TDX_SUCCESS);

	/* Blocked. */
	assert_status(call(TDH_MNG_VPFLUSHDONE, fixture.tdr, 0, 0, 0),
		      TDX_LIFECYCLE_STATE_INCORRECT);
	assert_status(call(TDH_MNG_KEY_CONFIG, fixture.tdr, 0, 0, 0),
		      TDX_LIFECYCLE_STATE_INCORRECT);
	assert_status(call(TDH_VP_ENTER, fixture.tdvpr[0], 0, 0, 0), TDX_TD_KEYS_NOT_CONFIGURED);
	assert_status(call(TDH_VP_FLUSH, fixture.tdvpr[0], 0, 0, 0), TDX_TD_KEYS_NOT_CONFIGURED);
	assert_status(call(TDH_MEM_TRACK, fixture.tdr, 0, 0, 0), TDX_TD_KEYS_NOT_CONFIGURED);
	assert_status(call(TDH_PHYMEM_PAGE_RECLAIM, large, 0, 0, 0), TDX_LIFECYCLE_STATE_INCORRECT);
	assert_status(call(TDH_MNG_KEY_FREEID, fixture.tdr, 0, 0, 0), TDX_WBCACHE_NOT_COMPLETE);
	assert_status(call(TDH_PHYMEM_CACHE_WB, 2, 0, 0, 0), invalid);
	assert_status(call(TDH_PHYMEM_CACHE_WB, TDX_CACHE_WB_RESUME, 0, 0, 0),
		      TDX_WBCACHE_RESUME_ERROR);
	assert_status(call(TDH_PHYMEM_CACHE_WB, TDX_CACHE_WB_START, 0, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_PHYMEM_CACHE_WB, TDX_CACHE_WB_START, 0, 0, 0), TDX_SUCCESS);
	uint64_t other = fixture_frame(PG_4K);
	assert_status(call(TDH_MNG_CREATE, other, hkid, 0, 0), TDX_HKID_NOT_FREE);
	assert_status(call(TDH_MNG_KEY_FREEID, fixture.tdr, 0, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MNG_KEY_FREEID, fixture.tdr, 0, 0, 0),
		      TDX_LIFECYCLE_STATE_INCORRECT);
	assert_status(call(TDH_PHYMEM_CACHE_WB, TDX_CACHE_WB_START, 0, 0, 0),
		      TDX_NO_HKID_READY_TO_WBCACHE);

	/* Teardown: the key id is free, pages come back one by one. */
	assert_status(call(TDH_PHYMEM_PAGE_RECLAIM, fixture.tdr, 0, 0, 0),
		      TDX_TD_ASSOCIATED_PAGES_EXIST);
	assert_status(call(TDH_PHYMEM_PAGE_RECLAIM, large + 0x1000, 0, 0, 0), invalid);
	assert_status(call(TDH_PHYMEM_PAGE_RECLAIM, large + 8, 0, 0, 0), invalid);
	assert_status(call(TDH_PHYMEM_PAGE_RECLAIM, large | BIT64(63), 0, 0, 0), invalid);
	assert_status(call(TDH_PHYMEM_PAGE_RECLAIM, fixture.end + BIT64(36), 0, 0, 0),
		      TDX_OPERAND_ADDR_RANGE_ERROR | TDX_OPERAND_RCX);
	pamt_find(hpa(large))->lock = 1;
	assert_status(call(TDH_PHYMEM_PAGE_RECLAIM, large, 0, 0, 0),
		      TDX_OPERAND_BUSY | TDX_OPERAND_RCX);
	pamt_find(hpa(large))->lock = 0;
	pamt_find(hpa(fixture.tdr))->lock = LOCK_HELD_EXCLUSIVE;
	assert_status(call(TDH_PHYMEM_PAGE_RECLAIM, large, 0, 0, 0),
		      TDX_OPERAND_BUSY | TDX_OPERAND_TDR);
	pamt_find(hpa(fixture.tdr))->lock = 0;
	reclaim(large, TDX_PAGE_REG, fixture.tdr, PG_2M);
	assert_status(call(TDH_PHYMEM_PAGE_RECLAIM, large, 0, 0, 0),
		      TDX_PAGE_METADATA_INCORRECT | TDX_OPERAND_RCX);
	assert_int_equal(fixture.regs.r8, 0);
	for (uint64_t page = first; page < large; page += pg_size(PG_4K)) {
		enum tdx_page_type type = (enum tdx_page_type)pamt_find(hpa(page))->type;
		if (type != TDX_PAGE_NDA && type != TDX_PAGE_TDR) {
			reclaim(page, type, fixture.tdr, PG_4K);
		}
	}
	assert_status(call(TDH_PHYMEM_PAGE_WBINVD, fixture.tdr | HKID(MODULE_HKID_BASE), 0, 0, 0),
		      TDX_PAGE_METADATA_INCORRECT | TDX_OPERAND_RCX);
	reclaim(fixture.tdr, TDX_PAGE_TDR, 0, PG_4K);
	assert_all_free(first);
	assert_status(call(TDH_PHYMEM_PAGE_WBINVD, fixture.tdr | HKID(MODULE_HKID_BASE), 0, 0, 0),
		      TDX_SUCCESS);
	/* Any key id will do. */
	assert_status(call(TDH_PHYMEM_PAGE_WBINVD, fixture.tdr, 0, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_PHYMEM_PAGE_WBINVD, fixture.tdr | HKID(1), 0, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_PHYMEM_PAGE_WBINVD, fixture.tdr | BIT64(48), 0, 0, 0), invalid);
	assert_status(call(TDH_PHYMEM_PAGE_WBINVD, 8 | fixture.tdr | HKID(hkid), 0, 0, 0), invalid);
	/* The key id is free for another TD, which ends before it has a key. */
	assert_status(call(TDH_MNG_CREATE, other, hkid, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MNG_VPFLUSHDONE, other, 0, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_PHYMEM_CACHE_WB, TDX_CACHE_WB_START, 0, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MNG_KEY_FREEID, other, 0, 0, 0), TDX_SUCCESS);
	reclaim(other, TDX_PAGE_TDR, 0, PG_4K);
}

/* A TD that cannot run any more can still be ended. */
static void fatal_td(void **state)
{
	(void)state;
	fixture_init(fixture_params());
	fixture_vcpus();
	fixture_finalize();
	tdr()->fatal = true;
	assert_status(call(TDH_VP_ENTER, fixture.tdvpr[0], 0, 0, 0), TDX_TD_FATAL);
	assert_status(call(TDH_MEM_TRACK, fixture.tdr, 0, 0, 0), TDX_TD_FATAL);
	for (unsigned i = 0; i < FIXTURE_VCPUS; i++) {
		assert_status(call(TDH_VP_FLUSH, fixture.tdvpr[i], 0, 0, 0), TDX_SUCCESS);
	}
	assert_status(call(TDH_MNG_VPFLUSHDONE, fixture.tdr, 0, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_PHYMEM_CACHE_WB, TDX_CACHE_WB_START, 0, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MNG_KEY_FREEID, fixture.tdr, 0, 0, 0), TDX_SUCCESS);
	reclaim(fixture.tdvpr[0], TDX_PAGE_TDVPR, fixture.tdr, PG_4K);
}

/* A table goes when it is empty, blocked and tracked; before the TD can run, when it is empty. */
static void sept_remove(void **state)
{
	(void)state;
	fixture_init(fixture_params());
	fixture_vcpus();
	fixture_tables(ADDRESS);
	fixture_tables(ADDRESS + pg_size(PG_1G));
	uint64_t page = fixture_frame(PG_4K);
	uint64_t remove_v1 = TDH_MEM_SEPT_REMOVE | field_put(TDX_VERSION, 1);
	assert_status(call(TDH_MEM_SEPT_REMOVE, ADDRESS, fixture.tdr, 0, 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	assert_status(call(TDH_MEM_SEPT_REMOVE, LARGE | PG_2M, fixture.tdr, 0, 0),
		      TDX_EPT_ENTRY_STATE_INCORRECT | TDX_OPERAND_RCX);
	assert_status(call(TDH_MEM_SEPT_REMOVE, ADDRESS | PG_1G, fixture.tdr, 0, 0),
		      TDX_EPT_PAGE_NOT_FREE | TDX_OPERAND_RCX);
	assert_int_equal(fixture.regs.rdx, PG_1G | TDX_SEPT_NL_MAPPED << 8);
	uint64_t next = ADDRESS + pg_size(PG_1G);
	uint64_t pages = tdr()->child_pages;
	assert_status(call(TDH_MEM_SEPT_REMOVE, next | PG_2M, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_PHYMEM_PAGE_RDMD, fixture.regs.rcx, 0, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.rcx, TDX_PAGE_NDA);
	assert_status(call(remove_v1, next | PG_1G, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_int_equal(tdr()->child_pages, pages - 2);

	fixture_finalize();
	uint64_t operand = ADDRESS | PG_2M;
	assert_status(call(TDH_MEM_PAGE_AUG, ADDRESS, fixture.tdr, page, 0), TDX_SUCCESS);
	assert_status(call(TDH_MEM_SEPT_REMOVE, operand, fixture.tdr, 0, 0),
		      TDX_GPA_RANGE_NOT_BLOCKED | TDX_OPERAND_RCX);
	block(operand);
	assert_status(call(TDH_MEM_SEPT_REMOVE, operand, fixture.tdr, 0, 0),
		      TDX_TLB_TRACKING_NOT_DONE | TDX_OPERAND_RCX);
	track();
	assert_status(call(TDH_MEM_SEPT_REMOVE, operand, fixture.tdr, 0, 0),
		      TDX_EPT_PAGE_NOT_FREE | TDX_OPERAND_RCX);
	assert_status(call(TDH_MEM_RANGE_UNBLOCK, operand, fixture.tdr, 0, 0), TDX_SUCCESS);
	block(ADDRESS);
	track();
	assert_status(call(TDH_MEM_PAGE_REMOVE, ADDRESS, fixture.tdr, 0, 0), TDX_SUCCESS);
	block(operand);
	track();
	struct vcpu *vcpu = hpa_ptr(hpa(fixture.tdvpr[0]));
	vcpu->td.tdcs->sept_lock = 1;
	assert_status(call(TDH_MEM_SEPT_REMOVE, operand, fixture.tdr, 0, 0),
		      TDX_OPERAND_BUSY | TDX_OPERAND_SEPT_TREE);
	vcpu->td.tdcs->sept_lock = 0;
	assert_status(call(TDH_MEM_SEPT_REMOVE, operand, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MEM_SEPT_RD, operand, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.rdx, PG_2M | TDX_SEPT_FREE << 8);
}

static void relocate(void **state)
{
	(void)state;
	fixture_init(fixture_params());
	fixture_vcpus();
	fixture_tables(ADDRESS);
	uint64_t source = fixture_frame(PG_4K);
	memset(hpa_ptr(hpa(source)), 0x5A, pg_size(PG_4K));
	uint64_t from = fixture_frame(PG_4K);
	uint64_t to = fixture_frame(PG_4K);
	uint64_t pending = fixture_frame(PG_4K);
	assert_status(call(TDH_MEM_PAGE_ADD, ADDRESS, fixture.tdr, from, source), TDX_SUCCESS);
	assert_status(call(TDH_MEM_PAGE_AUG, ADDRESS + 0x1000, fixture.tdr, pending, 0),
		      TDX_SUCCESS);
	assert_status(call(TDH_MEM_PAGE_RELOCATE, ADDRESS | PG_2M, fixture.tdr, to, 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	assert_status(call(TDH_MEM_PAGE_RELOCATE, ADDRESS + 0x2000, fixture.tdr, to, 0),
		      TDX_EPT_ENTRY_STATE_INCORRECT | TDX_OPERAND_RCX);
	assert_status(call(TDH_MEM_PAGE_RELOCATE, ADDRESS, fixture.tdr, from, 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_R8);
	assert_status(call(TDH_MEM_PAGE_RELOCATE, ADDRESS, fixture.tdr, pending, 0),
		      TDX_PAGE_METADATA_INCORRECT | TDX_OPERAND_R8);
	pamt_find(hpa(from))->lock = 1;
	assert_status(call(TDH_MEM_PAGE_RELOCATE, ADDRESS, fixture.tdr, to, 0),
		      TDX_OPERAND_BUSY | TDX_OPERAND_RCX);
	pamt_find(hpa(from))->lock = 0;
	uint64_t pages = tdr()->child_pages;
	assert_status(call(TDH_MEM_PAGE_RELOCATE, ADDRESS, fixture.tdr, to, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.rcx, from);
	assert_int_equal(tdr()->child_pages, pages);
	assert_memory_equal(hpa_ptr(hpa(to)), hpa_ptr(hpa(source)), pg_size(PG_4K));
	/* Nothing of the page is left for the host in the old frame. */
	uint64_t left;
	module_host_read(hpa(from), &left, sizeof(left));
	assert_memory_not_equal(&left, hpa_ptr(hpa(source)), sizeof(left));
	module_host_own(hpa(from), pg_size(PG_4K));
	assert_memory_not_equal(hpa_ptr(hpa(from)), hpa_ptr(hpa(source)), sizeof(left));
	assert_int_equal(pamt_find(hpa(from))->type, TDX_PAGE_NDA);
	assert_status(call(TDH_MEM_SEPT_RD, ADDRESS, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.rcx, BIT64(63) | to | 0xF7);
	assert_int_equal(fixture.regs.rdx, TDX_SEPT_MAPPED << 8);

	fixture_finalize();
	uint64_t gpa = ADDRESS + 0x1000;
	assert_status(call(TDH_MEM_PAGE_RELOCATE, gpa, fixture.tdr, from, 0),
		      TDX_GPA_RANGE_NOT_BLOCKED | TDX_OPERAND_RCX);
	block(gpa);
	assert_status(call(TDH_MEM_PAGE_RELOCATE, gpa, fixture.tdr, from, 0),
		      TDX_TLB_TRACKING_NOT_DONE | TDX_OPERAND_RCX);
	track();
	assert_status(call(TDH_MEM_PAGE_RELOCATE, gpa, fixture.tdr, from, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.rcx, pending);
	assert_status(call(TDH_MEM_SEPT_RD, gpa, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.rdx, TDX_SEPT_PENDING << 8);
	assert_int_equal(fixture.regs.rcx & PTE_ADDRESS, from);
}

static void promote(void **state)
{
	(void)state;
	fixture_init(fixture_params());
	fixture_vcpus();
	fixture_tables(ADDRESS);
	uint64_t large = fixture_frame(PG_2M);
	uint64_t table = fixture_frame(PG_4K);
	uint64_t operand = LARGE | PG_2M;
	uint64_t refused = TDX_EPT_INVALID_PROMOTE_CONDITIONS | TDX_OPERAND_RCX;
	assert_status(call(TDH_MEM_PAGE_AUG, operand, fixture.tdr, large, 0), TDX_SUCCESS);
	assert_status(call(TDH_MEM_PAGE_PROMOTE, operand, fixture.tdr, 0, 0),
		      TDX_EPT_ENTRY_STATE_INCORRECT | TDX_OPERAND_RCX);
	assert_status(call(TDH_MEM_PAGE_DEMOTE, operand, fixture.tdr, table, 0), TDX_SUCCESS);
	/* Tables cannot be joined, nor can a range that lacks a page, or has one elsewhere. */
	assert_status(call(TDH_MEM_PAGE_PROMOTE, ADDRESS | PG_1G, fixture.tdr, 0, 0), refused);
	assert_status(call(TDH_MEM_PAGE_PROMOTE, ADDRESS | PG_2M, fixture.tdr, 0, 0), refused);
	uint64_t moved = LARGE + 0x7000;
	uint64_t elsewhere = fixture_frame(PG_4K);
	assert_status(call(TDH_MEM_PAGE_RELOCATE, moved, fixture.tdr, elsewhere, 0), TDX_SUCCESS);
	assert_status(call(TDH_MEM_PAGE_PROMOTE, operand, fixture.tdr, 0, 0), refused);
	assert_int_equal(fixture.regs.rdx, PG_2M | TDX_SEPT_NL_MAPPED << 8);
	assert_status(call(TDH_MEM_PAGE_RELOCATE, moved, fixture.tdr, large + 0x7000, 0),
		      TDX_SUCCESS);
	struct vcpu *vcpu = hpa_ptr(hpa(fixture.tdvpr[0]));
	struct sept_walk walk = sept_walk(vcpu->td.tdcs->sept_root, gpa(LARGE + 0x9000), PG_4K);
	*walk.entry |= SEPT_LOCK;
	assert_status(call(TDH_MEM_PAGE_PROMOTE, operand, fixture.tdr, 0, 0),
		      TDX_OPERAND_BUSY | TDX_OPERAND_RCX);
	*walk.entry &= ~SEPT_LOCK;
	/* Mapped and pending pages cannot be joined. */
	*walk.entry = sept_entry(SEPT_MAPPED, sept_hpa(*walk.entry), PG_4K);
	assert_status(call(TDH_MEM_PAGE_PROMOTE, operand, fixture.tdr, 0, 0), refused);
	*walk.entry = sept_entry(SEPT_PENDING, sept_hpa(*walk.entry), PG_4K);

	fixture_finalize();
	assert_status(call(TDH_MEM_PAGE_PROMOTE, operand, fixture.tdr, 0, 0),
		      TDX_GPA_RANGE_NOT_BLOCKED | TDX_OPERAND_RCX);
	block(operand);
	assert_status(call(TDH_MEM_PAGE_PROMOTE, operand, fixture.tdr, 0, 0),
		      TDX_TLB_TRACKING_NOT_DONE | TDX_OPERAND_RCX);
	track();
	assert_status(
		call(TDH_MEM_PAGE_PROMOTE | field_put(TDX_VERSION, 1), operand, fixture.tdr, 0, 0),
		TDX_SUCCESS);
	assert_int_equal(fixture.regs.rcx, table);
	assert_int_equal(fixture.regs.r9, UINT64_MAX);
	assert_int_equal(pamt_find(hpa(table))->type, TDX_PAGE_NDA);
	assert_int_equal(pamt_find(hpa(large + 0x9000))->level, PG_2M);
	assert_status(call(TDH_MEM_SEPT_RD, operand, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.rdx, PG_2M | TDX_SEPT_PENDING << 8);
	assert_int_equal(fixture.regs.rcx & PTE_ADDRESS, large);
	assert_status(call(TDH_MEM_PAGE_PROMOTE, operand, fixture.tdr, 0, 0),
		      TDX_EPT_ENTRY_STATE_INCORRECT | TDX_OPERAND_RCX);
}

static void debug_memory(void **state)
{
	(void)state;
	for (unsigned debug = 0; debug < 2; debug++) {
		struct td_params *params = fixture_params();
		params->attributes |= debug ? TD_ATTRIBUTES_DEBUG : 0;
		fixture_init(params);
		fixture_vcpus();
		fixture_tables(ADDRESS);
		uint64_t source = fixture_frame(PG_4K);
		uint64_t *words = hpa_ptr(hpa(source));
		words[2] = 0x1122334455667788;
		assert_status(
			call(TDH_MEM_PAGE_ADD, ADDRESS, fixture.tdr, fixture_frame(PG_4K), source),
			TDX_SUCCESS);
		uint64_t status = call(TDH_MEM_RD, ADDRESS + 16, fixture.tdr, 7, 0);
		if (!debug) {
			assert_status(status, TDX_TD_NON_DEBUG);
			assert_int_equal(fixture.regs.r8, 0);
			assert_status(call(TDH_MEM_WR, ADDRESS + 16, fixture.tdr, 7, 0),
				      TDX_TD_NON_DEBUG);
			continue;
		}
		assert_status(status, TDX_SUCCESS);
		assert_int_equal(fixture.regs.r8, words[2]);
		assert_status(call(TDH_MEM_WR, ADDRESS + 16, fixture.tdr, 7, 0), TDX_SUCCESS);
		assert_int_equal(fixture.regs.r8, words[2]);
		assert_status(call(TDH_MEM_RD, ADDRESS + 16, fixture.tdr, 0, 0), TDX_SUCCESS);
		assert_int_equal(fixture.regs.r8, 7);
		assert_status(call(TDH_MEM_RD, ADDRESS + 4, fixture.tdr, 0, 0),
			      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
		assert_status(call(TDH_MEM_RD, ADDRESS + 0x1000, fixture.tdr, 0, 0),
			      TDX_EPT_ENTRY_NOT_PRESENT | TDX_OPERAND_RCX);
		assert_int_equal(fixture.regs.rdx, PG_4K);
		assert_status(call(TDH_MEM_RD, LARGE, fixture.tdr, 0, 0),
			      TDX_EPT_ENTRY_NOT_PRESENT | TDX_OPERAND_RCX);
		assert_int_equal(fixture.regs.rdx, PG_2M);
	}
}

static void host_cannot_write_fields(void **state)
{
	(void)state;
	fixture_init(fixture_params());
	assert_status(call(TDH_MNG_WR, fixture.tdr, MD_TD_ATTRIBUTES, 1, UINT64_MAX),
		      TDX_METADATA_FIELD_NOT_WRITABLE);
	assert_int_equal(fixture.regs.r8, 0);
	assert_status(call(TDH_MNG_WR, fixture.tdr, MD_TD_ATTRIBUTES | BIT64(24), 1, UINT64_MAX),
		      TDX_METADATA_FIELD_ID_INCORRECT);
}

/* One wrong byte of any entry shows; from one used page to the next nothing is left out. */
static void census(void **state)
{
	(void)state;
	const struct tdmr *tdmr = pamt_tdmr_at(0);
	fixture_init(fixture_params());
	struct module_census before = module_census();
	assert_null(before.broken);
	const uint64_t pages[] = { fixture_frame(PG_4K), fixture.end - PAGE };
	for (unsigned i = 0; i < ARRAY_COUNT(pages); i++) {
		struct pamt_entry *entry = pamt_find(hpa(pages[i]));
		const struct pamt_entry wrong[] = {
			{ .lock = 1 }, { .owner = 1 }, { .level = PG_2M }, { .type = TDX_PAGE_REG }
		};
		for (unsigned j = 0; j < ARRAY_COUNT(wrong); j++) {
			*entry = wrong[j];
			struct module_census found = module_census();
			assert_non_null(found.broken);
			assert_int_equal(found.page.v, pages[i]);
			assert_int_equal(found.owned, before.owned + (j == 3));
			uint64_t at = pages[i];
			assert_ptr_equal(pamt_next_used(tdmr, &at), entry);
			assert_int_equal(at, pages[i]);
			at = pages[i] - PAGE;
			assert_ptr_equal(pamt_next_used(tdmr, &at), i == 0 ? entry - 1 : entry);
			assert_int_equal(at, i == 0 ? pages[i] - PAGE : pages[i]);
		}
		memset(entry, 0, sizeof(*entry));
	}
	uint64_t at = tdmr->base + tdmr->size - PAGE; /* reserved */
	assert_non_null(pamt_next_used(tdmr, &at));
	at += PAGE;
	assert_null(pamt_next_used(tdmr, &at));
	/* The GiB does not count before all its entries are made. */
	struct tdmr *unmade = pamt_tdmr(tdmr->base);
	unmade->next -= PAGE;
	at = tdmr->base;
	assert_null(pamt_next_used(tdmr, &at));
	unmade->next += PAGE;
	struct module_census after = module_census();
	assert_null(after.broken);
	assert_int_equal(after.owned, before.owned);
}

/* What a PAMT has, and nobody has stored to, is neither cleared nor looked at. */
static void entries_never_stored_to(void **state)
{
	(void)state;
	const uint64_t area = fixture.base + pg_size(PG_2M);
	const uint64_t area_entries = pg_size(PG_2M) / PAMT_ENTRY_SIZE;
	const struct tdmr *tdmr = pamt_tdmr_at(0);
	struct pamt_entry *first = hpa_ptr(hpa(area));
	struct pamt_entry *end = first + area_entries;
	uint64_t page = tdmr->base + (uint64_t)(first - tdmr->pamt_4k) * PAGE;
	first->bepoch = 1;
	fixture.areas[1] = 0;
	uint64_t at = page;
	assert_ptr_equal(pamt_next_used(tdmr, &at), end);
	assert_int_equal(at, page + area_entries * PAGE);
	at = page - PAGE;
	assert_ptr_equal(pamt_next_used(tdmr, &at), first - 1);
	at = page + PAGE;
	assert_ptr_equal(pamt_next_used(tdmr, &at), first + 1);
	module_load(&fixture.platform);
	fixture_sys_init();
	assert_int_equal(first->bepoch, 1);
	fixture.areas[1] = PTE_D;
	at = page;
	assert_ptr_equal(pamt_next_used(tdmr, &at), first);
	module_load(&fixture.platform);
	fixture_sys_init();
	assert_int_equal(first->bepoch, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(teardown_order),
		cmocka_unit_test(fatal_td),
		cmocka_unit_test(sept_remove),
		cmocka_unit_test(relocate),
		cmocka_unit_test(promote),
		cmocka_unit_test(debug_memory),
		cmocka_unit_test(host_cannot_write_fields),
		cmocka_unit_test(census),
		cmocka_unit_test(entries_never_stored_to),
	};
	return cmocka_run_group_tests(tests, fixture_load, NULL);
}
