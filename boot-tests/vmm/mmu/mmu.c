// Private and shared memory of a TD: faults, conversion, and the SEAMCALLs they need, in order.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5 TDH.MEM.*; linux arch/x86/kvm/vmx/tdx.c]
#include "boot-tests/vmm/mmu/mmu.h"

#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "arch/tdx/ve_info.h"
#include "arch/x86/insn.h"
#include "arch/x86/paging.h"
#include "boot-tests/machine/exit.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/time.h"
#include "boot-tests/machine/wake.h"
#include "boot-tests/vmm/init/frames.h"
#include "boot-tests/vmm/init/seam.h"
#include "boot-tests/vmm/td/reclaim.h"
#include "boot-tests/vmm/td/run.h"

#define PAGE UINT64_C(0x1000)
#define BLOCK_SIZE UINT64_C(0x200000)
#define GIB UINT64_C(0x40000000)
#define BLOCK_PAGES 512u
#define MR_EXTEND_SIZE 256u
/* vCPUs that were kicked must leave the TD within this time. */
#define TRACK_BOUND_US 10000000

static struct mmu_block *block_at(struct mmu *mmu, uint64_t address)
{
	unsigned index;
	if (address < TD_LOW_MEMORY_MAX) {
		index = (unsigned)(address / BLOCK_SIZE);
	} else if (address >= FOUR_GIB) {
		index = (unsigned)(MMU_LOW_BLOCKS + (address - FOUR_GIB) / BLOCK_SIZE);
	} else {
		CHECK(FOUR_GIB - address <= IMAGE_MAX_SIZE);
		index = (unsigned)(MMU_LOW_BLOCKS + MMU_HIGH_BLOCKS +
				   (address - (FOUR_GIB - IMAGE_MAX_SIZE)) / BLOCK_SIZE);
	}
	CHECK(index < MMU_BLOCKS);
	return &mmu->blocks[index];
}

static unsigned page_index(uint64_t address)
{
	return pt_index(address, PG_4K);
}

static bool attribute_shared(const struct mmu_block *block, unsigned page)
{
	return (block->shared[page / 64] & BIT64(page % 64)) != 0;
}

static bool all_private(const struct mmu_block *block)
{
	uint64_t any = 0;
	for (unsigned i = 0; i < ARRAY_COUNT(block->shared); i++) {
		any |= block->shared[i];
	}
	return any == 0;
}

static uint64_t gpa_level(uint64_t address, enum pg_level level)
{
	return address | (uint64_t)level;
}

/* Of the entries of both roots. */
static enum pg_level top_level(const struct mmu *mmu)
{
	return mmu->gpaw == 52 ? PG_256T : PG_512G;
}

void mmu_init(struct mmu *mmu, struct host_td *td, hpa_t tdr, struct shared_backing shared,
	      const struct td_memory *memory, unsigned gpaw)
{
	memset(mmu, 0, sizeof(*mmu));
	mmu->td = td;
	mmu->tdr = tdr;
	mmu->memory = *memory;
	mmu->gpaw = gpaw;
	shared_table_init(&mmu->shared, shared, memory, top_level(mmu));
}

/* ---- the Secure EPT -------------------------------------------------------------------------- */

static enum status sept_add(struct mmu *mmu, uint64_t address, enum pg_level level)
{
	uint64_t base = align_down(address, pg_size(level));
	hpa_t table = frames_take_page();
	frame_list_add(&mmu->tables, table);
	return SEAM_TRY(TDH_MEM_SEPT_ADD, gpa_level(base, level), mmu->tdr.v, table.v, 0);
}

/* Adds the tables above the entry for address that are missing, from the root down. */
static enum status sept_link(struct mmu *mmu, struct mmu_block *block, uint64_t address,
			     enum pg_level level)
{
	CHECK(address / GIB < MMU_GIBS);
	for (enum pg_level at = top_level(mmu); at >= PG_512G; at--) {
		if (!mmu->sept_linked[at]) {
			TRY(sept_add(mmu, address, at));
			mmu->sept_linked[at] = true;
		}
	}
	if (!mmu->sept_gib[address / GIB]) {
		TRY(sept_add(mmu, address, PG_1G));
		mmu->sept_gib[address / GIB] = true;
	}
	if (level == PG_4K && block->small == NULL) {
		TRY(sept_add(mmu, address, PG_2M));
		block->small = hpa_ptr(frames_take_page());
		memset(block->small, 0, PAGE);
	}
	return ST_OK;
}

enum status mmu_add_page(struct mmu *mmu, gpa_t address, const void *source)
{
	struct mmu_block *block = block_at(mmu, address.v);
	TRY(sept_link(mmu, block, address.v, PG_4K));
	uint64_t *frame = &block->small[page_index(address.v)];
	CHECK(*frame == 0);
	*frame = frames_take_page().v;
	return SEAM_TRY(TDH_MEM_PAGE_ADD, address.v, mmu->tdr.v, *frame, ptr_hpa(source).v);
}

enum status mmu_extend_page(struct mmu *mmu, gpa_t address)
{
	for (uint64_t at = 0; at < PAGE; at += MR_EXTEND_SIZE) {
		TRY(SEAM_TRY(TDH_MR_EXTEND, address.v + at, mmu->tdr.v, 0, 0));
	}
	return ST_OK;
}

/* Ends the epoch in which the entries were blocked, and makes every vCPU leave it. */
static void track(struct mmu *mmu)
{
	uint64_t deadline = time_us() + TRACK_BOUND_US;
	for (;;) {
		struct seam_result result = seam(TDH_MEM_TRACK, mmu->tdr.v, 0, 0, 0);
		if ((result.status & TDX_ERROR) == 0) {
			break;
		}
		if ((result.status & TDX_STATUS_CODE) != TDX_PREVIOUS_TLB_EPOCH_BUSY ||
		    time_us() >= deadline) {
			seam_failed("TDH_MEM_TRACK", mmu->tdr.v, result);
		}
		run_kick_all(mmu->td);
		insn_pause();
	}
	run_kick_all(mmu->td);
}

/* A leaf on a blocked entry, repeated until the last vCPU has left the epoch of the block, and when
 * an interrupt of ours has ended it. */
static struct seam_result tracked_call(const char *name, uint64_t leaf, uint64_t rcx, uint64_t rdx,
				       uint64_t r8)
{
	uint64_t deadline = time_us() + TRACK_BOUND_US;
	for (;;) {
		struct seam_result result = seam(leaf, rcx, rdx, r8, 0);
		if ((result.status & TDX_ERROR) == 0) {
			return result;
		}
		uint64_t code = result.status & TDX_STATUS_CODE;
		bool again =
			code == TDX_TLB_TRACKING_NOT_DONE || code == TDX_INTERRUPTED_RESTARTABLE;
		if (!again || time_us() >= deadline) {
			seam_failed(name, rcx, result);
		}
		wake_take_kick();
		insn_pause();
	}
}

static void remove_page(struct mmu *mmu, uint64_t address, enum pg_level level, hpa_t frame)
{
	struct seam_result result = tracked_call("TDH_MEM_PAGE_REMOVE", TDH_MEM_PAGE_REMOVE,
						 gpa_level(address, level), mmu->tdr.v, 0);
	CHECK(result.rcx == frame.v);
	frames_give(frame, level);
}

/* A large page becomes 512 small ones in the same frames. */
static void demote(struct mmu *mmu, struct mmu_block *block, uint64_t base)
{
	uint64_t operand = gpa_level(base, PG_2M);
	hpa_t table = frames_take_page();
	frame_list_add(&mmu->tables, table);
	SEAM_MUST(TDH_MEM_RANGE_BLOCK, operand, mmu->tdr.v, 0, 0);
	track(mmu);
	tracked_call("TDH_MEM_PAGE_DEMOTE", TDH_MEM_PAGE_DEMOTE, operand, mmu->tdr.v, table.v);
	uint64_t *small = hpa_ptr(frames_take_page());
	for (unsigned i = 0; i < BLOCK_PAGES; i++) {
		small[i] = block->large.v + i * PAGE;
	}
	block->small = small;
	block->large = hpa(0);
}

/* ---- the end --------------------------------------------------------------------------------- */

static enum status reclaim_block(struct mmu_block *block)
{
	if (block->large.v != 0) {
		TRY(reclaim_frame(block->large, PG_2M));
		block->large = hpa(0);
	}
	for (unsigned i = 0; block->small != NULL && i < BLOCK_PAGES; i++) {
		if (block->small[i] != 0) {
			TRY(reclaim_frame(hpa(block->small[i]), PG_4K));
			block->small[i] = 0;
		}
	}
	if (block->small != NULL) {
		frames_give_page(ptr_hpa(block->small));
		block->small = NULL;
	}
	return ST_OK;
}

enum status mmu_destroy(struct mmu *mmu)
{
	for (unsigned i = 0; i < MMU_BLOCKS; i++) {
		TRY(reclaim_block(&mmu->blocks[i]));
	}
	TRY(reclaim_list(&mmu->tables));
	shared_table_destroy(&mmu->shared);
	return ST_OK;
}

/* ---- faults ---------------------------------------------------------------------------------- */

static void augment(struct mmu *mmu, struct mmu_block *block, uint64_t address, enum pg_level level)
{
	uint64_t base = align_down(address, pg_size(level));
	hpa_t frame = frames_take(level);
	if (mmu->dirty_frames) {
		memset(hpa_ptr(frame), MACHINE_FILL, pg_size(level));
	}
	if (sept_link(mmu, block, base, level) != ST_OK) {
		machine_exit(EXIT_TD_STOPPED,
			     "host: no Secure EPT for GPA 0x%llx: "
			     "tdrun --machine-log says more",
			     (unsigned long long)base);
	}
	SEAM_MUST(TDH_MEM_PAGE_AUG, gpa_level(base, level), mmu->tdr.v, frame.v, 0);
	if (level == PG_2M) {
		block->large = frame;
	} else {
		block->small[page_index(base)] = frame.v;
	}
}

static void fault_locked(struct mmu *mmu, struct mmu_block *block, uint64_t address,
			 enum pg_level wanted)
{
	if (block->large.v != 0) {
		if (wanted == PG_4K) {
			demote(mmu, block, align_down(address, BLOCK_SIZE));
		}
		return; /* else another vCPU's fault has mapped it meanwhile */
	}
	uint64_t last_page = align_down(address, BLOCK_SIZE) + BLOCK_SIZE - PAGE;
	bool fits = td_memory_is_ram(&mmu->memory, last_page); /* RAM begins with a block */
	bool large = wanted == PG_2M && mmu->large_pages && fits;
	if (large && block->small == NULL && all_private(block)) {
		augment(mmu, block, address, PG_2M);
	} else if (block->small == NULL || block->small[page_index(address)] == 0) {
		augment(mmu, block, address, PG_4K);
	}
}

void mmu_private_fault(struct mmu *mmu, unsigned vcpu, gpa_t address, uint64_t ext_qualification)
{
	uint64_t type = field_get(EXT_QUAL_TYPE, ext_qualification);
	unsigned long long at = address.v;
	if (type == EXT_QUAL_PENDING_EPT_VIOLATION) {
		run_end(mmu->td, EXIT_TD_STOPPED,
			"access to unaccepted page at GPA 0x%llx by vCPU %u", at, vcpu);
		return;
	}
	if (!td_memory_is_private(&mmu->memory, address.v)) {
		run_end(mmu->td, EXIT_TD_STOPPED,
			"private access to GPA 0x%llx outside of RAM by vCPU %u", at, vcpu);
		return;
	}
	enum pg_level wanted = PG_2M;
	if ((type == EXT_QUAL_ACCEPT || type == EXT_QUAL_ATTR_WR) &&
	    (field_get(EXT_QUAL_INFO, ext_qualification) & TDX_GPA_LEVEL) == PG_4K) {
		wanted = PG_4K;
	}
	struct mmu_block *block = block_at(mmu, address.v);
	spin_lock(&mmu->lock);
	bool shared = attribute_shared(block, page_index(address.v));
	if (!shared) {
		fault_locked(mmu, block, address.v, wanted);
	}
	spin_unlock(&mmu->lock);
	if (shared) {
		run_end(mmu->td, EXIT_TD_STOPPED, "private access to shared GPA 0x%llx by vCPU %u",
			at, vcpu);
	}
}

void mmu_shared_fault(struct mmu *mmu, unsigned vcpu, gpa_t address)
{
	unsigned long long at = address.v;
	if (!td_memory_is_ram(&mmu->memory, address.v)) {
		run_end(mmu->td, EXIT_TD_STOPPED,
			"access to device GPA 0x%llx by vCPU %u that cannot take a #VE", at, vcpu);
	} else if (!mmu_is_shared(mmu, address.v, 1)) {
		run_end(mmu->td, EXIT_TD_STOPPED, "shared access to private GPA 0x%llx by vCPU %u",
			at, vcpu);
	}
}

/* ---- conversion ------------------------------------------------------------------------------ */

/* The part of [at, end) that lies in one block. */
struct portion {
	struct mmu_block *block;
	uint64_t base;       /* of the block */
	unsigned first, end; /* pages */
};

static struct portion portion_at(struct mmu *mmu, uint64_t at, uint64_t end)
{
	uint64_t base = align_down(at, BLOCK_SIZE);
	uint64_t stop = end - base < BLOCK_SIZE ? end : base + BLOCK_SIZE;
	return (struct portion){ block_at(mmu, at), base, (unsigned)((at - base) / PAGE),
				 (unsigned)((stop - base) / PAGE) };
}

static bool is_whole(const struct portion *part)
{
	return part->first == 0 && part->end == BLOCK_PAGES;
}

/* Blocks what is mapped; true when that was anything. */
static bool block_portion(struct mmu *mmu, const struct portion *part)
{
	struct mmu_block *block = part->block;
	bool any = false;
	if (block->large.v != 0 && is_whole(part)) {
		SEAM_MUST(TDH_MEM_RANGE_BLOCK, gpa_level(part->base, PG_2M), mmu->tdr.v, 0, 0);
		return true;
	}
	if (block->large.v != 0) {
		demote(mmu, block, part->base);
	}
	for (unsigned i = part->first; block->small != NULL && i < part->end; i++) {
		if (block->small[i] != 0) {
			SEAM_MUST(TDH_MEM_RANGE_BLOCK, part->base + i * PAGE, mmu->tdr.v, 0, 0);
			any = true;
		}
	}
	return any;
}

static void remove_portion(struct mmu *mmu, const struct portion *part)
{
	struct mmu_block *block = part->block;
	if (block->large.v != 0) {
		remove_page(mmu, part->base, PG_2M, block->large);
		block->large = hpa(0);
	}
	for (unsigned i = part->first; block->small != NULL && i < part->end; i++) {
		if (block->small[i] != 0) {
			remove_page(mmu, part->base + i * PAGE, PG_4K, hpa(block->small[i]));
			block->small[i] = 0;
		}
	}
}

/* Sets the attribute; true when a shared page lost its mapping. */
static bool mark_portion(struct mmu *mmu, const struct portion *part, enum share share)
{
	bool lost = false;
	for (unsigned i = part->first; i < part->end; i++) {
		uint64_t bit = BIT64(i % 64);
		uint64_t *word = &part->block->shared[i / 64];
		lost = lost || (share == SHARE_PRIVATE && (*word & bit) != 0);
		*word = share == SHARE_SHARED ? *word | bit : *word & ~bit;
	}
	shared_table_update(&mmu->shared, gpa(part->base), part->block->shared);
	return lost;
}

/* [at, end) is RAM. */
static void convert_ram(struct mmu *mmu, uint64_t start, uint64_t end, enum share share)
{
	bool blocked = false;
	bool lost = false;
	struct portion part;
	for (uint64_t at = start; share == SHARE_SHARED && at < end; at = part.base + BLOCK_SIZE) {
		part = portion_at(mmu, at, end);
		blocked = block_portion(mmu, &part) || blocked;
	}
	if (blocked) {
		track(mmu);
	}
	for (uint64_t at = start; blocked && at < end; at = part.base + BLOCK_SIZE) {
		part = portion_at(mmu, at, end);
		remove_portion(mmu, &part);
	}
	for (uint64_t at = start; at < end; at = part.base + BLOCK_SIZE) {
		part = portion_at(mmu, at, end);
		lost = mark_portion(mmu, &part, share) || lost;
	}
	if (lost) {
		run_kick_all(mmu->td); /* an entry flushes the TLB */
	}
}

/* First address at or above at, but not above end, where td_memory_is_ram() changes. */
static uint64_t next_border(const struct td_memory *memory, uint64_t at, uint64_t end)
{
	const uint64_t borders[] = { memory->low_size, FOUR_GIB, FOUR_GIB + memory->high_size };
	for (unsigned i = 0; i < ARRAY_COUNT(borders); i++) {
		if (at < borders[i] && borders[i] < end) {
			return borders[i];
		}
	}
	return end;
}

enum status mmu_convert(struct mmu *mmu, struct gpa_range range, enum share share, gpa_t *stopped)
{
	enum status status = ST_OK;
	uint64_t end = gpa_range_end(range);
	spin_lock(&mmu->lock);
	for (uint64_t at = range.base.v; status == ST_OK && at != end;) {
		uint64_t border = next_border(&mmu->memory, at, end);
		bool firmware =
			ranges_overlap(at, border - at, FOUR_GIB - mmu->memory.firmware_size,
				       mmu->memory.firmware_size);
		if (td_memory_is_ram(&mmu->memory, at)) {
			convert_ram(mmu, at, border, share);
		} else if (share == SHARE_PRIVATE || firmware) {
			*stopped = gpa(at);
			status = ST_BAD_ARGUMENT;
		} /* else devices, which are shared already */
		at = border;
	}
	spin_unlock(&mmu->lock);
	return status;
}

/* Do the shared bytes at [address, address + size) follow each other in the host, too? */
static bool in_one_piece(const struct mmu *mmu, uint64_t address, uint64_t size)
{
	uint64_t last = address + size - 1;
	hpa_t from = shared_table_backing(&mmu->shared, gpa(address));
	hpa_t to = shared_table_backing(&mmu->shared, gpa(last));
	return last >= address && to.v - from.v == size - 1;
}

bool mmu_is_shared(struct mmu *mmu, uint64_t address, uint64_t size)
{
	bool shared = size != 0 && in_one_piece(mmu, address, size);
	spin_lock(&mmu->lock);
	for (uint64_t at = address; shared && at - address < size;
	     at = align_down(at, PAGE) + PAGE) {
		shared = td_memory_is_ram(&mmu->memory, at) &&
			 attribute_shared(block_at(mmu, at), page_index(at));
	}
	spin_unlock(&mmu->lock);
	return shared;
}

void *mmu_shared(const struct mmu *mmu, uint64_t address)
{
	return hpa_ptr(shared_table_backing(&mmu->shared, gpa(address)));
}

bool mmu_private_frame(struct mmu *mmu, gpa_t page, hpa_t *out)
{
	uint64_t frame = 0;
	if (!td_memory_is_private(&mmu->memory, page.v)) {
		return false;
	}
	const struct mmu_block *block = block_at(mmu, page.v);
	spin_lock(&mmu->lock);
	if (block->large.v != 0) {
		frame = block->large.v + page_index(page.v) * PAGE;
	} else if (block->small != NULL) {
		frame = block->small[page_index(page.v)];
	}
	spin_unlock(&mmu->lock);
	if (frame == 0) {
		return false;
	}
	*out = hpa(frame);
	return true;
}
