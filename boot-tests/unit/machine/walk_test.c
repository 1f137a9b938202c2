// Tests of the machine's guest and nested page walks.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Host addresses are identity mapped in the machine, so that pages of this process can stand for
// host pages: GPA page n of the guest is pages[n].
#include "boot-tests/machine/svm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "arch/x86/cpu.h"
#include "arch/x86/paging.h"
#include "boot-tests/machine/memory.h"

#define PAGE UINT64_C(0x1000)
#define PRESENT (PTE_P | PTE_W)
#define SHARED BIT64(47)
#define GUEST_PAGES 16

/* GPA pages of the guest's own tables. */
enum { GUEST_PML5 = 1, GUEST_PML4, GUEST_PDPT, GUEST_PD, GUEST_PT };
/* A linear address whose index differs at each level, and a 57-bit one. */
#define LINEAR UINT64_C(0x0000010180E07000) /* 2, 6, 7, 7 */
#define LINEAR_HIGH (LINEAR | 3 * BIT64(48))

struct world {
	uint64_t nested[4][PT_ENTRIES]; /* PML4, PDPT, PD, PT */
	uint64_t pages[GUEST_PAGES][PT_ENTRIES];
	struct vmcb vmcb;
	struct svm_vcpu vcpu;
};

static int setup(void **state)
{
	struct world *w = aligned_alloc(PAGE, sizeof(*w) + PAGE - sizeof(*w) % PAGE);
	if (w == NULL) {
		return -1;
	}
	memset(w, 0, sizeof(*w));
	w->vcpu.vmcb = &w->vmcb;
	w->vcpu.nested_top = PG_512G;
	w->vmcb.control.n_cr3 = ptr_hpa(w->nested[0]).v;
	for (unsigned i = 0; i < 3; i++) {
		w->nested[i][0] = ptr_hpa(w->nested[i + 1]).v | PRESENT;
	}
	for (unsigned i = 1; i < GUEST_PAGES; i++) {
		w->nested[3][i] = ptr_hpa(w->pages[i]).v | PRESENT;
	}
	w->vmcb.save.cr0 = CR0_PE | CR0_PG;
	w->vmcb.save.cr4 = CR4_PAE;
	w->vmcb.save.efer = EFER_LME | EFER_LMA;
	w->vmcb.save.cr3 = GUEST_PML4 * PAGE;
	w->pages[GUEST_PML5][3] = GUEST_PML4 * PAGE | PRESENT;
	w->pages[GUEST_PML4][2] = GUEST_PDPT * PAGE | PRESENT;
	w->pages[GUEST_PDPT][6] = GUEST_PD * PAGE | PRESENT;
	w->pages[GUEST_PD][7] = GUEST_PT * PAGE | PRESENT;
	w->pages[GUEST_PT][7] = 8 * PAGE | PRESENT;
	w->pages[GUEST_PT][8] = 9 * PAGE | PRESENT;
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void assert_nested(const struct world *w, uint64_t gpa_raw, uint64_t expected)
{
	hpa_t out = hpa(0);
	assert_true(nested_translate(&w->vcpu, gpa_raw, &out));
	assert_int_equal(out.v, expected);
}

static void assert_no_nested(const struct world *w, uint64_t gpa_raw)
{
	hpa_t out = hpa(0x77);
	assert_false(nested_translate(&w->vcpu, gpa_raw, &out));
	assert_int_equal(out.v, 0x77);
}

static void assert_guest(const struct world *w, uint64_t linear, uint64_t expected)
{
	uint64_t gpa_raw = 0;
	assert_true(guest_translate(&w->vcpu, linear, &gpa_raw));
	assert_int_equal(gpa_raw, expected);
}

static void assert_no_guest(const struct world *w, uint64_t linear)
{
	uint64_t gpa_raw = 0x77;
	assert_false(guest_translate(&w->vcpu, linear, &gpa_raw));
	assert_int_equal(gpa_raw, 0x77);
}

static void nested_leaf_of_each_size(void **state)
{
	struct world *w = *state;
	assert_nested(w, 5 * PAGE + 0x123, ptr_hpa(w->pages[5]).v + 0x123);
	/* Bits below the leaf's frame (here the PAT bit of a large page) are no address. */
	w->nested[2][1] = 0x40000000 | BIT64(12) | PTE_PS | PTE_NX | PRESENT;
	assert_nested(w, 0x200000, 0x40000000);
	assert_nested(w, 0x3FFFFF, 0x401FFFFF);
	w->nested[1][1] = 0x80000000 | PTE_PS | PRESENT;
	assert_nested(w, 0x7FFFFFFF, 0xBFFFFFFF);
}

static void nested_shared_half_is_its_own(void **state)
{
	struct world *w = *state;
	static uint64_t pdpt[PT_ENTRIES] __attribute__((aligned(4096)));
	pdpt[0] = PTE_PS | PRESENT;
	assert_no_nested(w, SHARED | 5 * PAGE);
	w->nested[0][256] = ptr_hpa(pdpt).v | PRESENT;
	assert_nested(w, SHARED | 5 * PAGE, 5 * PAGE);
	assert_nested(w, 5 * PAGE, ptr_hpa(w->pages[5]).v);
}

/* 5 nested levels: the SHARED bit may be 51, entry 8 of the root. */
static void nested_of_5_levels(void **state)
{
	struct world *w = *state;
	static uint64_t root[PT_ENTRIES] __attribute__((aligned(4096)));
	root[0] = root[8] = ptr_hpa(w->nested[0]).v | PRESENT;
	w->vmcb.control.n_cr3 = ptr_hpa(root).v;
	w->vcpu.nested_top = PG_256T;
	assert_nested(w, 5 * PAGE, ptr_hpa(w->pages[5]).v);
	assert_nested(w, BIT64(51) | 5 * PAGE, ptr_hpa(w->pages[5]).v);
	assert_no_nested(w, BIT64(48) | 5 * PAGE);
	assert_no_nested(w, BIT64(47) | 5 * PAGE);
	assert_no_nested(w, BIT64(57) | 5 * PAGE);
	root[0] |= PTE_PS; /* no leaf there */
	assert_nested(w, 5 * PAGE, ptr_hpa(w->pages[5]).v);
	/* The guest's own levels are another matter. */
	assert_guest(w, LINEAR, 8 * PAGE);
	w->pages[GUEST_PT][7] = BIT64(51) | 8 * PAGE | PRESENT;
	assert_guest(w, LINEAR, BIT64(51) | 8 * PAGE);
}

static void no_leaf_above_1g(void **state)
{
	struct world *w = *state;
	w->nested[0][0] |= PTE_PS;
	w->pages[GUEST_PML4][2] |= PTE_PS;
	assert_guest(w, LINEAR, 8 * PAGE);
}

static void nested_absent_at_each_level(void **state)
{
	struct world *w = *state;
	assert_no_nested(w, 0);
	assert_no_nested(w, BIT64(48) | 5 * PAGE);
	for (unsigned i = 0; i < 4; i++) {
		uint64_t *entry = &w->nested[i][i == 3 ? 5 : 0];
		*entry &= ~PTE_P;
		assert_no_nested(w, 5 * PAGE);
		*entry |= PTE_P;
	}
	assert_nested(w, 5 * PAGE, ptr_hpa(w->pages[5]).v);
}

static void guest_without_paging(void **state)
{
	struct world *w = *state;
	w->vmcb.save.cr0 = CR0_PE;
	assert_guest(w, 0xFFFFFFF0, 0xFFFFFFF0);
	assert_guest(w, 0x100000010, 0x10);
}

static void guest_paging_of_another_kind(void **state)
{
	struct world *w = *state;
	w->vmcb.save.efer = EFER_LME;
	assert_no_guest(w, LINEAR);
}

static void guest_leaf_of_each_size(void **state)
{
	struct world *w = *state;
	assert_guest(w, LINEAR + 0xABC, 8 * PAGE + 0xABC);
	w->pages[GUEST_PD][7] = SHARED | 0x40000000 | PTE_PS | PTE_NX | PRESENT;
	assert_guest(w, LINEAR + 0xABC, SHARED | 0x40007ABC);
	w->pages[GUEST_PDPT][6] = 0x80000000 | PTE_PS | PRESENT;
	assert_guest(w, LINEAR + 0xABC, 0x80E07ABC);
}

static void guest_shared_bit_comes_through(void **state)
{
	struct world *w = *state;
	w->pages[GUEST_PT][7] |= SHARED;
	assert_guest(w, LINEAR, SHARED | 8 * PAGE);
}

static void guest_table_in_the_shared_half(void **state)
{
	struct world *w = *state;
	w->pages[GUEST_PD][7] |= SHARED;
	assert_no_guest(w, LINEAR); /* nothing is mapped there */
}

static void guest_absent_at_each_level(void **state)
{
	struct world *w = *state;
	uint64_t *path[] = { &w->pages[GUEST_PML4][2], &w->pages[GUEST_PDPT][6],
			     &w->pages[GUEST_PD][7], &w->pages[GUEST_PT][7] };
	for (unsigned i = 0; i < ARRAY_COUNT(path); i++) {
		*path[i] &= ~PTE_P;
		assert_no_guest(w, LINEAR);
		*path[i] |= PTE_P;
	}
	assert_guest(w, LINEAR, 8 * PAGE);
}

static void guest_table_not_in_nested(void **state)
{
	struct world *w = *state;
	for (unsigned table = GUEST_PML4; table <= GUEST_PT; table++) {
		w->nested[3][table] &= ~PTE_P;
		assert_no_guest(w, LINEAR);
		w->nested[3][table] |= PTE_P;
	}
	assert_guest(w, LINEAR, 8 * PAGE);
}

static void guest_five_levels(void **state)
{
	struct world *w = *state;
	assert_no_guest(w, LINEAR_HIGH); /* not canonical with 4 levels */
	w->vmcb.save.cr4 |= CR4_LA57;
	w->vmcb.save.cr3 = GUEST_PML5 * PAGE;
	assert_guest(w, LINEAR_HIGH, 8 * PAGE);
	assert_no_guest(w, BIT64(56));
	assert_no_guest(w, LINEAR);
}

static void guest_high_half(void **state)
{
	struct world *w = *state;
	w->pages[GUEST_PML4][511] = w->pages[GUEST_PML4][2];
	assert_guest(w, 0xFFFFFF8180E07008, 8 * PAGE + 8);
	assert_no_guest(w, 0x0000FF8180E07008);
}

static void read_across_a_page(void **state)
{
	struct world *w = *state;
	memcpy((uint8_t *)w->pages[8] + PAGE - 3, "abc", 3);
	memcpy(w->pages[9], "defgh", 5);
	char text[9] = "";
	assert_true(guest_read(&w->vcpu, LINEAR + PAGE - 3, text, 8));
	assert_string_equal(text, "abcdefgh");
	/* Exactly to the end of a page does not need the next one. */
	w->pages[GUEST_PT][8] = 0;
	assert_true(guest_read(&w->vcpu, LINEAR + PAGE - 3, text, 3));
	assert_false(guest_read(&w->vcpu, LINEAR + PAGE - 3, text, 4));
}

static void read_needs_the_nested_page(void **state)
{
	struct world *w = *state;
	char byte;
	assert_true(guest_read(&w->vcpu, LINEAR, &byte, 1));
	w->nested[3][8] = 0;
	assert_false(guest_read(&w->vcpu, LINEAR, &byte, 1));
}

static void assert_run(const struct world *w, uint64_t from, unsigned steps,
		       const struct guest_run *want)
{
	struct guest_run run = { 0 };
	assert_true(guest_run(&w->vcpu, from, &steps, &run));
	assert_int_equal(run.linear, want->linear);
	assert_int_equal(run.last, want->last);
	assert_int_equal(run.gpa_raw, want->gpa_raw);
	assert_int_equal(run.writable, want->writable);
	assert_int_equal(run.executable, want->executable);
	assert_int_equal(run.user, want->user);
}

static void assert_no_run(const struct world *w, uint64_t from, unsigned steps)
{
	struct guest_run run;
	assert_false(guest_run(&w->vcpu, from, &steps, &run));
}

/* Pages at 8 and 9, one after the other in linear and in guest memory. */
static void run_of_equal_pages(void **state)
{
	struct world *w = *state;
	struct guest_run run = { LINEAR, LINEAR + 2 * PAGE - 1, 8 * PAGE, true, true, false };
	assert_run(w, 0, 10000, &run);
	run.linear += PAGE;
	run.gpa_raw += PAGE;
	assert_run(w, run.linear, 10000, &run);
	assert_no_run(w, run.last + 1, 10000);
}

static void run_ends_where_anything_changes(void **state)
{
	struct world *w = *state;
	const struct guest_run run = { LINEAR, LINEAR + PAGE - 1, 8 * PAGE, true, true, false };
	const uint64_t changed[] = { 9 * PAGE | PTE_P, 9 * PAGE | PRESENT | PTE_NX,
				     10 * PAGE | PRESENT, SHARED | 9 * PAGE | PRESENT, 0 };
	for (unsigned i = 0; i < ARRAY_COUNT(changed); i++) {
		w->pages[GUEST_PT][8] = changed[i];
		assert_run(w, 0, 10000, &run);
	}
}

/* A permission is there if every level gives it. */
static void run_by_all_levels(void **state)
{
	struct world *w = *state;
	struct guest_run run = { LINEAR, LINEAR + 2 * PAGE - 1, 8 * PAGE, true, true, true };
	uint64_t *path[] = { &w->pages[GUEST_PML4][2], &w->pages[GUEST_PDPT][6],
			     &w->pages[GUEST_PD][7] };
	w->pages[GUEST_PT][7] |= PTE_U;
	w->pages[GUEST_PT][8] |= PTE_U;
	run.user = false;
	assert_run(w, 0, 10000, &run);
	for (unsigned i = 0; i < ARRAY_COUNT(path); i++) {
		*path[i] |= PTE_U;
	}
	run.user = true;
	assert_run(w, 0, 10000, &run);
	for (unsigned i = 0; i < ARRAY_COUNT(path); i++) {
		*path[i] ^= PTE_W | PTE_NX;
		run.writable = run.executable = false;
		assert_run(w, 0, 10000, &run);
		*path[i] ^= PTE_W | PTE_NX;
	}
}

static void run_of_large_pages_to_the_top(void **state)
{
	struct world *w = *state;
	struct guest_run run = { 0xFFFFFFFF80000000, UINT64_MAX, 0x40000000, true, true, false };
	w->pages[GUEST_PML4][511] = 10 * PAGE | PRESENT;
	w->pages[10][510] = 0x40000000 | PTE_PS | PRESENT;
	w->pages[10][511] = 0x80000000 | PTE_PS | PRESENT;
	assert_run(w, LINEAR + 2 * PAGE, 10000, &run);
}

static void run_is_bounded(void **state)
{
	struct world *w = *state;
	assert_no_run(w, 0, 0);
	assert_no_run(w, 0, 2); /* two entries of the PML4 are absent before */
	w->vmcb.save.cr0 = CR0_PE;
	assert_no_run(w, 0, 10000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nested_leaf_of_each_size),
		TEST(nested_shared_half_is_its_own),
		TEST(nested_of_5_levels),
		TEST(no_leaf_above_1g),
		TEST(nested_absent_at_each_level),
		TEST(guest_without_paging),
		TEST(guest_paging_of_another_kind),
		TEST(guest_leaf_of_each_size),
		TEST(guest_shared_bit_comes_through),
		TEST(guest_table_in_the_shared_half),
		TEST(guest_absent_at_each_level),
		TEST(guest_table_not_in_nested),
		TEST(guest_five_levels),
		TEST(guest_high_half),
		TEST(run_of_equal_pages),
		TEST(run_ends_where_anything_changes),
		TEST(run_by_all_levels),
		TEST(run_of_large_pages_to_the_top),
		TEST(run_is_bounded),
		TEST(read_across_a_page),
		TEST(read_needs_the_nested_page),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
