// Private and shared memory of a TD: faults, conversion, and the SEAMCALLs they need, in order.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5 TDH.MEM.*; linux arch/x86/kvm/vmx/tdx.c]
#include "boot-tests/vmm/mmu/mmu.h"

#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "arch/tdx/ve_info.h"
#include "arch/x86/insn.h"
#include "arch/x86/paging.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/time.h"
#include "boot-tests/machine/wake.h"
#include "boot-tests/vmm/init/frames.h"
#include "boot-tests/vmm/init/seam.h"
#include "boot-tests/vmm/td/reclaim.h"

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

void mmu_init(struct mmu *mmu, const struct td_kick *kick, hpa_t tdr, struct shared_backing shared,
	      const struct td_memory *memory, unsigned gpaw)
{
	memset(mmu, 0, sizeof(*mmu));
	mmu->kick = kick;
	mmu->tdr = tdr;
	mmu->memory = *memory;
	mmu->gpaw = gpaw;
	shared_table_init(&mmu->shared, shared, memory, top_level(mmu));
}

/* ---- the Secure EPT -------------------------------------------------------------------------- */

static enum status sept_add(struct mmu *mmu, uint64_t address, enum pg_level level,
			    struct seam_failure *failure)
{
	uint64_t base = align_down(address, pg_size(level));
	hpa_t table = frames_take_page();
	frame_list_add(&mmu->tables, table);
	return SEAM_TRY(TDH_MEM_SEPT_ADD, gpa_level(base, level), mmu->tdr.v, table.v, 0, failure);
}

/* Adds the tables above the entry for address that are missing, from the root down. */
static enum status sept_link(struct mmu *mmu, struct mmu_block *block, uint64_t address,
			     enum pg_level level, struct seam_failure *failure)
{
	CHECK(address / GIB < MMU_GIBS);
	for (enum pg_level at = top_level(mmu); at >= PG_512G; at--) {
		if (!mmu->sept_linked[at]) {
			TRY(sept_add(mmu, address, at, failure));
			mmu->sept_linked[at] = true;
		}
	}
	if (!mmu->sept_gib[address / GIB]) {
		TRY(sept_add(mmu, address, PG_1G, failure));
		mmu->sept_gib[address / GIB] = true;
	}
	if (level == PG_4K && block->small == NULL) {
		TRY(sept_add(mmu, address, PG_2M, failure));
		block->small = hpa_ptr(frames_take_page());
		memset(block->small, 0, PAGE);
	}
	return ST_OK;
}

enum status mmu_add_page(struct mmu *mmu, gpa_t address, const void *source,
			 struct seam_failure *failure)
{
	struct mmu_block *block = block_at(mmu, address.v);
	TRY(sept_link(mmu, block, address.v, PG_4K, failure));
	uint64_t *frame = &block->small[page_index(address.v)];
	CHECK(*frame == 0);
	*frame = frames_take_page().v;
	return SEAM_TRY(TDH_MEM_PAGE_ADD, address.v, mmu->tdr.v, *frame, ptr_hpa(source).v,
			failure);
}

enum status mmu_extend_page(struct mmu *mmu, gpa_t address, struct seam_failure *failure)
{
	for (uint64_t at = 0; at < PAGE; at += MR_EXTEND_SIZE) {
		TRY(SEAM_TRY(TDH_MR_EXTEND, address.v + at, mmu->tdr.v, 0, 0, failure));
	}
	return ST_OK;
}

/* Ends the epoch in which the entries were blocked, and makes every vCPU leave it. */
static enum status track(struct mmu *mmu, struct seam_failure *failure)
{
	uint64_t deadline = time_us() + TRACK_BOUND_US;
	for (;;) {
		struct seam_result result = seam(TDH_MEM_TRACK, mmu->tdr.v, 0, 0, 0);
		if ((result.status & TDX_ERROR) == 0) {
			break;
		}
		if ((result.status & TDX_STATUS_CODE) != TDX_PREVIOUS_TLB_EPOCH_BUSY ||
		    time_us() >= deadline) {
			return seam_status("TDH_MEM_TRACK", mmu->tdr.v, result, failure);
		}
		td_kick_all(mmu->kick);
		insn_pause();
	}
	td_kick_all(mmu->kick);
	return ST_OK;
}

/* A leaf on a blocked entry, repeated until the last vCPU has left the epoch of the block, and when
 * an interrupt of ours has ended it. */
static enum status tracked_call(const char *name, uint64_t leaf, uint64_t rcx, uint64_t rdx,
				uint64_t r8, struct seam_result *result,
				struct seam_failure *failure)
{
	uint64_t deadline = time_us() + TRACK_BOUND_US;
	for (;;) {
		*result = seam(leaf, rcx, rdx, r8, 0);
		if ((result->status & TDX_ERROR) == 0) {
			return ST_OK;
		}
		uint64_t code = result->status & TDX_STATUS_CODE;
		bool again =
			code == TDX_TLB_TRACKING_NOT_DONE || code == TDX_INTERRUPTED_RESTARTABLE;
		if (!again || time_us() >= deadline) {
			return seam_status(name, rcx, *result, failure);
		}
		wake_take_kick();
		insn_pause();
	}
}

static enum status remove_page(struct mmu *mmu, uint64_t address, enum pg_level level, hpa_t frame,
			       struct seam_failure *failure)
{
	struct seam_result result;
	TRY(tracked_call("TDH_MEM_PAGE_REMOVE", TDH_MEM_PAGE_REMOVE, gpa_level(address, level),
			 mmu->tdr.v, 0, &result, failure));
	CHECK(result.rcx == frame.v);
	frames_give(frame, level);
	return ST_OK;
}

/* A large page becomes 512 small ones in the same frames. */
static enum status demote(struct mmu *mmu, struct mmu_block *block, uint64_t base,
			  struct seam_failure *failure)
{
	uint64_t operand = gpa_level(base, PG_2M);
	hpa_t table = frames_take_page();
	frame_list_add(&mmu->tables, table);
	struct seam_result result;
	TRY(SEAM_TRY(TDH_MEM_RANGE_BLOCK, operand, mmu->tdr.v, 0, 0, failure));
	TRY(track(mmu, failure));
	TRY(tracked_call("TDH_MEM_PAGE_DEMOTE", TDH_MEM_PAGE_DEMOTE, operand, mmu->tdr.v, table.v,
			 &result, failure));
	uint64_t *small = hpa_ptr(frames_take_page());
	for (unsigned i = 0; i < BLOCK_PAGES; i++) {
		small[i] = block->large.v + i * PAGE;
	}
	block->small = small;
	block->large = hpa(0);
	return ST_OK;
}

/* ---- the end --------------------------------------------------------------------------------- */

static enum status reclaim_block(struct mmu_block *block, struct seam_failure *failure)
{
	if (block->large.v != 0) {
		TRY(reclaim_frame(block->large, PG_2M, failure));
		block->large = hpa(0);
	}
	for (unsigned i = 0; block->small != NULL && i < BLOCK_PAGES; i++) {
		if (block->small[i] != 0) {
			TRY(reclaim_frame(hpa(block->small[i]), PG_4K, failure));
			block->small[i] = 0;
		}
	}
	if (block->small != NULL) {
		frames_give_page(ptr_hpa(block->small));
		block->small = NULL;
	}
	return ST_OK;
}

enum status mmu_destroy(struct mmu *mmu, struct seam_failure *failure)
{
	for (unsigned i = 0; i < MMU_BLOCKS; i++) {
		TRY(reclaim_block(&mmu->blocks[i], failure));
	}
	TRY(reclaim_list(&mmu->tables, failure));
	shared_table_destroy(&mmu->shared);
	return ST_OK;
}

/* ---- faults ---------------------------------------------------------------------------------- */

static enum mmu_answer answer_of(enum status status)
{
	return status == ST_OK ? MMU_FIXED : MMU_FAILED;
}

static enum status augment(struct mmu *mmu, struct mmu_block *block, uint64_t address,
			   enum pg_level level, struct seam_failure *failure)
{
	uint64_t base = align_down(address, pg_size(level));
	TRY(sept_link(mmu, block, base, level, failure));
	hpa_t frame = frames_take(level);
	if (mmu->dirty_frames) {
		memset(hpa_ptr(frame), MACHINE_FILL, pg_size(level));
	}
	enum status status =
		SEAM_TRY(TDH_MEM_PAGE_AUG, gpa_level(base, level), mmu->tdr.v, frame.v, 0, failure);
	if (status != ST_OK) {
		frames_give(frame, level); /* the module has refused it */
	} else if (level == PG_2M) {
		block->large = frame;
	} else {
		block->small[page_index(base)] = frame.v;
	}
	return status;
}

static enum mmu_answer fault_locked(struct mmu *mmu, struct mmu_block *block, uint64_t address,
				    enum pg_level wanted, struct seam_failure *failure)
{
	if (attribute_shared(block, page_index(address))) {
		return MMU_IS_SHARED;
	}
	if (block->large.v != 0) {
		return wanted != PG_4K ?
			       MMU_SPURIOUS :
			       answer_of(demote(mmu, block, align_down(address, BLOCK_SIZE),
						failure));
	}
	uint64_t last_page = align_down(address, BLOCK_SIZE) + BLOCK_SIZE - PAGE;
	bool fits = td_memory_is_ram(&mmu->memory, last_page); /* RAM begins with a block */
	bool large = wanted == PG_2M && mmu->large_pages && fits;
	if (large && block->small == NULL && all_private(block)) {
		return answer_of(augment(mmu, block, address, PG_2M, failure));
	}
	if (block->small == NULL || block->small[page_index(address)] == 0) {
		return answer_of(augment(mmu, block, address, PG_4K, failure));
	}
	return MMU_SPURIOUS;
}

enum mmu_answer mmu_private_fault(struct mmu *mmu, gpa_t address, uint64_t ext_qualification,
				  struct seam_failure *failure)
{
	uint64_t type = field_get(EXT_QUAL_TYPE, ext_qualification);
	if (type == EXT_QUAL_PENDING_EPT_VIOLATION) {
		return MMU_NOT_ACCEPTED;
	}
	if (!td_memory_is_private(&mmu->memory, address.v)) {
		return MMU_NO_MEMORY;
	}
	enum pg_level wanted = PG_2M;
	if ((type == EXT_QUAL_ACCEPT || type == EXT_QUAL_ATTR_WR) &&
	    (field_get(EXT_QUAL_INFO, ext_qualification) & TDX_GPA_LEVEL) == PG_4K) {
		wanted = PG_4K;
	}
	struct mmu_block *block = block_at(mmu, address.v);
	spin_lock(&mmu->lock);
	enum mmu_answer answer = fault_locked(mmu, block, address.v, wanted, failure);
	spin_unlock(&mmu->lock);
	return answer;
}

enum mmu_answer mmu_shared_fault(struct mmu *mmu, gpa_t address)
{
	if (!td_memory_is_ram(&mmu->memory, address.v)) {
		return MMU_IS_DEVICE;
	}
	return mmu_is_shared(mmu, address.v, 1) ? MMU_SPURIOUS : MMU_IS_PRIVATE;
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

/* Blocks what is mapped; *any becomes true when that was anything. */
static enum status block_portion(struct mmu *mmu, const struct portion *part, bool *any,
				 struct seam_failure *failure)
{
	struct mmu_block *block = part->block;
	if (block->large.v != 0 && is_whole(part)) {
		*any = true;
		return SEAM_TRY(TDH_MEM_RANGE_BLOCK, gpa_level(part->base, PG_2M), mmu->tdr.v, 0, 0,
				failure);
	}
	if (block->large.v != 0) {
		TRY(demote(mmu, block, part->base, failure));
	}
	for (unsigned i = part->first; block->small != NULL && i < part->end; i++) {
		if (block->small[i] != 0) {
			TRY(SEAM_TRY(TDH_MEM_RANGE_BLOCK, part->base + i * PAGE, mmu->tdr.v, 0, 0,
				     failure));
			*any = true;
		}
	}
	return ST_OK;
}

static enum status remove_portion(struct mmu *mmu, const struct portion *part,
				  struct seam_failure *failure)
{
	struct mmu_block *block = part->block;
	if (block->large.v != 0) {
		TRY(remove_page(mmu, part->base, PG_2M, block->large, failure));
		block->large = hpa(0);
	}
	for (unsigned i = part->first; block->small != NULL && i < part->end; i++) {
		if (block->small[i] != 0) {
			TRY(remove_page(mmu, part->base + i * PAGE, PG_4K, hpa(block->small[i]),
					failure));
			block->small[i] = 0;
		}
	}
	return ST_OK;
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
static enum status convert_ram(struct mmu *mmu, uint64_t start, uint64_t end, enum share share,
			       struct seam_failure *failure)
{
	bool blocked = false;
	bool lost = false;
	struct portion part;
	for (uint64_t at = start; share == SHARE_SHARED && at < end; at = part.base + BLOCK_SIZE) {
		part = portion_at(mmu, at, end);
		TRY(block_portion(mmu, &part, &blocked, failure));
	}
	if (blocked) {
		TRY(track(mmu, failure));
	}
	for (uint64_t at = start; blocked && at < end; at = part.base + BLOCK_SIZE) {
		part = portion_at(mmu, at, end);
		TRY(remove_portion(mmu, &part, failure));
	}
	for (uint64_t at = start; at < end; at = part.base + BLOCK_SIZE) {
		part = portion_at(mmu, at, end);
		lost = mark_portion(mmu, &part, share) || lost;
	}
	if (lost) {
		td_kick_all(mmu->kick); /* an entry flushes the TLB */
	}
	return ST_OK;
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

enum status mmu_convert(struct mmu *mmu, struct gpa_range range, enum share share, gpa_t *stopped,
			struct seam_failure *failure)
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
			status = convert_ram(mmu, at, border, share, failure);
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
