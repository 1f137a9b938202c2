// Tests of memory encryption and integrity: two TDs with their keys, a host that looks and writes.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/tdx/ve_info.h"
#include "arch/x86/cpu.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/module/memory/sept.h"
#include "boot-tests/module/td.h"
#include "boot-tests/unit/module/module_fixture.h"
#include "boot-tests/vmm/init/host_memory.h"

#define PAGE UINT64_C(0x1000)
#define ADDRESS UINT64_C(0x40000000)
#define LARGE (ADDRESS + 0x200000)
#define KICKED (TDX_SUCCESS | EXIT_REASON_EXTERNAL_INTERRUPT)
#define INTEGRITY (TDX_NON_RECOVERABLE_TD_NON_ACCESSIBLE | EXIT_REASON_EXCEPTION_OR_NMI)

static unsigned kicks;

/* As boot-tests/vmm/td/run.h has it, whose struct td is another than the module's. */
void run_kick_tds(void);

void run_kick_tds(void)
{
	kicks++;
}

/* One TD with a page at ADDRESS. */
struct one {
	uint64_t tdr, tdvpr, page;
};

static void choose(const struct one *td)
{
	fixture.tdr = td->tdr;
	fixture.tdvpr[0] = td->tdvpr;
}

static struct tdr *tdr(void)
{
	return hpa_ptr(hpa(fixture.tdr));
}

static struct sept_root root(void)
{
	struct vcpu *vcpu = hpa_ptr(hpa(fixture.tdvpr[0]));
	return vcpu->td.tdcs->sept_root;
}

static uint64_t entry(uint64_t address)
{
	return sept_walk(root(), gpa(address), PG_4K).value;
}

static struct one make_td(uint64_t source)
{
	fixture_init(fixture_params());
	fixture_vcpus();
	fixture_tables(ADDRESS);
	struct one td = { fixture.tdr, fixture.tdvpr[0], fixture_frame(PG_4K) };
	assert_status(call(TDH_MEM_PAGE_ADD, ADDRESS, td.tdr, td.page, source), TDX_SUCCESS);
	return td;
}

static uint64_t make_source(void)
{
	uint64_t source = fixture_frame(PG_4K);
	uint8_t *bytes = hpa_ptr(hpa(source));
	for (unsigned i = 0; i < PAGE; i++) {
		bytes[i] = (uint8_t)(i * 13 + i / 256);
	}
	return source;
}

/* The TD reads the page here, by the entry that SVM would use, or with a nested fault. */
static uint64_t td_address;
static uint8_t td_bytes[PAGE];

static void read_script(struct svm_vcpu *vcpu, unsigned run)
{
	uint64_t value = entry(td_address);
	if (run == 0 && !(value & PTE_P)) {
		vcpu->vmcb->control.exitcode = VMEXIT_NPF;
		vcpu->vmcb->control.exitinfo1 = NPF_FINAL;
		vcpu->vmcb->control.exitinfo2 = td_address;
		return;
	}
	memcpy(td_bytes, hpa_ptr(sept_hpa(value)), PAGE);
	vcpu->vmcb->control.exitcode = VMEXIT_NMI;
}

static uint64_t td_reads(uint64_t address)
{
	td_address = address;
	memset(td_bytes, 0, sizeof(td_bytes));
	return enter(read_script);
}

/* No 8 bytes of the plaintext show at their place. */
static void assert_hidden(const uint8_t *seen, const uint8_t *plain)
{
	for (unsigned i = 0; i < PAGE; i += 8) {
		assert_memory_not_equal(seen + i, plain + i, 8);
	}
}

static void two_keys(void **state)
{
	(void)state;
	static uint8_t seen[2][PAGE], again[PAGE];
	uint64_t source = make_source();
	const uint8_t *plain = hpa_ptr(hpa(source));
	struct one tds[2];
	for (unsigned i = 0; i < 2; i++) {
		tds[i] = make_td(source);
		fixture_finalize();
	}
	for (unsigned i = 0; i < 2; i++) {
		host_read(hpa(tds[i].page), seen[i], PAGE);
		assert_hidden(seen[i], plain);
		choose(&tds[i]);
		assert_status(td_reads(ADDRESS), KICKED);
		assert_memory_equal(td_bytes, plain, PAGE);
	}
	assert_hidden(seen[0], seen[1]);
	/* The key makes the difference, not the address alone; and the content counts. */
	memcpy(tdr()->key, ((struct tdr *)hpa_ptr(hpa(tds[0].tdr)))->key, sizeof(tdr()->key));
	host_read(hpa(tds[1].page), again, PAGE);
	assert_hidden(again, seen[1]);
	uint8_t *content = hpa_ptr(hpa(tds[1].page));
	content[64] ^= 1;
	memcpy(seen[1], again, PAGE);
	host_read(hpa(tds[1].page), again, PAGE);
	assert_memory_not_equal(again + 64, seen[1] + 64, 32);
	assert_memory_equal(again + 96, seen[1] + 96, PAGE - 96);
	/* Any part reads as the whole does; control pages and tables are hidden too. */
	host_read(hpa(tds[0].page + 77), again, 100);
	assert_memory_equal(again, seen[0] + 77, 100);
	const uint64_t control[] = { tds[0].tdr, tds[0].tdvpr, ptr_hpa(root().table).v };
	for (unsigned i = 0; i < 3; i++) {
		host_read(hpa(control[i]), again, PAGE);
		assert_hidden(again, hpa_ptr(hpa(control[i])));
	}
	/* Its own memory the host reads and writes as it is. */
	host_read(hpa(source), again, PAGE);
	assert_memory_equal(again, plain, PAGE);
	host_write(hpa(source + PAGE - 2), "ab", 2);
	assert_memory_equal(plain + PAGE - 2, "ab", 2);
}

static void host_write_ends_the_td(void **state)
{
	(void)state;
	uint64_t source = make_source();
	struct one other = make_td(source);
	fixture_finalize();
	struct one td = make_td(source);
	fixture_finalize();
	uint8_t before[PAGE], after[PAGE];
	memcpy(before, hpa_ptr(hpa(td.page)), PAGE);
	kicks = 0;
	host_write(hpa(td.page + 100), "x", 1);
	assert_int_equal(kicks, 1);
	/* No word of it reaches the TD, and the host still sees no plaintext. */
	assert_memory_equal(hpa_ptr(hpa(td.page)), before, PAGE);
	host_read(hpa(td.page), after, PAGE);
	assert_hidden(after, before);
	/* Not before the TD touches it. */
	assert_status(call(TDH_MEM_SEPT_RD, ADDRESS, td.tdr, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.rdx, TDX_SEPT_MAPPED << 8);
	assert_status(td_reads(ADDRESS), INTEGRITY);
	assert_int_equal(fixture.regs.r9, 0x80000312);
	assert_int_equal(fixture.regs.rcx | fixture.regs.rdx | fixture.regs.r8, 0);
	assert_status(td_reads(ADDRESS), TDX_TD_FATAL);
	assert_status(call(TDH_VP_ENTER, fixture.tdvpr[1], 0, 0, 0), TDX_TD_FATAL);
	assert_status(call(TDH_MEM_TRACK, td.tdr, 0, 0, 0), TDX_TD_FATAL);
	choose(&other);
	assert_status(td_reads(ADDRESS), KICKED);
	assert_memory_equal(td_bytes, before, PAGE);
}

/* The operand of a TDCALL is an access like any other. */
static void operand_of_a_tdcall(void **state)
{
	(void)state;
	struct one td = make_td(make_source());
	fixture_finalize();
	bool exited;
	assert_status(tdcall_of_td(TDG_MR_RTMR_EXTEND, ADDRESS, 0, 0, 0, &exited), TDX_SUCCESS);
	host_write(hpa(td.page), "x", 1);
	assert_status(tdcall_of_td(TDG_MR_RTMR_EXTEND, ADDRESS, 0, 0, 0, &exited), INTEGRITY);
	assert_true(exited);
}

/* Nothing that is done to the entry heals the page; what gives it new content does. */
static void poison_stays(void **state)
{
	(void)state;
	struct one td = make_td(make_source());
	uint64_t large = fixture_frame(PG_2M);
	uint64_t pending = fixture_frame(PG_4K);
	uint64_t table = fixture_frame(PG_4K);
	assert_status(call(TDH_MEM_PAGE_AUG, LARGE | PG_2M, td.tdr, large, 0), TDX_SUCCESS);
	assert_status(call(TDH_MEM_PAGE_AUG, ADDRESS + PAGE, td.tdr, pending, 0), TDX_SUCCESS);
	fixture_finalize();
	bool exited;
	assert_status(tdcall_of_td(TDG_MEM_PAGE_ACCEPT, LARGE | PG_2M, 0, 0, 0, &exited),
		      TDX_SUCCESS);
	/* A pending page has no content that could be lost. */
	host_write(hpa(pending), "x", 1);
	assert_status(tdcall_of_td(TDG_MEM_PAGE_ACCEPT, ADDRESS + PAGE, 0, 0, 0, &exited),
		      TDX_SUCCESS);
	assert_status(td_reads(ADDRESS + PAGE), KICKED);
	assert_int_equal(td_bytes[0], 0);

	/* In the middle of a large page: it is lost as a whole, in small pages too. */
	host_write(hpa(large + 0x5000), "x", 1);
	assert_true((entry(LARGE) & (SEPT_POISONED | PTE_P)) == SEPT_POISONED);
	assert_status(call(TDH_MEM_RANGE_BLOCK, LARGE | PG_2M, td.tdr, 0, 0), TDX_SUCCESS);
	assert_true((entry(LARGE) & (SEPT_POISONED | PTE_P)) == SEPT_POISONED);
	assert_status(call(TDH_MEM_TRACK, td.tdr, 0, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MEM_RANGE_UNBLOCK, LARGE | PG_2M, td.tdr, 0, 0), TDX_SUCCESS);
	assert_true((entry(LARGE) & (SEPT_POISONED | PTE_P)) == SEPT_POISONED);
	assert_status(call(TDH_MEM_RANGE_BLOCK, LARGE | PG_2M, td.tdr, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MEM_TRACK, td.tdr, 0, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MEM_PAGE_DEMOTE, LARGE | PG_2M, td.tdr, table, 0), TDX_SUCCESS);
	assert_true((entry(LARGE + 0x9000) & (SEPT_POISONED | PTE_P)) == SEPT_POISONED);
	assert_status(call(TDH_MEM_RANGE_BLOCK, LARGE | PG_2M, td.tdr, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MEM_TRACK, td.tdr, 0, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MEM_PAGE_PROMOTE, LARGE | PG_2M, td.tdr, 0, 0),
		      TDX_EPT_INVALID_PROMOTE_CONDITIONS | TDX_OPERAND_RCX);
	assert_status(call(TDH_MEM_RANGE_UNBLOCK, LARGE | PG_2M, td.tdr, 0, 0), TDX_SUCCESS);

	/* Taken out and added again, the frame is as good as new. */
	uint64_t small = LARGE + 0x5000;
	assert_status(call(TDH_MEM_RANGE_BLOCK, small, td.tdr, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MEM_TRACK, td.tdr, 0, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MEM_PAGE_REMOVE, small, td.tdr, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MEM_PAGE_AUG, small, td.tdr, large + 0x5000, 0), TDX_SUCCESS);
	assert_status(tdcall_of_td(TDG_MEM_PAGE_ACCEPT, small, 0, 0, 0, &exited), TDX_SUCCESS);
	assert_status(td_reads(small), KICKED);
	assert_false(tdr()->fatal);
	assert_status(td_reads(LARGE), INTEGRITY);
}

/* The module itself reads the page: the end of the TD, not of the module. */
static void module_reads_poison(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct one td = make_td(make_source());
		host_write(hpa(td.page), "x", 1);
		uint64_t status = i == 0 ? call(TDH_MR_EXTEND, ADDRESS, td.tdr, 0, 0) :
					   call(TDH_MEM_PAGE_RELOCATE, ADDRESS, td.tdr,
						fixture_frame(PG_4K), 0);
		assert_status(status, TDX_TD_FATAL);
		assert_status(call(TDH_MR_FINALIZE, td.tdr, 0, 0, 0), TDX_TD_FATAL);
		assert_false(entry(ADDRESS) & SEPT_LOCK);
	}
}

static void control_pages_and_tables(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct one td = make_td(make_source());
		fixture_finalize();
		struct sept_walk walk = sept_walk(root(), gpa(ADDRESS), PG_2M);
		const uint64_t pages[] = { td.tdr, td.tdvpr, sept_hpa(walk.value).v };
		assert_status(td_reads(ADDRESS), KICKED);
		host_write(hpa(pages[i] + 8), "x", 1);
		assert_status(td_reads(ADDRESS), TDX_TD_FATAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_keys),
		cmocka_unit_test(host_write_ends_the_td),
		cmocka_unit_test(operand_of_a_tdcall),
		cmocka_unit_test(poison_stays),
		cmocka_unit_test(module_reads_poison),
		cmocka_unit_test(control_pages_and_tables),
	};
	return cmocka_run_group_tests(tests, fixture_load, NULL);
}
