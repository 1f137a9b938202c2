// Tests of the TLB model: what a vCPU still reaches after its host has taken it away, and how long.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/guest/tlb.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/tdx/ve_info.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/module/td.h"
#include "boot-tests/unit/module/module_fixture.h"

#define ADDRESS UINT64_C(0x40000000)
#define PAGE UINT64_C(0x1000)
#define LARGE (ADDRESS + 0x200000)
#define SHARED (ADDRESS | BIT64(47))
#define PAGES 4
#define TABLES (MODULE_TLB_SIZE / PAGE)
#define KICKED (TDX_SUCCESS | EXIT_REASON_EXTERNAL_INTERRUPT)

static _Alignas(4096) uint8_t tlb_memory[FIXTURE_CPUS * MODULE_TLB_SIZE];
static uint64_t pages[PAGES]; /* of the GPAs from ADDRESS on */
static uint64_t large;        /* of LARGE */

/* --- the TD ----------------------------------------------------------------------------------- */

/* What the vCPU reads while it is inside, and where it got; 0: nowhere, an exit. */
static struct {
	uint64_t gpa_raw[2 * TABLES], reached[2 * TABLES];
	unsigned count, done;
	void (*after_first)(void); /* what others do meanwhile */
} reads;

static uint64_t cpu_walk(const struct svm_vcpu *svm, uint64_t gpa_raw)
{
	const uint64_t *table = hpa_ptr(hpa(svm->vmcb->control.n_cr3));
	for (enum pg_level level = fixture.nested_top;; level--) {
		uint64_t entry = table[pt_index(gpa_raw, level)];
		uint64_t offset = pg_size(level) - 1;
		if ((entry & PTE_P) == 0) {
			return 0;
		}
		if (level == PG_4K || (entry & PTE_PS) != 0) {
			return (entry & PTE_ADDRESS & ~offset) | (gpa_raw & offset);
		}
		table = hpa_ptr(hpa(entry & PTE_ADDRESS));
	}
}

static void read_script(struct svm_vcpu *svm, unsigned run)
{
	(void)run;
	for (; reads.done < reads.count; reads.done++) {
		uint64_t reached = cpu_walk(svm, reads.gpa_raw[reads.done]);
		reads.reached[reads.done] = reached;
		if (reached == 0) {
			svm->vmcb->control.exitcode = VMEXIT_NPF;
			svm->vmcb->control.exitinfo1 = NPF_FINAL;
			svm->vmcb->control.exitinfo2 = reads.gpa_raw[reads.done];
			return;
		}
		if (reads.done == 0 && reads.after_first != NULL) {
			reads.after_first();
		}
	}
	svm->vmcb->control.exitcode = VMEXIT_NMI;
}

/* One entry of the vCPU, on CPU number vcpu. */
static uint64_t enter_vcpu(unsigned vcpu)
{
	reads.done = 0;
	fixture.cpu = vcpu;
	fixture.script = read_script;
	fixture.runs = 0;
	uint64_t status = call(TDH_VP_ENTER, fixture.tdvpr[vcpu], 0, 0, 0);
	fixture.cpu = 0;
	return status;
}

/* Where vCPU 0 gets; 0: the host has an EPT violation. */
static uint64_t reaches(uint64_t gpa_raw)
{
	reads.gpa_raw[0] = gpa_raw;
	reads.count = 1;
	reads.after_first = NULL;
	uint64_t status = enter_vcpu(0);
	assert_status(status, reads.reached[0] != 0 ? KICKED : EXIT_REASON_EPT_VIOLATION);
	return reads.reached[0];
}

/* By the TLB alone: without a nested fault. */
static bool is_warm(uint64_t gpa_raw)
{
	hpa_t found;
	return tlb_find(vcpu(), gpa_raw, &found);
}

static void must(uint64_t leaf, uint64_t rcx, uint64_t rdx, uint64_t r8)
{
	assert_status(call(leaf, rcx, rdx, r8, 0), TDX_SUCCESS);
}

static void accept_page(uint64_t operand, uint64_t page)
{
	bool exited;
	must(TDH_MEM_PAGE_AUG, operand, fixture.tdr, page);
	assert_status(tdcall_of_td(TDG_MEM_PAGE_ACCEPT, operand, 0, 0, 0, &exited), TDX_SUCCESS);
}

static void make_td(void)
{
	fixture_init(fixture_params());
	fixture_vcpus();
	fixture_tables(ADDRESS);
	for (unsigned i = 0; i < PAGES; i++) {
		pages[i] = fixture_frame(PG_4K);
		assert_status(call(TDH_MEM_PAGE_ADD, ADDRESS + i * PAGE, fixture.tdr, pages[i],
				   fixture_frame(PG_4K)),
			      TDX_SUCCESS);
	}
	must(TDH_VP_FLUSH, fixture.tdvpr[1], 0, 0);
	fixture_finalize();
}

static int load(void **state)
{
	(void)fixture_load(state);
	fixture.platform.tlb_memory = tlb_memory;
	memset(tlb_memory, 0xA5, sizeof(tlb_memory));
	module_load(&fixture.platform);
	fixture_sys_init();
	return 0;
}

static int setup(void **state)
{
	(void)state;
	make_td();
	large = fixture_frame(PG_2M);
	accept_page(LARGE | PG_2M, large);
	memset(&reads, 0, sizeof(reads));
	return 0;
}

static void block(uint64_t operand)
{
	must(TDH_MEM_RANGE_BLOCK, operand, fixture.tdr, 0);
}

static void track(void)
{
	must(TDH_MEM_TRACK, fixture.tdr, 0, 0);
}

static void assert_stale(uint64_t gpa_raw)
{
	uint64_t found;
	assert_true(tlb_find_stale(vcpu(), &found));
	assert_int_equal(found, gpa_raw);
}

static void assert_none_stale(void)
{
	uint64_t found;
	assert_false(tlb_find_stale(vcpu(), &found));
}

/* --- private memory --------------------------------------------------------------------------- */

/* 001-R33: what was read before BLOCK is read after it, by the vCPU that goes on, and by the same
 * one when it comes back in the same epoch. */
static void a_warm_translation_outlives_the_block(void **state)
{
	(void)state;
	assert_int_equal(reaches(ADDRESS + 8), pages[0] + 8);
	assert_int_equal(fixture.runs, 2);
	assert_int_equal(reaches(ADDRESS + 16), pages[0] + 16);
	assert_int_equal(fixture.runs, 1);
	assert_none_stale();
	block(ADDRESS);
	assert_stale(ADDRESS);
	assert_int_equal(reaches(ADDRESS), pages[0]);
	assert_int_equal(fixture.runs, 1);
	track();
	assert_int_equal(reaches(ADDRESS), 0);
	assert_none_stale();
	must(TDH_MEM_PAGE_REMOVE, ADDRESS, fixture.tdr, 0);
}

/* 001-R32 */
static void a_cold_one_gets_no_translation_after_it(void **state)
{
	(void)state;
	block(ADDRESS);
	assert_int_equal(reaches(ADDRESS), 0);
	assert_int_equal(fixture.regs.r8, ADDRESS);
	assert_false(is_warm(ADDRESS));
	/* A blocked table hides all that is below it. */
	assert_int_equal(reaches(ADDRESS + PAGE), pages[1]);
	block(ADDRESS | PG_2M);
	assert_int_equal(reaches(ADDRESS + 2 * PAGE), 0);
	assert_int_equal(reaches(ADDRESS + PAGE), pages[1]);
}

/* 001-R34, 001-R39: an entry empties the TLB if the epoch is another than at the last, and only
 * then; of each vCPU, and not before it enters. */
static void an_entry_empties_what_is_of_an_old_epoch(void **state)
{
	(void)state;
	const struct vcpu *second = hpa_ptr(hpa(fixture.tdvpr[1]));
	hpa_t found;
	reads.count = 1;
	reads.gpa_raw[0] = ADDRESS + PAGE;
	assert_status(enter_vcpu(1), KICKED);
	assert_int_equal(reaches(ADDRESS), pages[0]);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(reaches(ADDRESS + PAGE), pages[1]);
		assert_true(is_warm(ADDRESS));
	}
	track();
	assert_true(is_warm(ADDRESS));
	assert_int_equal(reaches(ADDRESS + PAGE), pages[1]);
	assert_false(is_warm(ADDRESS));
	assert_true(tlb_find(second, ADDRESS + PAGE + 5, &found));
	assert_int_equal(found.v, pages[1] + 5);
	reads.gpa_raw[0] = ADDRESS + 2 * PAGE;
	assert_status(enter_vcpu(1), KICKED);
	assert_false(tlb_find(second, ADDRESS + PAGE, &found));
	assert_true(tlb_find(second, ADDRESS + 2 * PAGE, &found));
}

/* 001-R36: the epoch is the TD's own. */
static void another_td_keeps_its_epoch(void **state)
{
	(void)state;
	uint64_t tdr = fixture.tdr, tdvpr = fixture.tdvpr[0], page = pages[0];
	const struct vcpu *first = vcpu();
	const struct tdcs *first_tdcs = tdcs();
	assert_int_equal(reaches(ADDRESS), page);
	make_td();
	fixture.cpu = 0;
	must(TDH_VP_FLUSH, fixture.tdvpr[0], 0, 0);
	/* The TDs have CPUs of their own: vCPU 0 of this one is on CPU 1. */
	uint64_t other = fixture.tdvpr[0];
	fixture.tdvpr[1] = other;
	reads.count = 1;
	reads.gpa_raw[0] = ADDRESS;
	assert_status(enter_vcpu(1), KICKED);
	uint64_t epoch = first_tdcs->epoch, others = tdcs()->epoch;
	track();
	assert_int_equal(first_tdcs->epoch, epoch);
	assert_int_equal(tdcs()->epoch, others + 1);
	fixture.tdvpr[0] = tdvpr;
	reads.gpa_raw[0] = ADDRESS;
	assert_status(enter_vcpu(0), KICKED);
	assert_int_equal(fixture.runs, 1);
	assert_status(enter_vcpu(1), KICKED);
	assert_int_equal(fixture.runs, 2);
	assert_status(call(TDH_MEM_TRACK, tdr, 0, 0, 0), TDX_SUCCESS);
	assert_int_equal(first_tdcs->epoch, epoch + 1);
	assert_int_equal(first->epoch, epoch);
	assert_status(enter_vcpu(1), KICKED);
	assert_int_equal(fixture.runs, 1);
}

/* --- hosts that leave something out
 * --------------------------------------------------------------- */

/* BLOCK, kick, and no TRACK: the vCPU comes back to the page, and the page does not go. */
static void a_host_without_track(void **state)
{
	(void)state;
	assert_int_equal(reaches(ADDRESS), pages[0]);
	block(ADDRESS);
	for (unsigned kicks = 0; kicks < 3; kicks++) {
		assert_int_equal(reaches(ADDRESS), pages[0]);
		assert_status(call(TDH_MEM_PAGE_REMOVE, ADDRESS, fixture.tdr, 0, 0),
			      TDX_TLB_TRACKING_NOT_DONE | TDX_OPERAND_RCX);
		assert_stale(ADDRESS);
	}
}

/* BLOCK, TRACK, and the vCPU, which is inside, was not kicked. */
static void without_kick(void)
{
	block(ADDRESS);
	track();
	assert_stale(ADDRESS);
	assert_status(call(TDH_MEM_PAGE_REMOVE, ADDRESS, fixture.tdr, 0, 0),
		      TDX_TLB_TRACKING_NOT_DONE | TDX_OPERAND_RCX);
	/* Nor does a second epoch begin. */
	assert_status(call(TDH_MEM_TRACK, fixture.tdr, 0, 0, 0), TDX_PREVIOUS_TLB_EPOCH_BUSY);
}

static void a_host_without_kick(void **state)
{
	(void)state;
	reads.gpa_raw[0] = reads.gpa_raw[1] = ADDRESS;
	reads.count = 2;
	reads.after_first = without_kick;
	assert_status(enter_vcpu(0), KICKED);
	assert_int_equal(reads.reached[1], pages[0]);
	/* It has left for another reason: as good as a kick. */
	must(TDH_MEM_PAGE_REMOVE, ADDRESS, fixture.tdr, 0);
	assert_int_equal(reaches(ADDRESS), 0);
	assert_none_stale();
}

/* A module that took its host's word for the kick would be found out. */
static void deceived(void)
{
	block(ADDRESS + PAGE);
	track();
	tdcs()->epoch_vcpus[0] = tdcs()->epoch_vcpus[1] = 0;
	if (setjmp(fixture.exit) == 0) {
		(void)call(TDH_MEM_PAGE_REMOVE, ADDRESS + PAGE, fixture.tdr, 0, 0);
		fail();
	}
}

static void a_page_that_goes_too_early_is_named(void **state)
{
	(void)state;
	reads.gpa_raw[0] = ADDRESS + PAGE;
	reads.count = 1;
	reads.after_first = deceived;
	(void)enter_vcpu(0);
	assert_non_null(strstr(fixture.reason, "vCPU 0 reaches GPA 0x40001000"));
	/* Also one that has left, and would come back in an epoch that no TRACK has begun. */
	make_td();
	assert_int_equal(reaches(ADDRESS), pages[0]);
	block(ADDRESS);
	pamt_find(hpa(pages[0]))->bepoch = tdcs()->epoch - 2;
	if (setjmp(fixture.exit) == 0) {
		(void)call(TDH_MEM_PAGE_REMOVE, ADDRESS, fixture.tdr, 0, 0);
		fail();
	}
	assert_non_null(strstr(fixture.reason, "vCPU 0 reaches GPA 0x40000000"));
}

/* --- shared memory ---------------------------------------------------------------------------- */

static uint64_t *new_table(void)
{
	uint64_t *table = hpa_ptr(hpa(fixture_frame(PG_4K)));
	memset(table, 0, PAGE);
	return table;
}

/* The host's entry of SHARED. */
static uint64_t *shared_entry(void)
{
	uint64_t *table = hpa_ptr(hpa(fixture.shared_root));
	for (enum pg_level level = PG_512G; level > PG_4K; level--) {
		uint64_t *below = new_table();
		table[pt_index(ADDRESS, level)] = ptr_hpa(below).v | PTE_P | PTE_W | PTE_U;
		table = below;
	}
	return &table[pt_index(ADDRESS, PG_4K)];
}

/* No TRACK is needed there, and none is enough: the host empties its TLBs. */
static void shared_memory_is_the_hosts_to_flush(void **state)
{
	(void)state;
	uint64_t *entry = shared_entry();
	uint64_t frame = fixture_frame(PG_4K);
	*entry = frame | PTE_P | PTE_W | PTE_U;
	assert_int_equal(reaches(SHARED), frame);
	*entry = NPT_SUPPRESS_VE;
	assert_int_equal(reaches(SHARED), frame);
	assert_stale(SHARED);
	fixture.cpu = 1;
	module_invept(); /* of another CPU */
	fixture.cpu = 0;
	assert_int_equal(reaches(SHARED), frame);
	module_invept();
	assert_int_equal(reaches(SHARED), 0);
	assert_none_stale();
	/* Rights are part of a translation; one that has too few is looked up again. */
	*entry = frame | PTE_P | PTE_U;
	assert_false(tlb_fill(vcpu(), SHARED, EPT_QUAL_WRITE));
	assert_false(is_warm(SHARED));
	assert_int_equal(reaches(SHARED), frame);
	assert_false(tlb_fill(vcpu(), SHARED, EPT_QUAL_WRITE));
	assert_false(tlb_fill(vcpu(), SHARED, EPT_QUAL_READ));
	*entry = frame | PTE_P | PTE_U | PTE_W | PTE_NX;
	assert_stale(SHARED);
	assert_true(tlb_fill(vcpu(), SHARED, EPT_QUAL_WRITE));
	assert_false(tlb_fill(vcpu(), SHARED, EPT_QUAL_FETCH));
	assert_none_stale();
	/* A GPA wider than the TD's is nobody's. */
	assert_false(tlb_fill(vcpu(), BIT64(48) | ADDRESS, EPT_QUAL_READ));
}

/* --- what else empties it --------------------------------------------------------------------- */

static void poison_is_seen_at_once(void **state)
{
	(void)state;
	assert_int_equal(reaches(ADDRESS), pages[0]);
	module_host_write(hpa(pages[0]), "x", 1);
	reads.count = 1;
	assert_status(enter_vcpu(0),
		      TDX_NON_RECOVERABLE_TD_NON_ACCESSIBLE | EXIT_REASON_EXCEPTION_OR_NMI);
}

static void flush_of_the_vcpu(void **state)
{
	(void)state;
	assert_int_equal(reaches(ADDRESS), pages[0]);
	must(TDH_VP_FLUSH, fixture.tdvpr[0], 0, 0);
	assert_false(is_warm(ADDRESS));
	assert_int_equal(reaches(ADDRESS + PAGE), pages[1]);
	assert_false(is_warm(ADDRESS));
	/* Another vCPU on the CPU. */
	fixture.tdvpr[1] ^= fixture.tdvpr[0];
	fixture.tdvpr[0] ^= fixture.tdvpr[1];
	fixture.tdvpr[1] ^= fixture.tdvpr[0];
	reads.gpa_raw[0] = ADDRESS + PAGE;
	assert_status(enter_vcpu(0), KICKED);
	assert_int_equal(fixture.runs, 2);
}

/* A large page is one translation; what is smaller in its place, after TRACK, is others. */
static void large_pages(void **state)
{
	(void)state;
	assert_int_equal(reaches(LARGE + 0x12345), large + 0x12345);
	assert_int_equal(reaches(LARGE + 0x1FFFFF), large + 0x1FFFFF);
	assert_int_equal(fixture.runs, 1);
	assert_false(is_warm(LARGE + pg_size(PG_2M)));
	assert_false(is_warm(LARGE - 1));
	block(LARGE | PG_2M);
	assert_stale(LARGE);
	assert_int_equal(reaches(LARGE + PAGE), large + PAGE);
	track();
	must(TDH_MEM_PAGE_DEMOTE, LARGE | PG_2M, fixture.tdr, fixture_frame(PG_4K));
	assert_int_equal(reaches(LARGE + PAGE), large + PAGE);
	assert_true(is_warm(LARGE + PAGE));
	assert_false(is_warm(LARGE));
	/* The shared EPT needs no TRACK between: small pages where a large one is, and back. */
	uint64_t *table = hpa_ptr(hpa(fixture.shared_root));
	for (enum pg_level level = PG_512G; level > PG_2M; level--) {
		uint64_t *below = new_table();
		table[pt_index(ADDRESS, level)] = ptr_hpa(below).v | PTE_P | PTE_W | PTE_U;
		table = below;
	}
	uint64_t frame = fixture_frame(PG_2M), other = fixture_frame(PG_4K);
	uint64_t *small = new_table(), *entry = &table[pt_index(ADDRESS, PG_2M)];
	small[1] = other | PTE_P | PTE_W | PTE_U;
	*entry = frame | PTE_P | PTE_U | PTE_PS;
	assert_int_equal(reaches(SHARED + PAGE), frame + PAGE);
	*entry = ptr_hpa(small).v | PTE_P | PTE_W | PTE_U;
	assert_true(tlb_fill(vcpu(), SHARED + PAGE, EPT_QUAL_WRITE));
	assert_int_equal(reaches(SHARED + PAGE), other);
	assert_false(is_warm(SHARED));
	*entry = frame | PTE_P | PTE_W | PTE_U | PTE_PS;
	assert_int_equal(reaches(SHARED), frame);
	assert_int_equal(reaches(SHARED + PAGE), frame + PAGE);
}

/* More places than it has tables: what is in the way goes, and each is found. */
static void a_full_one_begins_anew(void **state)
{
	(void)state;
	reads.count = 2 * TABLES;
	reads.after_first = NULL;
	for (unsigned i = 0; i < reads.count; i++) {
		uint64_t address = LARGE + (i + 1) * pg_size(PG_2M);
		if (i % 2 == 0) {
			must(TDH_MEM_SEPT_ADD, address | PG_2M, fixture.tdr, fixture_frame(PG_4K));
			accept_page(address, fixture_frame(PG_4K));
			reads.gpa_raw[i] = reads.gpa_raw[i + 1] = address;
		}
	}
	assert_status(enter_vcpu(0), KICKED);
	for (unsigned i = 0; i < reads.count; i++) {
		assert_int_not_equal(reads.reached[i], 0);
		assert_int_equal(reads.reached[i], reads.reached[i ^ 1]);
	}
	assert_int_equal(fixture.runs, TABLES + 1);
	assert_true(is_warm(reads.gpa_raw[reads.count - 1]));
	assert_false(is_warm(reads.gpa_raw[0]));
}

/* The machine's nested paging has 5 levels, and so has the TLB. */
static void five_levels(void **state)
{
	(void)state;
	fixture.nested_top = PG_256T;
	struct td_params *params = fixture_params();
	params->eptp_controls = 0x26;
	params->config_flags |= TD_CONFIG_FLAGS_GPAW;
	fixture_init(params);
	fixture_vcpus();
	uint64_t high = 5 * BIT64(48) | ADDRESS;
	for (enum pg_level level = PG_256T; level >= PG_2M; level--) {
		must(TDH_MEM_SEPT_ADD, align_down(high, pg_size(level)) | level, fixture.tdr,
		     fixture_frame(PG_4K));
	}
	uint64_t page = fixture_frame(PG_4K);
	assert_status(call(TDH_MEM_PAGE_ADD, high, fixture.tdr, page, fixture_frame(PG_4K)),
		      TDX_SUCCESS);
	fixture_finalize();
	assert_int_equal(reaches(high), page);
	block(high);
	assert_stale(high);
	assert_int_equal(reaches(high), page);
	track();
	assert_int_equal(reaches(high), 0);
	fixture.nested_top = PG_512G;
}

/* Without the platform's memory there is nothing of all this. */
static void not_modelled(void **state)
{
	(void)state;
	fixture.platform.tlb_memory = NULL;
	module_load(&fixture.platform);
	fixture_sys_init();
	make_td();
	assert_int_equal(reaches(ADDRESS), pages[0]);
	assert_int_equal(fixture.runs, 1);
	assert_false(is_warm(ADDRESS));
	assert_none_stale();
	block(ADDRESS);
	assert_int_equal(reaches(ADDRESS), 0);
	module_invept();
	track();
	must(TDH_MEM_PAGE_REMOVE, ADDRESS, fixture.tdr, 0);
	assert_int_equal(vmcb()->control.n_cr3, vcpu()->tdcx[1].v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_warm_translation_outlives_the_block, setup),
		cmocka_unit_test_setup(a_cold_one_gets_no_translation_after_it, setup),
		cmocka_unit_test_setup(an_entry_empties_what_is_of_an_old_epoch, setup),
		cmocka_unit_test_setup(another_td_keeps_its_epoch, setup),
		cmocka_unit_test_setup(a_host_without_track, setup),
		cmocka_unit_test_setup(a_host_without_kick, setup),
		cmocka_unit_test_setup(a_page_that_goes_too_early_is_named, setup),
		cmocka_unit_test_setup(shared_memory_is_the_hosts_to_flush, setup),
		cmocka_unit_test_setup(poison_is_seen_at_once, setup),
		cmocka_unit_test_setup(flush_of_the_vcpu, setup),
		cmocka_unit_test_setup(large_pages, setup),
		cmocka_unit_test_setup(a_full_one_begins_anew, setup),
		cmocka_unit_test_setup(five_levels, setup),
		cmocka_unit_test(not_modelled),
	};
	return cmocka_run_group_tests(tests, load, NULL);
}
