// Tests of the search for what a TD must not show: each place where its text can begin and end.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "boot-tests/vmm/mmu/mmu.h"
#include "linker/memmap.h"

#define TEXT "Lintel-16-secret"
#define BASE UINT64_C(0x100000)
#define PAGES 6

static uint8_t memory[PAGES * MEM_PAGE_SIZE];
static bool shared[PAGES];
static struct mmu mmu;

bool mmu_is_shared(const struct mmu *which, uint64_t address, uint64_t size)
{
	assert_ptr_equal(which, &mmu);
	assert_int_equal(size, MEM_PAGE_SIZE);
	assert_true(address >= BASE && address < BASE + sizeof(memory));
	return shared[(address - BASE) / MEM_PAGE_SIZE];
}

void *mmu_shared(const struct mmu *which, uint64_t address)
{
	(void)which;
	return memory + (address - BASE);
}

static int reset(void **state)
{
	(void)state;
	memset(memory, 'L', sizeof(memory));
	memset(shared, 0, sizeof(shared));
	shared[1] = shared[2] = shared[4] = true;
	return 0;
}

static void put(uint64_t address, const char *text)
{
	memcpy(memory + (address - BASE), text, strlen(text));
}

/* The address at which it is found; 0: nowhere. */
static uint64_t look(const char *text)
{
	uint64_t where = 0;
	bool found = secret_in_shared(text, &mmu, BASE, BASE + sizeof(memory), &where);
	assert_int_equal(found, where != 0);
	return where;
}

static void registers(void **state)
{
	(void)state;
	struct seam_regs regs = { 0 };
	assert_null(secret_in_regs(TEXT, &regs));
	assert_null(secret_in_regs("", &regs));
	uint64_t *const places[] = { &regs.rcx, &regs.rdx, &regs.rbx, &regs.rsi, &regs.rdi,
				     &regs.r8,  &regs.r9,  &regs.r10, &regs.r11, &regs.r12,
				     &regs.r13, &regs.r14, &regs.r15 };
	static const char *const names[] = { "rcx", "rdx", "rbx", "rsi", "rdi", "r8", "r9",
					     "r10", "r11", "r12", "r13", "r14", "r15" };
	for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		memcpy(places[i], &TEXT[i % 9], 8);
		assert_string_equal(secret_in_regs(TEXT, &regs), names[i]);
		*places[i] = 0;
	}
	memcpy(&regs.r12, TEXT, 7);
	assert_null(secret_in_regs(TEXT, &regs));
	/* As short as it may be. */
	memcpy(&regs.r12, "12345678", 8);
	assert_string_equal(secret_in_regs("12345678", &regs), "r12");
}

static void shared_memory(void **state)
{
	(void)state;
	assert_int_equal(look(TEXT), 0);
	put(BASE, TEXT); /* private */
	assert_int_equal(look(TEXT), 0);
	put(BASE + 0x3000 - 7, "-secret"); /* one short of it, before a private page */
	put(BASE + 0x1000, "intel-1");
	assert_int_equal(look(TEXT), 0);
	put(BASE + 0x4ff8, "6-secret");
	assert_int_equal(look(TEXT), BASE + 0x4ff8);
	assert_int_equal(memory[0x4000], 0);
	assert_int_equal(memory[0x3000], 'L');
	assert_int_equal(look(TEXT), 0);
	/* Across two pages; the first is told, and all are wiped. */
	put(BASE + 0x4003, TEXT);
	put(BASE + 0x1ffd, "tel-16-s");
	assert_int_equal(look(TEXT), BASE + 0x1ffd);
	assert_int_equal(look(TEXT), 0);
	put(BASE + 0x4003, TEXT);
	assert_int_equal(look(""), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(registers, reset),
		cmocka_unit_test_setup(shared_memory, reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
