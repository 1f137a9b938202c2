// Tests of memory encryption and integrity: two TDs with their keys, a host that looks and writes.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/tdx/ve_info.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/page_marks.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/wake.h"
#include "boot-tests/module/memory/sept.h"
#include "boot-tests/module/td.h"
#include "boot-tests/unit/module/module_fixture.h"
#include "boot-tests/vmm/init/host_memory.h"

#define PAGE UINT64_C(0x1000)
#define ADDRESS UINT64_C(0x40000000)
#define LARGE (ADDRESS + 0x200000)
#define KICKED (TDX_SUCCESS | EXIT_REASON_EXTERNAL_INTERRUPT)
#define INTEGRITY (TDX_NON_RECOVERABLE_TD_NON_ACCESSIBLE | EXIT_REASON_EXCEPTION_OR_NMI)

static unsigned kicks; /* bit n: CPU n */

unsigned cpu_count(void)
{
	return FIXTURE_CPUS;
}

void wake_kick(unsigned cpu)
{
	kicks |= BIT32(cpu);
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
	if (run == 0 && (value & PTE_P) == 0) {
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
	/* Whichever CPU runs the TD, but our own. */
	assert_int_equal(kicks, MASK64(FIXTURE_CPUS - 1, 1));
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

/* --- memory that was never written ------------------------------------------------------------ */

/* Makes untouched the memory of a new frame; what a module stores there shows, all the same. */
static uint64_t untouched_frame(enum pg_level level)
{
	static const uint64_t mark = 0x4D41524B;
	uint64_t frame = fixture_frame(PG_2M);
	fixture.next = frame + pg_size(PG_2M);
	fixture.areas[(frame - fixture.base) / pg_size(PG_2M)] = 0;
	for (uint64_t at = 0; at < pg_size(level); at += PAGE) {
		memcpy(hpa_ptr(hpa(frame + at)), &mark, sizeof(mark));
	}
	return frame;
}

static uint64_t word_at(uint64_t frame)
{
	return *(const volatile uint64_t *)hpa_ptr(hpa(frame));
}

/* As the CPU notes it. */
static void store(uint64_t frame)
{
	*(volatile uint64_t *)hpa_ptr(hpa(frame)) = 0xF111;
	fixture.areas[(frame - fixture.base) / pg_size(PG_2M)] |= PTE_D;
}

static uint64_t accept(uint64_t operand)
{
	bool exited;
	return tdcall_of_td(TDG_MEM_PAGE_ACCEPT, operand, 0, 0, 0, &exited);
}

static void block_and_track(uint64_t operand)
{
	assert_status(call(TDH_MEM_RANGE_BLOCK, operand, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MEM_TRACK, fixture.tdr, 0, 0, 0), TDX_SUCCESS);
}

static void remove_page(uint64_t operand)
{
	block_and_track(operand);
	assert_status(call(TDH_MEM_PAGE_REMOVE, operand, fixture.tdr, 0, 0), TDX_SUCCESS);
}

/* The host sees other bytes than the word that stands there, in each way that it has. */
static void assert_not_for_the_host(uint64_t frame)
{
	uint64_t plain = word_at(frame);
	uint64_t seen;
	uint8_t bytes[3];
	host_read(hpa(frame), &seen, sizeof(seen));
	assert_int_not_equal(seen, plain);
	host_read(hpa(frame + 5), bytes, sizeof(bytes));
	assert_memory_equal(bytes, (const uint8_t *)&seen + 5, sizeof(bytes));
	host_read(hpa(frame + PAGE - 3), bytes, sizeof(bytes));
	assert_memory_equal(bytes, (const uint8_t *)&seen + 5, sizeof(bytes));
	module_host_own(hpa(frame), PAGE);
	assert_int_equal(word_at(frame), seen);
	assert_int_equal(word_at(frame + PAGE - 8), seen);
}

/* A page that is zero already is not zeroed. Once a TD has had it, it is. */
static void accept_of_untouched_memory(void **state)
{
	(void)state;
	(void)make_td(make_source());
	fixture_finalize();
	for (enum pg_level level = PG_4K; level <= PG_2M; level++) {
		uint64_t at = LARGE + level * pg_size(PG_2M);
		uint64_t operand = at | level;
		uint64_t frame = untouched_frame(level);
		uint64_t last = frame + pg_size(level) - PAGE;
		uint64_t plain = word_at(last);
		if (level == PG_4K) {
			assert_status(call(TDH_MEM_SEPT_ADD, at | PG_2M, fixture.tdr,
					   fixture_frame(PG_4K), 0),
				      TDX_SUCCESS);
		}
		/* In and out without an ACCEPT: nobody has written. */
		assert_status(call(TDH_MEM_PAGE_AUG, operand, fixture.tdr, frame, 0), TDX_SUCCESS);
		remove_page(operand);
		assert_true(page_untouched(hpa(frame), level));
		assert_status(call(TDH_MEM_PAGE_AUG, operand, fixture.tdr, frame, 0), TDX_SUCCESS);
		assert_status(accept(operand), TDX_SUCCESS);
		assert_int_equal(word_at(frame), plain);
		assert_int_equal(word_at(last), plain);
		assert_false(page_untouched(hpa(last), PG_4K));
		assert_true(level == PG_2M || page_untouched(hpa(last + PAGE), PG_4K));
		remove_page(operand);
		assert_status(call(TDH_MEM_PAGE_AUG, operand, fixture.tdr, frame, 0), TDX_SUCCESS);
		assert_status(accept(operand), TDX_SUCCESS);
		assert_int_equal(word_at(frame), 0);
		assert_int_equal(word_at(last), 0);
		memcpy(hpa_ptr(hpa(last)), &plain, sizeof(plain));
		remove_page(operand);
		assert_not_for_the_host(last);
	}
}

/* What the host fills first, by its own store or by the module's controller, or has owned, is
 * zeroed; so is what it fills while the page is pending. */
static void accept_of_what_the_host_has_written(void **state)
{
	(void)state;
	(void)make_td(make_source());
	fixture_finalize();
	for (unsigned i = 0; i < 4; i++) {
		uint64_t frame = untouched_frame(PG_4K);
		if (i == 0) {
			store(frame);
		} else if (i == 1) {
			module_host_own(hpa(frame), PAGE);
		} else if (i == 2) {
			store(frame + PAGE); /* its neighbour: the CPU notes it of both */
		}
		assert_status(
			call(TDH_MEM_PAGE_AUG, ADDRESS + (i + 1) * PAGE, fixture.tdr, frame, 0),
			TDX_SUCCESS);
		if (i == 3) {
			store(frame);
		}
		assert_status(accept(ADDRESS + (i + 1) * PAGE), TDX_SUCCESS);
		assert_int_equal(word_at(frame), 0);
	}
	/* A large page of which a TD had a small one. */
	uint64_t large = untouched_frame(PG_2M);
	assert_status(call(TDH_MEM_PAGE_AUG, ADDRESS + 5 * PAGE, fixture.tdr, large + 7 * PAGE, 0),
		      TDX_SUCCESS);
	assert_status(accept(ADDRESS + 5 * PAGE), TDX_SUCCESS);
	remove_page(ADDRESS + 5 * PAGE);
	assert_status(call(TDH_MEM_PAGE_AUG, LARGE | PG_2M, fixture.tdr, large, 0), TDX_SUCCESS);
	assert_status(accept(LARGE | PG_2M), TDX_SUCCESS);
	for (uint64_t at = 0; at < pg_size(PG_2M); at += PAGE) {
		assert_int_equal(word_at(large + at), 0);
	}
}

/* Split and joined, pending pages stay what they are; relocated, the new frame counts. */
static void untouched_memory_changes_its_size(void **state)
{
	(void)state;
	(void)make_td(make_source());
	fixture_finalize();
	uint64_t frame = untouched_frame(PG_2M);
	uint64_t plain = word_at(frame);
	assert_status(call(TDH_MEM_PAGE_AUG, LARGE | PG_2M, fixture.tdr, frame, 0), TDX_SUCCESS);
	block_and_track(LARGE | PG_2M);
	assert_status(
		call(TDH_MEM_PAGE_DEMOTE, LARGE | PG_2M, fixture.tdr, fixture_frame(PG_4K), 0),
		TDX_SUCCESS);
	assert_true(page_untouched(hpa(frame), PG_2M));
	block_and_track(LARGE | PG_2M);
	assert_status(call(TDH_MEM_PAGE_PROMOTE, LARGE | PG_2M, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_not_for_the_host(fixture.regs.rcx); /* the table */
	assert_true(page_untouched(hpa(frame), PG_2M));
	block_and_track(LARGE | PG_2M);
	assert_status(
		call(TDH_MEM_PAGE_DEMOTE, LARGE | PG_2M, fixture.tdr, fixture_frame(PG_4K), 0),
		TDX_SUCCESS);
	assert_status(accept(LARGE), TDX_SUCCESS);
	assert_int_equal(word_at(frame), plain);
	assert_false(page_untouched(hpa(frame), PG_4K));
	assert_true(page_untouched(hpa(frame + PAGE), PG_4K));
	/* What a TD had in one frame it does not find in another; and that one is zeroed. */
	uint64_t used = untouched_frame(PG_4K);
	store(used);
	block_and_track(LARGE + PAGE);
	assert_status(call(TDH_MEM_PAGE_RELOCATE, LARGE + PAGE, fixture.tdr, used, 0), TDX_SUCCESS);
	assert_status(accept(LARGE + PAGE), TDX_SUCCESS);
	assert_int_equal(word_at(used), 0);
	/* With content: it moves to an untouched frame, and is a TD's there. */
	uint64_t to = untouched_frame(PG_4K);
	block_and_track(LARGE);
	assert_status(call(TDH_MEM_PAGE_RELOCATE, LARGE, fixture.tdr, to, 0), TDX_SUCCESS);
	assert_int_equal(word_at(to), plain);
	assert_not_for_the_host(frame);
	store(to); /* the module's copy was one */
	remove_page(LARGE);
	assert_not_for_the_host(to);
}

/* Frames with what a TD has left are the host's to write, in part too, and no source of a page. */
static void what_a_td_has_left(void **state)
{
	(void)state;
	struct one td = make_td(make_source());
	fixture_finalize();
	uint64_t seen[2];
	uint64_t plain[2];
	memcpy(plain, hpa_ptr(hpa(td.page)), sizeof(plain));
	remove_page(ADDRESS);
	assert_memory_equal(hpa_ptr(hpa(td.page)), plain, sizeof(plain));
	fixture_init(fixture_params());
	fixture_vcpus();
	fixture_tables(ADDRESS);
	uint64_t page = fixture_frame(PG_4K);
	assert_status(call(TDH_MEM_PAGE_ADD, ADDRESS, fixture.tdr, page, td.page), TDX_SUCCESS);
	assert_int_not_equal(word_at(page), plain[0]);
	host_write(hpa(td.page), "host", 4);
	host_read(hpa(td.page), seen, sizeof(seen));
	assert_memory_equal(seen, "host", 4);
	assert_memory_not_equal((uint8_t *)seen + 4, (uint8_t *)plain + 4, 4);
	assert_int_not_equal(seen[1], plain[1]);
	assert_memory_equal(hpa_ptr(hpa(td.page)), seen, sizeof(seen));
	/* Neither is a page that a TD has. */
	uint64_t other = fixture_frame(PG_4K);
	plain[0] = word_at(page);
	assert_status(call(TDH_MEM_PAGE_ADD, ADDRESS + PAGE, fixture.tdr, other, page),
		      TDX_SUCCESS);
	assert_int_not_equal(word_at(other), plain[0]);
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
		cmocka_unit_test(accept_of_untouched_memory),
		cmocka_unit_test(accept_of_what_the_host_has_written),
		cmocka_unit_test(untouched_memory_changes_its_size),
		cmocka_unit_test(what_a_td_has_left),
	};
	return cmocka_run_group_tests(tests, fixture_load, NULL);
}
