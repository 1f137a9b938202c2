// Tests of what a host script does with pages: what it copies, compares, awaits, writes, moves,
// adds.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The TD has a shared page SHARED, a private one SECRET, and no other.
#include "boot-tests/vmm/script/script_page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "arch/base/bits.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/time.h"
#include "boot-tests/vmm/init/host_memory.h"
#include "boot-tests/vmm/mmu/conversion.h"
#include "boot-tests/vmm/td/host_td.h"
#include "linker/memmap.h"

#define SHARED UINT64_C(0x2001000)
#define SECRET UINT64_C(0x2000000)
#define WORDS (MEM_PAGE_SIZE / sizeof(uint64_t))

static _Alignas(MEM_PAGE_SIZE) uint64_t shared[WORDS];
static _Alignas(MEM_PAGE_SIZE) uint64_t secret[WORDS];
static struct host_td td;
static char error[80];
static struct {
	uint64_t us, keep_at; /* a rule keeps copy 1 at this time, if it is not 0 */
	bool stop_asked;
	hpa_t written;
	uint64_t value, size;
	uint64_t moved, added;
	enum status answer; /* to a move or more memory */
	uint64_t shared, dropped;
	enum status taken; /* what became of that */
} world;

bool mmu_is_shared(const struct mmu *mmu, uint64_t address, uint64_t size)
{
	assert_ptr_equal(mmu, &td.mmu);
	assert_int_equal(size, MEM_PAGE_SIZE);
	return address == SHARED;
}

void *mmu_shared(const struct mmu *mmu, uint64_t address)
{
	(void)mmu;
	assert_int_equal(address, SHARED);
	return shared;
}

bool mmu_private_frame(struct mmu *mmu, gpa_t page, hpa_t *out)
{
	assert_ptr_equal(mmu, &td.mmu);
	if (page.v != SECRET) {
		return false;
	}
	*out = ptr_hpa(secret);
	return true;
}

enum status mmu_move_page(struct mmu *mmu, gpa_t page)
{
	assert_ptr_equal(mmu, &td.mmu);
	world.moved = page.v;
	return world.answer;
}

enum status mmu_add_memory(const struct mmu *mmu, gpa_t page)
{
	assert_ptr_equal(mmu, &td.mmu);
	world.added = page.v;
	return world.answer;
}

enum status conversion_make(struct mmu *mmu, struct gpa_range range, enum share share,
			    gpa_t *stopped, struct seam_failure *failure)
{
	(void)stopped;
	assert_ptr_equal(mmu, &td.mmu);
	assert_int_equal(range.size, MEM_PAGE_SIZE);
	assert_int_equal(share, SHARE_SHARED);
	world.shared = range.base.v;
	*failure = (struct seam_failure){ "TDH_X", 1, { 2, 3, 4, 5 } };
	return world.taken;
}

enum status mmu_punch_hole(struct mmu *mmu, gpa_t start, gpa_t end, struct seam_failure *failure)
{
	assert_ptr_equal(mmu, &td.mmu);
	assert_int_equal(end.v - start.v, MEM_PAGE_SIZE);
	world.dropped = start.v;
	*failure = (struct seam_failure){ "TDH_X", 1, { 2, 3, 4, 5 } };
	return world.taken;
}

void host_read(hpa_t address, void *to, uint64_t size)
{
	memcpy(to, hpa_ptr(address), size);
}

void host_write(hpa_t address, const void *from, uint64_t size)
{
	world.written = address;
	world.size = size;
	world.value = 0;
	memcpy(&world.value, from, size);
}

bool cpu_stop_asked(void)
{
	return world.stop_asked;
}

uint64_t time_us(void)
{
	return world.us;
}

/* Does what the script's only rule says. */
static enum status act(const char *actions)
{
	static const char on[] = "on TDVMCALL: ";
	struct script script;
	char text[160];
	strcpy(text, on);
	strcat(text, actions);
	error[0] = 0;
	struct script_place place = { 0 };
	assert_int_equal(script_parse(text, strlen(text), &place, &script, error, sizeof(error)),
			 ST_OK);
	return script_page_act(&script.rules[0], &td, error, sizeof(error));
}

void time_delay_us(uint64_t us)
{
	bool before = world.us < world.keep_at;
	assert_true(us <= 10000);
	world.us += us;
	if (before && world.us >= world.keep_at) {
		assert_int_equal(act("read shared 0x2001000 as 1"), ST_OK);
	}
}

static int reset(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	memset(&td, 0, sizeof(td));
	script_page_reset();
	for (unsigned i = 0; i < WORDS; i++) {
		shared[i] = 0x1000 + i;
		secret[i] = 0x2000 + i;
	}
	return 0;
}

static void must(const char *actions)
{
	if (act(actions) != ST_OK) {
		fail_msg("%s: %s", actions, error);
	}
}

static void must_not(const char *actions, const char *why)
{
	assert_int_equal(act(actions), ST_BAD_FORMAT);
	assert_string_equal(error, why);
}

static void a_page_is_what_the_rule_says(void **state)
{
	(void)state;
	must("hold 1s");
	must("read shared 0x2001000 as 1");
	must("read private 0x2000000 as 8");
	must_not("read shared 0x2000000 as 2", "there is no shared page 0x2000000");
	must_not("read private 0x2001000 as 2", "there is no private page 0x2001000");
	must_not("read again 2 as 3", "there is no copy 2");
	must_not("read private 0x2000000 as 1", "there is a copy 1 already");
	must("read again 8 as 2 like 8");
	script_page_reset();
	must("read private 0x2000000 as 1");
}

/* The frame is read again, whatever has become of the page. */
static void again_is_the_same_frame(void **state)
{
	(void)state;
	must("read private 0x2000000 as 1");
	secret[0] = 7;
	must_not("read again 1 as 2 like 1", "copy 2 is not like copy 1");
	secret[0] = 0x2000;
	must("read again 1 as 2 like 1");
}

static void like_is_every_byte(void **state)
{
	(void)state;
	must("read shared 0x2001000 as 1 like 1");
	memcpy(secret, shared, sizeof(secret));
	must("read private 0x2000000 as 2 like 1");
	secret[WORDS - 1] ^= BIT64(63);
	must_not("read private 0x2000000 as 3 like 1", "copy 3 is not like copy 1");
	must_not("read private 0x2000000 as 3 like 4", "there is no copy 4");
}

static void unlike_is_no_word(void **state)
{
	(void)state;
	must("read shared 0x2001000 as 1 unlike 1");
	must("read private 0x2000000 as 2 unlike 1,2");
	must_not("read private 0x2000000 as 3 unlike 1,2", "copy 3 has 8 bytes of copy 2");
	secret[WORDS - 1] = shared[0];
	must_not("read private 0x2000000 as 3 unlike 1", "copy 3 has 8 bytes of copy 1");
	secret[WORDS - 1] = secret[0];
	must_not("read private 0x2000000 as 3 unlike 1,3", "copy 3 has 8 bytes of copy 3");
	must_not("read private 0x2000000 as 3 unlike 5", "there is no copy 5");
	/* What is not as it must be is not kept. */
	must("read private 0x2000000 as 3 unlike 1");
}

static void a_copy_is_awaited(void **state)
{
	(void)state;
	world.keep_at = 59000000;
	must("await 1 read private 0x2000000 as 2 unlike 1");
	assert_true(world.us >= world.keep_at && world.us < 60000000);
	world.us = world.keep_at = 0;
	must("await 1");
	assert_int_equal(world.us, 0);
	must_not("await 3", "copy 3 does not come");
	assert_true(world.us >= SCRIPT_MAX_HOLD_US && world.us < SCRIPT_MAX_HOLD_US + 10000);
	td.ending = true;
	must("await 3");
	td.ending = false;
	world.stop_asked = true;
	must("await 3");
}

static void a_private_page_is_written(void **state)
{
	(void)state;
	must("write private 0x2000800 u16 0x1234");
	assert_int_equal(world.written.v, ptr_hpa(secret).v + 0x800);
	assert_int_equal(world.size, 2);
	assert_int_equal(world.value, 0x1234);
	must("write private 0x2000ff8 u64 0xfedcba9876543210");
	assert_int_equal(world.written.v, ptr_hpa(secret).v + 0xFF8);
	assert_int_equal(world.value, 0xFEDCBA9876543210);
	must_not("write private 0x2001800 u8 1", "there is no private page 0x2001000");
	/* Nothing is written where something else is not as it must be. */
	world.size = 0;
	must_not("write private 0x2000000 u8 1 read shared 0 as 1", "there is no shared page 0x0");
	assert_int_equal(world.size, 0);
}

/* A shared page is moved; a private one, and a page more, must be refused. */
static void pages_are_moved_and_refused(void **state)
{
	(void)state;
	world.answer = ST_OK;
	must("move shared 0x2001000");
	assert_int_equal(world.moved, SHARED);
	must_not("move private 0x2000000", "move 0x2000000: the answer is ok");
	must_not("add 0x4000000", "add 0x4000000: the answer is ok");
	world.answer = ST_UNSUPPORTED;
	must("move private 0x2000000");
	assert_int_equal(world.moved, SECRET);
	must("add 0x4000000");
	assert_int_equal(world.added, 0x4000000);
	must_not("move shared 0x2001000",
		 "move 0x2001000: the answer is valid, but not supported here");
	world.answer = ST_NOT_FOUND;
	must_not("move private 0x4000000", "move 0x4000000: the answer is not found");
	/* Nothing is moved where something else is not as it must be. */
	world.moved = world.added = 0;
	must_not("read shared 0 as 1 move shared 0x2001000 add 0x4000000",
		 "there is no shared page 0x0");
	assert_int_equal(world.moved | world.added, 0);
}

/* Nothing is compared or checked before: the host may. */
static void pages_are_taken_away(void **state)
{
	(void)state;
	must("write shared 0x2001ff8 u64 0x1122334455667788");
	assert_int_equal(shared[WORDS - 1], 0x1122334455667788);
	must("write shared 0x2001001 u8 0xff");
	assert_int_equal(shared[0], 0xff00);
	assert_int_equal(act("write shared 0x2000000 u8 1"), ST_BAD_FORMAT);
	assert_string_equal(error, "there is no shared page 0x2000000");
	must("share private 0x5000 drop private 0x6000");
	assert_int_equal(world.shared, 0x5000);
	assert_int_equal(world.dropped, 0x6000);
	world.taken = ST_BAD_ARGUMENT;
	assert_int_equal(act("share private 0x5000"), ST_BAD_FORMAT);
	assert_string_equal(error, "share 0x5000: it is no RAM");
	world.taken = ST_TDX;
	assert_int_equal(act("drop private 0x5000"), ST_BAD_FORMAT);
	assert_string_equal(error, "TDH_X(RCX 0x1) failed: 0x0000000000000002, RCX 0x3, RDX 0x4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_page_is_what_the_rule_says, reset),
		cmocka_unit_test_setup(again_is_the_same_frame, reset),
		cmocka_unit_test_setup(like_is_every_byte, reset),
		cmocka_unit_test_setup(unlike_is_no_word, reset),
		cmocka_unit_test_setup(a_copy_is_awaited, reset),
		cmocka_unit_test_setup(a_private_page_is_written, reset),
		cmocka_unit_test_setup(pages_are_taken_away, reset),
		cmocka_unit_test_setup(pages_are_moved_and_refused, reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
