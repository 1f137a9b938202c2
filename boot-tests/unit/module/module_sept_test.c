// Tests of the Secure EPT: each leaf on each state of an entry, what it shows, locks, interrupts.
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

#define ADDRESS UINT64_C(0x40000000)
#define LARGE (ADDRESS + 0x200000)
#define PAGE UINT64_C(0x1000)

/* Frames that cases use again and again: what an entry maps, and what the host offers. */
static struct {
	uint64_t small, large, table;
	uint64_t spare, spare_large, source;
	uint64_t child_pages; /* of the TD without any of them */
	bool exited;
	unsigned row, column; /* of the table that is gone through */
} t;

static struct tdr *tdr(void)
{
	return hpa_ptr(hpa(fixture.tdr));
}

static uint64_t address_of(enum pg_level level)
{
	return level == PG_4K ? ADDRESS : LARGE;
}

static uint64_t *entry_of(enum pg_level level)
{
	return sept_walk(tdcs()->sept_root, gpa(address_of(level)), level).entry;
}

static int load(void **state)
{
	(void)fixture_load(state);
	t.small = fixture_frame(PG_4K);
	t.table = fixture_frame(PG_4K);
	t.spare = fixture_frame(PG_4K);
	t.source = fixture_frame(PG_4K);
	t.large = fixture_frame(PG_2M);
	t.spare_large = fixture_frame(PG_2M);
	return 0;
}

static void make_td(void)
{
	struct td_params *params = fixture_params();
	params->attributes |= TD_ATTRIBUTES_DEBUG;
	fixture_init(params);
	fixture_vcpus();
	fixture_tables(ADDRESS);
	t.child_pages = tdr()->child_pages;
}

/* --- an entry in a state ---------------------------------------------------------------------- */

static bool is_table(enum sept_state state)
{
	return state == SEPT_NL_MAPPED || state == SEPT_NL_BLOCKED;
}

/* Brings the entry of level into the state, blocked in bepoch if it is a blocked one. */
static uint64_t put(enum pg_level level, enum sept_state state, uint64_t bepoch)
{
	uint64_t frame = is_table(state) ? t.table : level == PG_4K ? t.small : t.large;
	if (state == SEPT_FREE) {
		return 0;
	}
	if (is_table(state)) {
		sept_table_init(hpa_ptr(hpa(frame)));
	}
	struct pamt_entry *entry = pamt_find(hpa(frame));
	td_take_page(hpa(fixture.tdr), entry, is_table(state) ? PG_4K : level,
		     is_table(state) ? TDX_PAGE_EPT : TDX_PAGE_REG);
	entry->bepoch = bepoch;
	*entry_of(level) = sept_entry(state, hpa(frame), level);
	return frame;
}

static void give_back(uint64_t frame, enum pg_level level)
{
	pamt_assign(pamt_find(hpa(frame)), level, TDX_PAGE_NDA, hpa(0));
}

static void clear(enum pg_level level)
{
	*entry_of(level) = sept_entry(SEPT_FREE, hpa(0), level);
	give_back(t.small, PG_4K);
	give_back(t.table, PG_4K);
	give_back(t.spare, PG_4K);
	give_back(t.large, PG_2M);
	give_back(t.spare_large, PG_2M);
	tdr()->child_pages = t.child_pages;
}

/* Every page that names the TD as its owner is counted in it; no lock is left. */
static void assert_books(void)
{
	uint64_t owned = 0;
	for (uint64_t page = fixture.base; page < fixture.end; page += PAGE) {
		struct pamt_entry *entry = pamt_find(hpa(page));
		owned += entry->type != TDX_PAGE_NDA && entry->type != TDX_PAGE_RSVD &&
			 pamt_owner(entry).v == fixture.tdr;
		assert_int_equal(entry->lock, 0);
	}
	assert_int_equal(tdr()->child_pages, owned);
	assert_int_equal(tdcs()->sept_lock, 0);
	assert_int_equal(tdcs()->epoch_lock, 0);
}

/* --- what the host sees of an entry ----------------------------------------------------------- */

/* As recorded on hardware, but for the last four lines: those are by the module's source. */
static const struct {
	enum sept_state state;
	uint64_t rcx; /* without the address of a page */
	uint64_t public_state;
	bool has_page;
} shown[] = {
	{ SEPT_FREE, UINT64_C(1) << 63, 0x00, false },
	{ SEPT_NL_MAPPED, 0x7, 0x84, false },
	{ SEPT_MAPPED, UINT64_C(1) << 63 | 0xF7, 0x04, true },
	{ SEPT_NL_BLOCKED, 0, 0x81, false },
	{ SEPT_BLOCKED, UINT64_C(1) << 63 | 0xF0, 0x01, true },
	{ SEPT_PENDING, UINT64_C(1) << 63 | 0xF0, 0x02, true },
	{ SEPT_PENDING_BLOCKED, UINT64_C(1) << 63 | 0xF0, 0x03, true },
};

static void assert_shown(enum pg_level level, enum sept_state state, uint64_t page)
{
	for (unsigned i = 0; i < ARRAY_COUNT(shown); i++) {
		if (shown[i].state == state) {
			assert_int_equal(fixture.regs.rcx,
					 shown[i].rcx | (shown[i].has_page ? page : 0));
			assert_int_equal(fixture.regs.rdx, level | shown[i].public_state << 8);
			return;
		}
	}
	fail();
}

static void recorded_entries(void **state)
{
	(void)state;
	make_td();
	uint64_t below[] = { ADDRESS, ADDRESS | PG_2M, ADDRESS | PG_1G, PG_512G };
	assert_status(call(TDH_MEM_PAGE_ADD, ADDRESS, fixture.tdr, t.small, t.source), TDX_SUCCESS);
	for (unsigned level = PG_512G; level >= PG_2M; level--) {
		assert_status(call(TDH_MEM_SEPT_RD, below[level], fixture.tdr, 0, 0), TDX_SUCCESS);
		assert_int_equal(fixture.regs.rcx, 0x7);
		assert_int_equal(fixture.regs.rdx, 0x8400 | level);
	}
	assert_status(call(TDH_MEM_SEPT_RD, ADDRESS, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.rcx, UINT64_C(1) << 63 | t.small | 0xF7);
	assert_int_equal(fixture.regs.rdx, 0x400);
	uint64_t empty[] = { ADDRESS + PAGE, LARGE | PG_2M, (ADDRESS + pg_size(PG_1G)) | PG_1G,
			     pg_size(PG_512G) | PG_512G };
	for (unsigned level = PG_4K; level <= PG_512G; level++) {
		assert_status(call(TDH_MEM_SEPT_RD, empty[level], fixture.tdr, 0, 0), TDX_SUCCESS);
		assert_int_equal(fixture.regs.rcx, UINT64_C(1) << 63);
		assert_int_equal(fixture.regs.rdx, level);
		/* What would be below: the deepest entry that there is. */
		for (unsigned lower = PG_4K; lower < level; lower++) {
			uint64_t operand = (empty[level] & TDX_GPA_PAGE) | lower;
			assert_status(call(TDH_MEM_SEPT_RD, operand, fixture.tdr, 0, 0),
				      TDX_EPT_WALK_FAILED | TDX_OPERAND_RCX);
			assert_int_equal(fixture.regs.rcx, UINT64_C(1) << 63);
			assert_int_equal(fixture.regs.rdx, level);
		}
	}
	assert_status(call(TDH_MEM_SEPT_RD, 4, fixture.tdr, 0, 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	clear(PG_4K);
}

/* 001-R12: what a host may do with an EPT of its own, and not with this one. */
static void what_only_a_plain_ept_has(void **state)
{
	(void)state;
	make_td();
	/* Pages of 1 GiB or more. */
	for (uint64_t level = PG_1G; level <= 7; level++) {
		assert_status(call(TDH_MEM_PAGE_AUG, level, fixture.tdr, t.spare_large, 0),
			      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	}
	/* Rights, memory types, A and D: there is no place for them, neither with the GPA nor with
	 * the page, and what is shown is the same whatever the CPU has noted. */
	for (unsigned bit = 3; bit < 12; bit++) {
		assert_status(call(TDH_MEM_PAGE_AUG, ADDRESS | BIT64(bit), fixture.tdr, t.spare, 0),
			      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	}
	for (unsigned bit = 0; bit < 12; bit++) {
		assert_status(call(TDH_MEM_PAGE_AUG, ADDRESS, fixture.tdr, t.spare | BIT64(bit), 0),
			      TDX_OPERAND_INVALID | TDX_OPERAND_R8);
	}
	put(PG_4K, SEPT_MAPPED, 0);
	for (unsigned noted = 0; noted < 4; noted++) {
		*entry_of(PG_4K) &= ~(PTE_A | PTE_D);
		*entry_of(PG_4K) |= (noted & 1 ? PTE_A : 0) | (noted & 2 ? PTE_D : 0);
		assert_status(call(TDH_MEM_SEPT_RD, ADDRESS, fixture.tdr, 0, 0), TDX_SUCCESS);
		assert_shown(PG_4K, SEPT_MAPPED, t.small);
	}
	clear(PG_4K);
	/* Write protection to log what is written: leaves of the migration, which is not there. */
	static const uint64_t leaves[] = { 65, 75 }; /* EXPORT.BLOCKW, EXPORT.UNBLOCKW */
	for (unsigned i = 0; i < ARRAY_COUNT(leaves); i++) {
		assert_status(call(leaves[i], ADDRESS, fixture.tdr, 0, 0),
			      TDX_OPERAND_INVALID | TDX_OPERAND_RAX);
	}
	assert_books();
}

/* --- every state, every leaf ------------------------------------------------------------------ */

/* Columns, and letters for what an entry becomes. */
static const enum sept_state columns[] = { SEPT_FREE,           SEPT_NL_MAPPED, SEPT_NL_BLOCKED,
					   SEPT_MAPPED,         SEPT_BLOCKED,   SEPT_PENDING,
					   SEPT_PENDING_BLOCKED };
static const char letters[] = "fnNmbpq";

enum phase { BUILDING, BLOCKED_NOW, BLOCKED_BEFORE, PHASES };

/* + success; . cannot be; else a refusal of refusals[]. */
static const struct {
	uint64_t leaf;
	enum pg_level level;
	const char *want[PHASES];
	const char *next;
	uint64_t flag; /* with the TDR */
} rows[] = {
	{ TDH_MEM_PAGE_ADD, PG_4K, { "+..SSSS", "O..OOOO", "O..OOOO" }, "m......", 0 },
	{ TDH_MEM_PAGE_AUG, PG_4K, { "+..SSSS", "+..SSSS", "+..SSSS" }, "p......", 0 },
	{ TDH_MEM_PAGE_AUG, PG_2M, { "+SSSSSS", "+SSSSSS", "+SSSSSS" }, "p......", 0 },
	{ TDH_MEM_SEPT_ADD, PG_2M, { "+SSSSSS", "+SSSSSS", "+SSSSSS" }, "n......", 0 },
	{ TDH_MEM_SEPT_ADD, PG_2M, { "++SSSSS", "++SSSSS", "++SSSSS" }, "nn.....", 1 },
	{ TDH_MEM_RANGE_BLOCK, PG_4K, { "S..+A+A", "S..+A+A", "S..+A+A" }, "...b.q.", 0 },
	{ TDH_MEM_RANGE_BLOCK, PG_2M, { "S+A+A+A", "S+A+A+A", "S+A+A+A" }, ".N.b.q.", 0 },
	{ TDH_MEM_RANGE_UNBLOCK, PG_4K, { "S..S+S+", "S..StSt", "S..S+S+" }, "....m.p", 0 },
	{ TDH_MEM_RANGE_UNBLOCK, PG_2M, { "SS+S+S+", "SStStSt", "SS+S+S+" }, "..n.m.p", 0 },
	{ TDH_MEM_PAGE_REMOVE, PG_4K, { "S..++++", "S..BTBT", "S..B+B+" }, "...ffff", 0 },
	{ TDH_MEM_PAGE_REMOVE, PG_2M, { "SSS++++", "SSSBTBT", "SSSB+B+" }, "...ffff", 0 },
	{ TDH_MEM_PAGE_RELOCATE, PG_4K, { "S..++++", "S..BTBT", "S..B+B+" }, "...mmpp", 0 },
	{ TDH_MEM_PAGE_DEMOTE, PG_2M, { "SSS++++", "SSSBTBT", "SSSB+B+" }, "...nnnn", 0 },
	{ TDH_MEM_PAGE_PROMOTE, PG_2M, { "SPPSSSS", "SBTSSSS", "SBPSSSS" }, ".......", 0 },
	{ TDH_MEM_SEPT_REMOVE, PG_2M, { "S++SSSS", "SBTSSSS", "SB+SSSS" }, ".ff....", 0 },
	{ TDH_MEM_SEPT_RD, PG_4K, { "+..++++", "+..++++", "+..++++" }, "f..mbpq", 0 },
	{ TDH_MEM_SEPT_RD, PG_2M, { "+++++++", "+++++++", "+++++++" }, "fnNmbpq", 0 },
	{ TDH_MR_EXTEND, PG_4K, { "N..+NNN", "O..OOOO", "O..OOOO" }, "...m...", 0 },
	{ TDH_MEM_RD, PG_4K, { "N..+NNN", "N..+NNN", "N..+NNN" }, "...m...", 0 },
	{ TDH_MEM_WR, PG_4K, { "N..+NNN", "N..+NNN", "N..+NNN" }, "...m...", 0 },
};

static const struct {
	char letter;
	bool described; /* the entry is in RCX and RDX, else both are 0 */
	uint64_t status;
} refusals[] = {
	{ 'S', true, TDX_EPT_ENTRY_STATE_INCORRECT | TDX_OPERAND_RCX },
	{ 'A', true, TDX_GPA_RANGE_ALREADY_BLOCKED | TDX_OPERAND_RCX },
	{ 'B', true, TDX_GPA_RANGE_NOT_BLOCKED | TDX_OPERAND_RCX },
	{ 'N', true, TDX_EPT_ENTRY_NOT_PRESENT | TDX_OPERAND_RCX },
	{ 'P', true, TDX_EPT_INVALID_PROMOTE_CONDITIONS | TDX_OPERAND_RCX },
	{ 'T', false, TDX_TLB_TRACKING_NOT_DONE | TDX_OPERAND_RCX },
	{ 't', false, TDX_TLB_TRACKING_NOT_DONE | TDX_OPERAND_SEPT_TREE },
	{ 'O', false, TDX_OP_STATE_INCORRECT },
};

static uint64_t call_row(unsigned row)
{
	bool large = rows[row].leaf == TDH_MEM_PAGE_AUG && rows[row].level == PG_2M;
	return call(rows[row].leaf, address_of(rows[row].level) | rows[row].level,
		    fixture.tdr | rows[row].flag, large ? t.spare_large : t.spare, t.source);
}

static void assert_refused(unsigned row, enum sept_state state, uint64_t frame, char letter,
			   uint64_t status)
{
	for (unsigned i = 0; i < ARRAY_COUNT(refusals); i++) {
		if (refusals[i].letter != letter) {
			continue;
		}
		assert_status(status, refusals[i].status);
		if (refusals[i].described) {
			assert_shown(rows[row].level, state, frame);
		} else {
			assert_int_equal(fixture.regs.rcx | fixture.regs.rdx, 0);
		}
		return;
	}
	fail();
}

static void assert_done(unsigned row, unsigned column, uint64_t frame)
{
	uint64_t value = *entry_of(rows[row].level);
	char next = rows[row].next[column];
	uint64_t leaf = rows[row].leaf;
	assert_int_equal(sept_state(value), columns[strchr(letters, next) - letters]);
	bool moves = leaf == TDH_MEM_PAGE_REMOVE || leaf == TDH_MEM_SEPT_REMOVE ||
		     leaf == TDH_MEM_PAGE_RELOCATE;
	if (leaf == TDH_MEM_SEPT_RD) {
		assert_shown(rows[row].level, columns[column], frame);
	} else {
		assert_int_equal(fixture.regs.rcx, moves ? frame : 0);
		assert_int_equal(fixture.regs.rdx, 0);
	}
	if (moves) {
		assert_int_equal(pamt_find(hpa(frame))->type, TDX_PAGE_NDA);
	}
	if (next != 'f') {
		assert_int_equal(pamt_find(sept_hpa(value))->type,
				 is_table(sept_state(value)) ? TDX_PAGE_EPT : TDX_PAGE_REG);
	}
}

static void one_case(unsigned row, unsigned column, enum phase phase)
{
	enum pg_level level = rows[row].level;
	uint64_t bepoch = tdcs()->epoch - (phase == BLOCKED_BEFORE ? 1 : 0);
	uint64_t frame = put(level, columns[column], bepoch);
	uint64_t before = *entry_of(level);
	uint64_t status = call_row(row);
	char want = rows[row].want[phase][column];
	if (want == '+') {
		assert_status(status, TDX_SUCCESS);
		assert_done(row, column, frame);
		assert_false(*entry_of(level) & (SEPT_LOCK | SEPT_HOST_PRIORITY));
	} else {
		assert_refused(row, columns[column], frame, want, status);
		assert_int_equal(*entry_of(level), before);
	}
	assert_books();
	clear(level);
}

/* After a failure: where. */
static int say_case(void **state)
{
	(void)state;
	print_message("last case: row %u, column %u\n", t.row, t.column);
	return 0;
}

static void every_state_and_leaf(void **state)
{
	(void)state;
	make_td();
	for (enum phase phase = BUILDING; phase < PHASES; phase++) {
		if (phase == BLOCKED_NOW) {
			fixture_finalize();
			assert_status(call(TDH_MEM_TRACK, fixture.tdr, 0, 0, 0), TDX_SUCCESS);
		}
		for (unsigned row = 0; row < ARRAY_COUNT(rows); row++) {
			for (unsigned column = 0; column < ARRAY_COUNT(columns); column++) {
				if (rows[row].want[phase][column] != '.') {
					t.row = row;
					t.column = column;
					one_case(row, column, phase);
				}
			}
		}
	}
}

/* --- the TD's side ---------------------------------------------------------------------------- */

#define LEVEL(n) ((uint64_t)(n) << 32)
#define ENTRY(level, state, leaf) \
	((uint64_t)(level) << 35 | (uint64_t)(state) << 38 | (uint64_t)(leaf) << 46)

static uint64_t guest(uint64_t leaf, uint64_t rcx)
{
	return tdcall_of_td(leaf, rcx, 0, 0, 0, &t.exited);
}

/* A TD exit EPT_VIOLATION with this qualification and extended qualification. */
static void assert_exit(uint64_t status, uint64_t page, uint64_t qualification, uint64_t extended)
{
	assert_true(t.exited);
	assert_status(status, EXIT_REASON_EPT_VIOLATION);
	assert_int_equal(fixture.regs.rcx, qualification);
	assert_int_equal(fixture.regs.rdx, extended);
	assert_int_equal(fixture.regs.r8, page);
}

static void accept_of_each_state(void **state)
{
	(void)state;
	make_td();
	fixture_finalize();
	for (unsigned i = 0; i < ARRAY_COUNT(shown); i++) {
		enum sept_state at = shown[i].state;
		for (enum pg_level level = PG_4K; level <= PG_2M; level++) {
			if (level == PG_4K && is_table(at)) {
				continue;
			}
			put(level, at, 0);
			uint64_t before = *entry_of(level);
			uint64_t address = address_of(level);
			uint64_t status = guest(TDG_MEM_PAGE_ACCEPT, address | level);
			if (at == SEPT_PENDING) {
				assert_status(status, TDX_SUCCESS);
				before = sept_entry(SEPT_MAPPED, sept_hpa(before), level);
			} else if (at == SEPT_MAPPED) {
				assert_status(status, TDX_PAGE_ALREADY_ACCEPTED | level);
			} else if (is_table(at)) {
				assert_status(status, TDX_PAGE_SIZE_MISMATCH | level);
			} else {
				assert_exit(status, address, EPT_QUAL_WRITE,
					    EXT_QUAL_ACCEPT | LEVEL(level) |
						    ENTRY(level, shown[i].public_state,
							  shown[i].has_page));
			}
			assert_int_equal(*entry_of(level), before);
			clear(level);
		}
		/* 4 KiB in the range of a 2 MiB page. */
		if (!is_table(at)) {
			put(PG_2M, at, 0);
			uint64_t status = guest(TDG_MEM_PAGE_ACCEPT, LARGE + PAGE);
			if (at == SEPT_MAPPED) {
				assert_status(status, TDX_PAGE_ALREADY_ACCEPTED | PG_2M);
			} else {
				assert_exit(status, LARGE + PAGE, EPT_QUAL_WRITE,
					    EXT_QUAL_ACCEPT | LEVEL(PG_4K) |
						    ENTRY(PG_2M, shown[i].public_state,
							  shown[i].has_page));
			}
			clear(PG_2M);
		}
	}
	assert_status(guest(TDG_MEM_PAGE_ACCEPT, ADDRESS | PG_1G),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	assert_status(guest(TDG_MEM_PAGE_ACCEPT, ADDRESS | BIT64(47)),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	assert_books();
}

static void attributes_of_each_state(void **state)
{
	(void)state;
	make_td();
	fixture_finalize();
	for (unsigned i = 0; i < ARRAY_COUNT(shown); i++) {
		enum sept_state at = shown[i].state;
		bool has = at == SEPT_MAPPED || at == SEPT_PENDING;
		uint64_t flags = at == SEPT_PENDING ? TDX_ATTR_PENDING : 0;
		put(PG_2M, at, 0);
		/* RD finds the page of any size, by the address of any byte. */
		uint64_t status = guest(TDG_MEM_PAGE_ATTR_RD, LARGE + 0x5678);
		if (has) {
			assert_status(status, TDX_SUCCESS);
			assert_int_equal(gpr()[RCX], LARGE | PG_2M | flags);
			assert_int_equal(gpr()[RDX], 0);
		} else {
			assert_exit(status, LARGE + PAGE * 5, 0, 0);
		}
		status = guest(TDG_MEM_PAGE_ATTR_WR, LARGE | PG_2M);
		if (has) {
			assert_status(status, TDX_SUCCESS);
			assert_int_equal(gpr()[RCX], LARGE | PG_2M | flags);
		} else if (is_table(at)) {
			assert_status(status, TDX_PAGE_SIZE_MISMATCH | PG_2M);
			assert_int_equal(gpr()[RCX] | gpr()[RDX], 0);
		} else {
			assert_exit(status, LARGE, EPT_QUAL_WRITE,
				    EXT_QUAL_ATTR_WR | LEVEL(PG_2M) |
					    ENTRY(PG_2M, shown[i].public_state, shown[i].has_page));
		}
		/* WR wants the size, and has the host split what is larger. */
		status = guest(TDG_MEM_PAGE_ATTR_WR, LARGE + PAGE);
		if (!is_table(at)) {
			uint64_t rights = at == SEPT_MAPPED ?
						  EPT_QUAL_READABLE | EPT_QUAL_WRITABLE |
							  EPT_QUAL_EXECUTABLE :
						  0;
			assert_exit(status, LARGE + PAGE, EPT_QUAL_WRITE | rights,
				    EXT_QUAL_ATTR_WR |
					    ENTRY(PG_2M, shown[i].public_state, shown[i].has_page));
		}
		clear(PG_2M);
	}
	/* The words of VM 0 and of VMs that do not exist are 0: RDX, R8 of one VM, then of the
	 * next. */
	static const struct {
		uint64_t rdx, r8, operand;
	} bad[] = {
		{ 1, 0, TDX_OPERAND_RDX },       { 0, 1, TDX_OPERAND_R8 },
		{ 1, 1, TDX_OPERAND_RDX },       { 0x10000, 1, TDX_OPERAND_R8 },
		{ 0x10000, 0, TDX_OPERAND_RDX }, { 0, UINT64_C(1) << 63, TDX_OPERAND_R8 },
	};
	for (unsigned i = 0; i < ARRAY_COUNT(bad); i++) {
		/* Before anything of the page is looked at. */
		assert_status(tdcall_of_td(TDG_MEM_PAGE_ATTR_WR, BIT64(60), bad[i].rdx, bad[i].r8,
					   0, &t.exited),
			      TDX_OPERAND_INVALID | bad[i].operand);
		assert_int_equal(gpr()[RCX] | gpr()[RDX], 0);
	}
	assert_status(guest(TDG_MEM_PAGE_ATTR_WR, ADDRESS | PG_512G),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	assert_status(guest(TDG_MEM_PAGE_ATTR_WR, ADDRESS | PG_1G), TDX_PAGE_SIZE_MISMATCH | PG_1G);
	assert_status(guest(TDG_MEM_PAGE_ATTR_RD, ADDRESS | BIT64(47)),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	assert_int_equal(gpr()[RCX] | gpr()[RDX], 0);
	assert_books();
}

/* --- order of checks -------------------------------------------------------------------------- */

/* Everything is wrong at first; what the module looks at first is put right, and so on. */
static void order_of_checks(void **state)
{
	(void)state;
	make_td();
	uint64_t *entry = entry_of(PG_4K);
	struct pamt_entry *td = pamt_find(hpa(fixture.tdr));
	struct pamt_entry *page = pamt_find(hpa(t.small));
	uint64_t bad = BIT64(60);
	td->lock = LOCK_HELD_EXCLUSIVE;
	tdcs()->sept_lock = LOCK_HELD_EXCLUSIVE;
	uint64_t leaf = TDH_MEM_PAGE_REMOVE;
	assert_status(call(leaf, bad, fixture.tdr + 8, 0, 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RDX);
	assert_status(call(leaf, bad, fixture.tdr, 0, 0), TDX_OPERAND_BUSY | TDX_OPERAND_RDX);
	td->lock = 0;
	assert_status(call(leaf, bad, fixture.tdr, 0, 0), TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	assert_status(call(leaf, ADDRESS, fixture.tdr, 0, 0),
		      TDX_OPERAND_BUSY | TDX_OPERAND_SEPT_TREE);
	assert_int_equal(fixture.regs.rcx | fixture.regs.rdx, 0);
	tdcs()->sept_lock = 0;
	*entry |= SEPT_LOCK;
	assert_status(call(leaf, ADDRESS, fixture.tdr, 0, 0), TDX_OPERAND_BUSY | TDX_OPERAND_RCX);
	assert_shown(PG_4K, SEPT_FREE, 0);
	*entry &= ~(SEPT_LOCK | SEPT_HOST_PRIORITY);
	assert_status(call(leaf, ADDRESS, fixture.tdr, 0, 0),
		      TDX_EPT_ENTRY_STATE_INCORRECT | TDX_OPERAND_RCX);
	fixture_finalize();
	put(PG_4K, SEPT_MAPPED, 0);
	page->lock = 1;
	assert_status(call(leaf, ADDRESS, fixture.tdr, 0, 0), TDX_OPERAND_BUSY | TDX_OPERAND_RCX);
	assert_int_equal(fixture.regs.rcx | fixture.regs.rdx, 0);
	/* The old page before the block, the new page last; source and target first of all. */
	leaf = TDH_MEM_PAGE_RELOCATE;
	assert_status(call(leaf, ADDRESS, fixture.tdr, t.small, 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_R8);
	assert_status(call(leaf, ADDRESS, fixture.tdr, 8, 0), TDX_OPERAND_BUSY | TDX_OPERAND_RCX);
	page->lock = 0;
	assert_status(call(leaf, ADDRESS, fixture.tdr, 8, 0),
		      TDX_GPA_RANGE_NOT_BLOCKED | TDX_OPERAND_RCX);
	clear(PG_4K);
	put(PG_4K, SEPT_BLOCKED, 0);
	assert_status(call(TDH_MEM_TRACK, fixture.tdr, 0, 0, 0), TDX_SUCCESS);
	assert_status(call(leaf, ADDRESS, fixture.tdr, 8, 0), TDX_OPERAND_INVALID | TDX_OPERAND_R8);
	assert_status(call(leaf, ADDRESS, fixture.tdr, t.spare, 0), TDX_SUCCESS);
	clear(PG_4K);
	assert_books();
}

/* PAGE.ADD looks at the entry, then at its source, then at the page. */
static void order_of_page_add(void **state)
{
	(void)state;
	make_td();
	put(PG_4K, SEPT_PENDING, 0);
	assert_status(call(TDH_MEM_PAGE_ADD, ADDRESS, fixture.tdr, 8, 8),
		      TDX_EPT_ENTRY_STATE_INCORRECT | TDX_OPERAND_RCX);
	clear(PG_4K);
	assert_status(call(TDH_MEM_PAGE_ADD, ADDRESS, fixture.tdr, 8, 8),
		      TDX_OPERAND_INVALID | TDX_OPERAND_R9);
	assert_status(call(TDH_MEM_PAGE_ADD, ADDRESS, fixture.tdr, 8, t.source),
		      TDX_OPERAND_INVALID | TDX_OPERAND_R8);
	/* MR.EXTEND: a page of 2 MiB too, by the offset in it. */
	put(PG_2M, SEPT_MAPPED, 0);
	assert_status(call(TDH_MR_EXTEND, LARGE + 0x12300, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MR_EXTEND, LARGE + 0x12380, fixture.tdr, 0, 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RCX);
	clear(PG_2M);
}

/* Version 1 has pages of L2 VMs, and says what became of each page. */
static void versions(void **state)
{
	(void)state;
	make_td();
	uint64_t v1 = TDH_MEM_SEPT_ADD | field_put(TDX_VERSION, 1);
	uint64_t operand = LARGE | PG_2M;
	struct seam_regs good = { .rax = v1,
				  .rcx = operand,
				  .rdx = fixture.tdr,
				  .r8 = t.table,
				  .r9 = UINT64_MAX,
				  .r10 = UINT64_MAX,
				  .r11 = UINT64_MAX };
	struct seam_regs regs = good;
	regs.r10 = t.spare;
	assert_status(seamcall(&regs), TDX_OPERAND_INVALID | (TDX_OPERAND_R9 + 1));
	assert_int_equal(regs.r8, t.table);
	assert_int_equal(regs.r10, t.spare);
	regs = good;
	regs.r8 = UINT64_MAX;
	assert_status(seamcall(&regs), TDX_EPT_ENTRY_STATE_INCORRECT | TDX_OPERAND_RCX);
	assert_status(call(TDH_MEM_SEPT_ADD, operand, fixture.tdr, UINT64_MAX, 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_R8);
	regs = good;
	regs.r8 |= BIT64(63); /* what an interrupted call left: is not looked at */
	assert_status(seamcall(&regs), TDX_SUCCESS);
	assert_int_equal(regs.r8 & regs.r9 & regs.r10 & regs.r11, UINT64_MAX);
	regs = good;
	regs.r8 = UINT64_MAX;
	assert_status(seamcall(&regs), TDX_SUCCESS);
	regs = good;
	regs.rdx |= TDX_SEPT_ADD_ALLOW_EXISTING;
	regs.r8 = t.spare;
	assert_status(seamcall(&regs), TDX_SUCCESS);
	assert_int_equal(regs.r8, t.spare | BIT64(63));
	assert_int_equal(pamt_find(hpa(t.spare))->type, TDX_PAGE_NDA);

	regs = (struct seam_regs){ .rax = TDH_MEM_SEPT_REMOVE | field_put(TDX_VERSION, 1),
				   .rcx = operand,
				   .rdx = fixture.tdr };
	assert_status(seamcall(&regs), TDX_SUCCESS);
	assert_int_equal(regs.rcx, t.table);
	assert_int_equal(regs.r9 & regs.r10 & regs.r11, UINT64_MAX);
	/* On failures too, and before the TD is looked at. */
	regs = (struct seam_regs){ .rax = TDH_MEM_PAGE_PROMOTE | field_put(TDX_VERSION, 1),
				   .rdx = 1 };
	assert_status(seamcall(&regs), TDX_OPERAND_INVALID | TDX_OPERAND_RDX);
	assert_int_equal(regs.r9 & regs.r10 & regs.r11, UINT64_MAX);
	regs = (struct seam_regs){ .rax = TDH_MEM_RD, .rcx = 7, .rdx = 1, .r8 = 7 };
	assert_status(seamcall(&regs), TDX_OPERAND_INVALID | TDX_OPERAND_RDX);
	assert_int_equal(regs.rcx | regs.rdx | regs.r8, 0);

	/* The flag of SEPT.RD is for a TD that may be debugged. */
	assert_status(call(TDH_MEM_SEPT_RD, ADDRESS, fixture.tdr | 1, 7, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.r8, 0);
	tdcs()->attributes &= ~TD_ATTRIBUTES_DEBUG;
	assert_status(call(TDH_MEM_SEPT_RD, BIT64(60), fixture.tdr | 1, 7, 0),
		      TDX_OPERAND_INVALID | TDX_OPERAND_RDX);
	assert_books();
}

/* --- locks ------------------------------------------------------------------------------------ */

/* Which locks make each leaf busy, with which operand; 0: it does not take that lock. */
#define RCX_ TDX_OPERAND_RCX
#define RDX_ TDX_OPERAND_RDX
#define TREE TDX_OPERAND_SEPT_TREE
#define R8_ TDX_OPERAND_R8

static const struct {
	uint64_t leaf;
	enum pg_level level;
	enum sept_state state; /* in which it succeeds */
	uint32_t tdr_shared;   /* while another holds the TDR shared */
	uint32_t tree_shared, tree_exclusive;
	uint32_t entry;
	uint32_t page;  /* the one that is mapped */
	uint32_t spare; /* the one that is given */
} locks[] = {
	{ TDH_MEM_PAGE_ADD, PG_4K, SEPT_FREE, RDX_, 0, 0, RCX_, 0, R8_ },
	{ TDH_MR_EXTEND, PG_4K, SEPT_MAPPED, RDX_, 0, 0, RCX_, 0, 0 },
	{ TDH_MEM_PAGE_AUG, PG_4K, SEPT_FREE, 0, 0, TREE, RCX_, 0, R8_ },
	{ TDH_MEM_PAGE_AUG, PG_2M, SEPT_FREE, 0, 0, TREE, RCX_, 0, R8_ },
	{ TDH_MEM_SEPT_ADD, PG_2M, SEPT_FREE, 0, 0, TREE, RCX_, 0, R8_ },
	{ TDH_MEM_SEPT_RD, PG_4K, SEPT_PENDING, 0, 0, TREE, RCX_, 0, 0 },
	{ TDH_MEM_PAGE_REMOVE, PG_4K, SEPT_PENDING, 0, 0, TREE, RCX_, RCX_, 0 },
	{ TDH_MEM_PAGE_RELOCATE, PG_4K, SEPT_PENDING, 0, 0, TREE, RCX_, RCX_, R8_ },
	{ TDH_MEM_PAGE_DEMOTE, PG_2M, SEPT_PENDING, 0, 0, TREE, RCX_, RCX_, R8_ },
	{ TDH_MEM_RANGE_BLOCK, PG_4K, SEPT_PENDING, 0, TREE, TREE, RCX_, 0, 0 },
	{ TDH_MEM_RANGE_UNBLOCK, PG_4K, SEPT_PENDING_BLOCKED, 0, TREE, TREE, RCX_, 0, 0 },
	{ TDH_MEM_SEPT_REMOVE, PG_2M, SEPT_NL_MAPPED, 0, TREE, TREE, RCX_, RCX_, 0 },
	{ TDH_MEM_RD, PG_4K, SEPT_MAPPED, 0, 0, TREE, RCX_, 0, 0 },
	{ TDH_MEM_WR, PG_4K, SEPT_MAPPED, 0, 0, TREE, RCX_, 0, 0 },
};

/* The call with one lock word held by another. */
static void with_lock(unsigned i, sharex_t *lock, sharex_t held, uint32_t operand)
{
	put(locks[i].level, locks[i].state, 0);
	bool large = locks[i].leaf == TDH_MEM_PAGE_AUG && locks[i].level == PG_2M;
	uint64_t before = *entry_of(locks[i].level);
	*lock = held;
	uint64_t status = call(locks[i].leaf, address_of(locks[i].level) | locks[i].level,
			       fixture.tdr, large ? t.spare_large : t.spare, t.source);
	assert_int_equal(*lock, held);
	*lock = 0;
	assert_status(status, operand != 0 ? TDX_OPERAND_BUSY | operand : TDX_SUCCESS);
	if (operand != 0) {
		assert_int_equal(*entry_of(locks[i].level), before);
		assert_int_equal(fixture.regs.rcx | fixture.regs.rdx, 0);
	}
	assert_books();
	clear(locks[i].level);
}

static void lock_table(void **state)
{
	(void)state;
	make_td();
	sharex_t *td = &pamt_find(hpa(fixture.tdr))->lock;
	sharex_t *tree = &tdcs()->sept_lock;
	for (unsigned i = 0; i < ARRAY_COUNT(locks); i++) {
		t.row = i;
		uint64_t frame = is_table(locks[i].state) ? t.table :
				 locks[i].level == PG_4K  ? t.small :
							    t.large;
		bool large = locks[i].leaf == TDH_MEM_PAGE_AUG && locks[i].level == PG_2M;
		with_lock(i, td, LOCK_HELD_EXCLUSIVE, RDX_);
		with_lock(i, td, 3, locks[i].tdr_shared);
		with_lock(i, tree, LOCK_HELD_EXCLUSIVE, locks[i].tree_exclusive);
		with_lock(i, tree, 3, locks[i].tree_shared);
		if (locks[i].page != 0) {
			with_lock(i, &pamt_find(hpa(frame))->lock, 1, locks[i].page);
		}
		if (locks[i].spare != 0) {
			/* Any of the 512 of a large page. */
			uint64_t spare = large ? t.spare_large + 0x7000 : t.spare;
			with_lock(i, &pamt_find(hpa(spare))->lock, 1, locks[i].spare);
		}
		/* The entry. */
		put(locks[i].level, locks[i].state, 0);
		uint64_t *entry = entry_of(locks[i].level);
		*entry |= SEPT_LOCK;
		uint64_t before = *entry;
		assert_status(call(locks[i].leaf, address_of(locks[i].level) | locks[i].level,
				   fixture.tdr, large ? t.spare_large : t.spare, t.source),
			      TDX_OPERAND_BUSY | locks[i].entry);
		assert_shown(locks[i].level, locks[i].state, frame);
		assert_int_equal(*entry, before | SEPT_HOST_PRIORITY);
		assert_books();
		clear(locks[i].level);
	}
	/* The epoch: TRACK has it alone, entries share it. */
	tdcs()->epoch_lock = 1;
	assert_status(call(TDH_MEM_TRACK, fixture.tdr, 0, 0, 0),
		      TDX_OPERAND_BUSY | TDX_OPERAND_TD_EPOCH);
	tdcs()->epoch_lock = 0;
	*td = LOCK_HELD_EXCLUSIVE;
	assert_status(call(TDH_MEM_TRACK, fixture.tdr, 0, 0, 0),
		      TDX_OPERAND_BUSY | TDX_OPERAND_RCX);
	*td = 0;
	assert_int_equal(tdcs()->epoch, 1);
}

/* A leaf of the host that finds the TD at work is the next to get the entry. */
static void host_priority(void **state)
{
	(void)state;
	make_td();
	fixture_finalize();
	put(PG_4K, SEPT_PENDING, 0);
	uint64_t *entry = entry_of(PG_4K);
	*entry |= SEPT_LOCK;
	/* Both sides lose to whoever holds it, and only the host leaves a mark. */
	assert_status(guest(TDG_MEM_PAGE_ACCEPT, ADDRESS), TDX_OPERAND_BUSY | TDX_OPERAND_RCX);
	assert_false(*entry & SEPT_HOST_PRIORITY);
	assert_status(call(TDH_MEM_RANGE_BLOCK, ADDRESS, fixture.tdr, 0, 0),
		      TDX_OPERAND_BUSY | TDX_OPERAND_RCX);
	*entry &= ~SEPT_LOCK;
	uint64_t marked = *entry;
	assert_true(marked & SEPT_HOST_PRIORITY);
	/* The TD sees the code of before. */
	static const uint64_t leaves[] = { TDG_MEM_PAGE_ACCEPT, TDG_MEM_PAGE_ATTR_RD,
					   TDG_MEM_PAGE_ATTR_WR };
	for (unsigned i = 0; i < ARRAY_COUNT(leaves); i++) {
		assert_status(guest(leaves[i], ADDRESS), TDX_OPERAND_BUSY | TDX_OPERAND_RCX);
		assert_false(t.exited);
		assert_int_equal(*entry, marked);
		if (i > 0) {
			assert_int_equal(gpr()[RCX] | gpr()[RDX], 0);
		}
	}
	/* Any leaf of the host that gets it clears the mark. */
	assert_status(call(TDH_MEM_SEPT_RD, ADDRESS, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_false(*entry & SEPT_HOST_PRIORITY);
	assert_status(guest(TDG_MEM_PAGE_ACCEPT, ADDRESS), TDX_SUCCESS);
	clear(PG_4K);
	assert_books();
}

/* A host that never comes back for its entry is told, by a TD exit after the TDCALL. */
static void host_priority_timeout(void **state)
{
	(void)state;
	make_td();
	fixture_finalize();
	put(PG_4K, SEPT_PENDING, 0);
	*entry_of(PG_4K) |= SEPT_HOST_PRIORITY;
	assert_status(guest(TDG_MEM_PAGE_ACCEPT, ADDRESS), TDX_OPERAND_BUSY | TDX_OPERAND_RCX);
	assert_status(guest(TDG_MEM_PAGE_ACCEPT, ADDRESS), TDX_OPERAND_BUSY | TDX_OPERAND_RCX);
	/* Another TDCALL, and time begins anew. */
	vcpu()->host_priority_since -= 1100 * fixture.platform.tsc_khz;
	assert_status(guest(TDG_VP_INFO, 0), TDX_SUCCESS);
	assert_status(guest(TDG_MEM_PAGE_ACCEPT, ADDRESS), TDX_OPERAND_BUSY | TDX_OPERAND_RCX);
	vcpu()->host_priority_since -= 1100 * fixture.platform.tsc_khz;
	uint64_t rip = fixture_svm()->vmcb->save.rip;
	assert_status(guest(TDG_MEM_PAGE_ACCEPT, ADDRESS), TDX_HOST_PRIORITY_BUSY_TIMEOUT);
	assert_true(t.exited);
	assert_status(gpr()[RAX], TDX_OPERAND_BUSY | TDX_OPERAND_RCX);
	assert_int_equal(fixture_svm()->vmcb->save.rip, rip + 4);
	assert_int_equal(fixture.regs.rcx | fixture.regs.rdx | fixture.regs.r8 | fixture.regs.r9,
			 0);
	assert_status(guest(TDG_MEM_PAGE_ACCEPT, ADDRESS), TDX_OPERAND_BUSY | TDX_OPERAND_RCX);
	assert_false(t.exited);
	clear(PG_4K);
}

/* --- in the middle of a leaf ------------------------------------------------------------------ */

static unsigned asked, kick_at;

static bool kick_once(void)
{
	return ++asked == kick_at;
}

static void kick_after(unsigned pieces)
{
	asked = 0;
	kick_at = pieces;
	fixture.kicked = kick_once;
}

/* An ACCEPT of the large page; the VMRUN after it ends by the kick. */
static void accept_script(struct svm_vcpu *svm, unsigned run)
{
	static const uint8_t bytes[] = { 0x66, 0x0F, 0x01, 0xCC };
	svm->vmcb->control.exitcode = run == 0 ? VMEXIT_EXCP(VECTOR_UD) : VMEXIT_NMI;
	if (run == 0) {
		svm->vmcb->save.efer |= EFER_LMA;
		svm->vmcb->save.cs.attrib = VMCB_ATTRIB_CODE64;
		memcpy(fixture.code, bytes, sizeof(bytes));
		svm->gpr[RAX] = TDG_MEM_PAGE_ACCEPT;
		svm->gpr[RCX] = LARGE | PG_2M;
	}
}

/* Bytes of the large page from the first to the last piece, and beyond, are what they should be. */
static void assert_pieces(unsigned first, unsigned end, uint8_t expected)
{
	const uint8_t *bytes = hpa_ptr(hpa(t.large));
	for (uint64_t i = first * PAGE; i < end * PAGE; i += 512) {
		assert_int_equal(bytes[i], expected);
	}
}

static void interrupted_accept(void **state)
{
	(void)state;
	make_td();
	fixture_finalize();
	put(PG_2M, SEPT_PENDING, 0);
	memset(hpa_ptr(hpa(t.large)), 0xA5, pg_size(PG_2M));
	uint64_t rip = fixture_svm()->vmcb->save.rip;
	kick_after(100);
	assert_status(enter(accept_script), TDX_SUCCESS | EXIT_REASON_EXTERNAL_INTERRUPT);
	assert_int_equal(fixture.runs, 2);
	assert_int_equal(fixture_svm()->vmcb->save.rip, rip);
	assert_int_equal(gpr()[RAX], TDG_MEM_PAGE_ACCEPT);
	assert_pieces(0, 100, 0);
	assert_pieces(100, 512, 0xA5);
	/* The module shows its count where the address has zeroes. */
	assert_status(call(TDH_MEM_SEPT_RD, LARGE | PG_2M, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_shown(PG_2M, SEPT_PENDING, t.large + 100 * PAGE);
	/* It goes on where it stopped, again and again. */
	memset(hpa_ptr(hpa(t.large)), 0x5A, PAGE);
	kick_after(1);
	assert_status(enter(accept_script), TDX_SUCCESS | EXIT_REASON_EXTERNAL_INTERRUPT);
	assert_pieces(0, 1, 0x5A);
	assert_pieces(100, 101, 0);
	assert_pieces(101, 512, 0xA5);
	/* Before its last piece is the last time that it looks. */
	kick_after(512 - 101);
	assert_status(guest(TDG_MEM_PAGE_ACCEPT, LARGE | PG_2M), TDX_SUCCESS);
	assert_int_equal(asked, 512 - 101 - 1);
	assert_pieces(1, 512, 0);
	assert_int_equal(*entry_of(PG_2M), sept_entry(SEPT_MAPPED, hpa(t.large), PG_2M));
	clear(PG_2M);

	/* What the host blocks meanwhile begins at the beginning. */
	put(PG_2M, SEPT_PENDING, 0);
	kick_after(7);
	assert_status(enter(accept_script), TDX_SUCCESS | EXIT_REASON_EXTERNAL_INTERRUPT);
	assert_status(call(TDH_MEM_RANGE_BLOCK, LARGE | PG_2M, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_int_equal(*entry_of(PG_2M), sept_entry(SEPT_PENDING_BLOCKED, hpa(t.large), PG_2M));
	assert_status(call(TDH_MEM_TRACK, fixture.tdr, 0, 0, 0), TDX_SUCCESS);
	assert_status(call(TDH_MEM_PAGE_REMOVE, LARGE | PG_2M, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.rcx, t.large);
	fixture.kicked = NULL;
	clear(PG_2M);
	assert_books();
}

/* DEMOTE and PROMOTE look last of all: then nothing has happened. */
static void interrupted_demote_and_promote(void **state)
{
	(void)state;
	make_td();
	uint64_t operand = LARGE | PG_2M;
	put(PG_2M, SEPT_PENDING, 0);
	kick_after(1);
	uint64_t before = *entry_of(PG_2M);
	assert_status(call(TDH_MEM_PAGE_DEMOTE, operand, fixture.tdr, t.spare, 0),
		      TDX_INTERRUPTED_RESTARTABLE);
	assert_int_equal(fixture.regs.rcx, operand);
	assert_int_equal(fixture.regs.rdx, fixture.tdr);
	assert_int_equal(*entry_of(PG_2M), before);
	assert_int_equal(pamt_find(hpa(t.spare))->type, TDX_PAGE_NDA);
	assert_books();
	assert_status(call(TDH_MEM_PAGE_DEMOTE, operand, fixture.tdr, t.spare, 0), TDX_SUCCESS);

	before = *entry_of(PG_2M);
	kick_after(1);
	assert_status(call(TDH_MEM_PAGE_PROMOTE, operand, fixture.tdr, 0, 0),
		      TDX_INTERRUPTED_RESTARTABLE);
	assert_int_equal(fixture.regs.rcx, operand);
	assert_int_equal(fixture.regs.rdx, fixture.tdr);
	assert_int_equal(*entry_of(PG_2M), before);
	const uint64_t *small = hpa_ptr(hpa(t.spare));
	for (unsigned i = 0; i < PT_ENTRIES; i++) {
		assert_int_equal(small[i],
				 sept_entry(SEPT_PENDING, hpa(t.large + i * PAGE), PG_4K));
	}
	assert_books();
	assert_status(call(TDH_MEM_PAGE_PROMOTE, operand, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_int_equal(fixture.regs.rcx, t.spare);
	assert_books();
	fixture.kicked = NULL;
	clear(PG_2M);
}

/* As on another CPU, while the TD accepts. */
static bool host_calls_meanwhile(void)
{
	if (asked++ == 10) {
		uint64_t operand = LARGE | PG_2M;
		assert_status(call(TDH_MEM_RANGE_BLOCK, operand, fixture.tdr, 0, 0),
			      TDX_OPERAND_BUSY | TDX_OPERAND_RCX);
		assert_shown(PG_2M, SEPT_PENDING, t.large);
		assert_status(call(TDH_MEM_SEPT_RD, operand, fixture.tdr, 0, 0),
			      TDX_OPERAND_BUSY | TDX_OPERAND_RCX);
		/* Around it nothing is locked but the TD, which runs. */
		assert_status(call(TDH_MEM_PAGE_AUG, ADDRESS, fixture.tdr, t.small, 0),
			      TDX_SUCCESS);
		assert_status(call(TDH_MNG_VPFLUSHDONE, fixture.tdr, 0, 0, 0),
			      TDX_OPERAND_BUSY | TDX_OPERAND_RCX);
	}
	return false;
}

static void host_meets_accept(void **state)
{
	(void)state;
	make_td();
	fixture_finalize();
	put(PG_2M, SEPT_PENDING, 0);
	asked = 0;
	fixture.kicked = host_calls_meanwhile;
	assert_status(guest(TDG_MEM_PAGE_ACCEPT, LARGE | PG_2M), TDX_SUCCESS);
	fixture.kicked = NULL;
	/* The mark of the host went with the old value. */
	assert_int_equal(*entry_of(PG_2M), sept_entry(SEPT_MAPPED, hpa(t.large), PG_2M));
	assert_status(call(TDH_MEM_RANGE_BLOCK, LARGE | PG_2M, fixture.tdr, 0, 0), TDX_SUCCESS);
	assert_books();
	clear(PG_4K);
	clear(PG_2M);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_entries),
		cmocka_unit_test(what_only_a_plain_ept_has),
		cmocka_unit_test_teardown(every_state_and_leaf, say_case),
		cmocka_unit_test(accept_of_each_state),
		cmocka_unit_test(attributes_of_each_state),
		cmocka_unit_test(order_of_checks),
		cmocka_unit_test(order_of_page_add),
		cmocka_unit_test(versions),
		cmocka_unit_test_teardown(lock_table, say_case),
		cmocka_unit_test(host_priority),
		cmocka_unit_test(host_priority_timeout),
		cmocka_unit_test(interrupted_accept),
		cmocka_unit_test(interrupted_demote_and_promote),
		cmocka_unit_test(host_meets_accept),
	};
	return cmocka_run_group_tests(tests, load, NULL);
}
