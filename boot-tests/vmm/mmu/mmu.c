// The memory of a TD as the kernel half of its host has it: faults, attributes, private frames.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/mmu/mmu.h"

#include <stddef.h>

#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "arch/tdx/ve_info.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/time.h"
#include "boot-tests/vmm/init/seam.h"
#include "boot-tests/vmm/mmu/tdp_entry.h"
#include "boot-tests/vmm/mmu/tdp_step.h"

#define PAGE UINT64_C(0x1000)
#define MR_EXTEND_SIZE 256u
/* What others do to an entry, or a lock of the module that they hold, is over within this time. */
#define RETRY_BOUND_US 10000000

/* Of what was busy or lost a race: true, try it again. False: the time is over, and *failure is the
 * SEAMCALL that was busy last. *deadline is 0 at first. */
static bool be_patient(uint64_t *deadline, struct seam_failure *failure)
{
	uint64_t now = time_us();
	*deadline = *deadline == 0 ? now + RETRY_BOUND_US : *deadline;
	if (now < *deadline) {
		insn_pause();
		return true;
	}
	CHECK(failure->leaf != NULL); /* else an entry stays frozen */
	return seam_status(failure->leaf, failure->rcx, failure->result, failure) == ST_OK;
}

/* ---- the beginning and the end --------------------------------------------------------------- */

/* The page-table pages' descriptions are written when they are taken. */
static void place_tables(struct mmu *mmu, uint64_t high_size, void *tables)
{
	uint64_t count = GUEST_BLOCKS(high_size);
	struct attribute_block *attributes = tables;
	struct guest_block *frames = (void *)(attributes + count);
	struct tdp_page *pages = (void *)(frames + count);
	memset(tables, 0, (uintptr_t)pages - (uintptr_t)tables);
	mmu->attributes = (struct attributes){ attributes, count };
	mmu->frames.blocks = frames;
	mmu->frames.block_count = count;
	tdp_init(&mmu->tdp, mmu->gpaw == 52 ? PG_256T : PG_512G, pages,
		 (unsigned)MMU_PAGES(high_size));
}

void mmu_init(struct mmu *mmu, const struct td_kick *kick, hpa_t tdr, struct shared_backing shared,
	      const struct td_memory *memory, unsigned gpaw, void *tables)
{
	memset(mmu, 0, sizeof(*mmu));
	mmu->memory = *memory;
	mmu->gpaw = gpaw;
	mmu->sept.tdr = tdr;
	mmu->sept.kick = kick;
	mmu->shared = (struct shared_half){ shared, *memory, kick };
	sept_init(&mmu->tdp.mirror, &mmu->sept);
	shared_half_init(&mmu->tdp.shared, &mmu->shared);
	place_tables(mmu, memory->high_size, tables);
}

enum status mmu_destroy(struct mmu *mmu, struct seam_failure *failure)
{
	TRY(guest_frames_reclaim(&mmu->frames, failure));
	struct sept_call call = { .failure = failure };
	return tdp_destroy(&mmu->tdp, &call) == TDP_OK ? ST_OK : ST_TDX;
}

hpa_t mmu_shared_root(const struct mmu *mmu)
{
	return ptr_hpa(mmu->tdp.shared.root->entries);
}

/* ---- faults ---------------------------------------------------------------------------------- */

static uint64_t seq_begin(const struct mmu *mmu)
{
	return __atomic_load_n(&mmu->invalidate_seq, __ATOMIC_ACQUIRE);
}

/* Under tdp.lock: may what was seen of the page since seq_begin() be wrong? */
static bool seq_retry(const struct mmu *mmu, uint64_t seq, gpa_t address)
{
	return mmu->invalidate_seq != seq ||
	       (address.v >= mmu->invalidated.start.v && address.v < mmu->invalidated.end.v);
}

static bool block_is_ram(const struct mmu *mmu, gpa_t address)
{
	uint64_t base = align_down(address.v, GUEST_BLOCK_SIZE);
	return td_memory_is_ram(&mmu->memory, base + GUEST_BLOCK_SIZE - PAGE);
}

/* Of one try: the answer, or TDP_RETRY. */
struct attempt {
	enum tdp_answer tdp;
	enum mmu_answer answer; /* with TDP_OK and TDP_PRESENT */
};

static struct attempt forbidden(enum mmu_answer answer)
{
	return (struct attempt){ TDP_PRESENT, answer };
}

static struct attempt attempt_of(enum tdp_answer tdp)
{
	return (struct attempt){ tdp, tdp == TDP_OK ? MMU_FIXED : MMU_SPURIOUS };
}

static struct attempt try_private(struct mmu *mmu, gpa_t address, enum pg_level wanted,
				  struct sept_call *call)
{
	uint64_t seq = seq_begin(mmu);
	if (attribute_shared(&mmu->attributes, address)) {
		return forbidden(MMU_IS_SHARED);
	}
	bool large = wanted == PG_2M && mmu->large_pages && block_is_ram(mmu, address) &&
		     attribute_of_block(&mmu->attributes, address, SHARE_PRIVATE);
	hpa_t frame;
	enum pg_level level =
		guest_frames_get(&mmu->frames, address, large ? PG_2M : PG_4K, &frame);
	TDP_STEP(TDP_STEP_HAVE_FRAME, &frame);
	rw_read_lock(&mmu->tdp.lock);
	enum tdp_answer answer = TDP_RETRY;
	if (!seq_retry(mmu, seq, address)) {
		answer = tdp_map(&mmu->tdp, &mmu->tdp.mirror, address, level, frame, call);
		if (answer == TDP_PRESENT && wanted == PG_4K) {
			answer = tdp_split(&mmu->tdp, &mmu->tdp.mirror, address, call);
			if (answer == TDP_OK) {
				guest_frames_split(&mmu->frames, address);
			}
		}
	}
	rw_read_unlock(&mmu->tdp.lock);
	return attempt_of(answer);
}

/* The fault is tried again here and not by the TD, for which it would count as another one. */
static enum mmu_answer private_fault(struct mmu *mmu, gpa_t address, enum pg_level wanted,
				     const void *source, struct seam_failure *failure)
{
	uint64_t deadline = 0;
	struct sept_call call = { failure, source };
	*failure = (struct seam_failure){ 0 };
	for (;;) {
		struct attempt attempt = try_private(mmu, address, wanted, &call);
		if (attempt.tdp == TDP_FAILED ||
		    (attempt.tdp == TDP_RETRY && !be_patient(&deadline, failure))) {
			return MMU_FAILED;
		}
		if (attempt.tdp != TDP_RETRY) {
			return attempt.answer;
		}
	}
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
	return private_fault(mmu, gpa(align_down(address.v, PAGE)), wanted, NULL, failure);
}

static struct attempt try_shared(struct mmu *mmu, gpa_t address)
{
	uint64_t seq = seq_begin(mmu);
	bool ram = td_memory_is_ram(&mmu->memory, address.v);
	if (ram && !attribute_shared(&mmu->attributes, address)) {
		return forbidden(MMU_IS_PRIVATE);
	}
	bool large = ram && block_is_ram(mmu, address) &&
		     attribute_of_block(&mmu->attributes, address, SHARE_SHARED);
	rw_read_lock(&mmu->tdp.lock);
	enum tdp_answer answer = TDP_RETRY;
	if (!seq_retry(mmu, seq, address)) {
		answer = tdp_map(&mmu->tdp, &mmu->tdp.shared, address, large ? PG_2M : PG_4K,
				 shared_half_backing(&mmu->shared, address), NULL);
	}
	rw_read_unlock(&mmu->tdp.lock);
	struct attempt attempt = attempt_of(answer);
	if (!ram && answer == TDP_PRESENT) {
		attempt.answer = MMU_IS_DEVICE;
	}
	return attempt;
}

unsigned mmu_shrink(struct mmu *mmu)
{
	rw_write_lock(&mmu->tdp.lock);
	unsigned count = tdp_shrink(&mmu->tdp, &mmu->tdp.shared, NULL);
	rw_write_unlock(&mmu->tdp.lock);
	return count;
}

enum mmu_answer mmu_shared_fault(struct mmu *mmu, gpa_t address)
{
	uint64_t number = __atomic_add_fetch(&mmu->shared_faults, 1, __ATOMIC_RELAXED);
	if (mmu->shrink_every != 0 && number % mmu->shrink_every == 0) {
		mmu_shrink(mmu);
	}
	uint64_t deadline = 0;
	struct seam_failure none = { 0 };
	struct attempt attempt;
	do {
		attempt = try_shared(mmu, gpa(align_down(address.v, PAGE)));
	} while (attempt.tdp == TDP_RETRY && be_patient(&deadline, &none));
	return attempt.answer;
}

/* ---- before the TD runs ---------------------------------------------------------------------- */

enum status mmu_add_page(struct mmu *mmu, gpa_t address, const void *source,
			 struct seam_failure *failure)
{
	enum mmu_answer answer = private_fault(mmu, address, PG_4K, source, failure);
	CHECK(answer == MMU_FIXED || answer == MMU_FAILED);
	return answer == MMU_FIXED ? ST_OK : ST_TDX;
}

enum status mmu_extend_page(struct mmu *mmu, gpa_t address, struct seam_failure *failure)
{
	for (uint64_t at = 0; at < PAGE; at += MR_EXTEND_SIZE) {
		TRY(SEAM_TRY(TDH_MR_EXTEND, address.v + at, mmu->sept.tdr.v, 0, 0, failure));
	}
	return ST_OK;
}

/* ---- invalidation ---------------------------------------------------------------------------- */

/* From now on until the end no fault maps a page of [start, end); those that did are done. One
 * invalidation at a time: the next waits here. */
static void invalidate_begin(struct mmu *mmu, gpa_t start, gpa_t end)
{
	spin_lock(&mmu->slots_lock);
	rw_write_lock(&mmu->tdp.lock);
	mmu->invalidated.start = start;
	mmu->invalidated.end = end;
	rw_write_unlock(&mmu->tdp.lock);
}

static void invalidate_end(struct mmu *mmu)
{
	rw_write_lock(&mmu->tdp.lock);
	mmu->invalidated.end = mmu->invalidated.start;
	__atomic_store_n(&mmu->invalidate_seq, mmu->invalidate_seq + 1, __ATOMIC_RELEASE);
	rw_write_unlock(&mmu->tdp.lock);
	spin_unlock(&mmu->slots_lock);
}

/* A large page of the private half, of which only a part goes, becomes small ones. */
static enum tdp_answer split_at(struct mmu *mmu, gpa_t border, void *call)
{
	if (is_aligned(border.v, GUEST_BLOCK_SIZE)) {
		return TDP_OK;
	}
	enum tdp_answer answer = tdp_split(&mmu->tdp, &mmu->tdp.mirror, border, call);
	if (answer == TDP_OK || answer == TDP_PRESENT) {
		guest_frames_split(&mmu->frames, border);
		answer = TDP_OK;
	}
	return answer;
}

static enum tdp_answer try_zap(struct mmu *mmu, gpa_t start, gpa_t end, enum share of, void *call)
{
	uint64_t count = 0;
	enum tdp_answer answer = TDP_OK;
	mmu->batch.limit = of == SHARE_PRIVATE && mmu->zap_one_by_one ? 1 : TDP_BATCH_MAX;
	rw_read_lock(&mmu->tdp.lock);
	if (of == SHARE_PRIVATE) {
		answer = split_at(mmu, start, call);
		answer = answer == TDP_OK ? split_at(mmu, end, call) : answer;
	}
	if (answer == TDP_OK) {
		answer = tdp_zap(of == SHARE_PRIVATE ? &mmu->tdp.mirror : &mmu->tdp.shared, start,
				 end, &mmu->batch, &count, call);
	}
	rw_read_unlock(&mmu->tdp.lock);
	return answer;
}

/* Nothing maps [start, end) in this half. */
static enum status zap(struct mmu *mmu, gpa_t start, gpa_t end, enum share of,
		       struct seam_failure *failure)
{
	uint64_t deadline = 0;
	struct sept_call call = { .failure = failure };
	enum tdp_answer answer;
	*failure = (struct seam_failure){ 0 };
	do {
		answer = try_zap(mmu, start, end, of, &call);
	} while (answer == TDP_RETRY && be_patient(&deadline, failure));
	return answer == TDP_OK ? ST_OK : ST_TDX;
}

enum status mmu_set_attributes(struct mmu *mmu, gpa_t start, gpa_t end, enum share share,
			       struct seam_failure *failure)
{
	invalidate_begin(mmu, start, end);
	enum status status =
		zap(mmu, start, end, share == SHARE_SHARED ? SHARE_PRIVATE : SHARE_SHARED, failure);
	if (status == ST_OK) {
		attributes_set(&mmu->attributes, start, end, share);
	}
	invalidate_end(mmu);
	return status;
}

enum status mmu_punch_hole(struct mmu *mmu, gpa_t start, gpa_t end, struct seam_failure *failure)
{
	invalidate_begin(mmu, start, end);
	enum status status = zap(mmu, start, end, SHARE_PRIVATE, failure);
	if (status == ST_OK) {
		guest_frames_give(&mmu->frames, start, end);
	}
	invalidate_end(mmu);
	return status;
}

/* ---- what the host's own memory management wants --------------------------------------------- */

enum status mmu_move_page(struct mmu *mmu, gpa_t page)
{
	gpa_t end = gpa(page.v + PAGE);
	struct seam_failure none;
	if (!td_memory_is_private(&mmu->memory, page.v)) {
		return ST_NOT_FOUND;
	}
	if (!mmu_is_shared(mmu, page.v, PAGE)) {
		return ST_UNSUPPORTED;
	}
	invalidate_begin(mmu, page, end);
	enum status status = zap(mmu, page, end, SHARE_SHARED, &none);
	invalidate_end(mmu);
	return status;
}

enum status mmu_add_memory(const struct mmu *mmu, gpa_t page)
{
	return td_memory_is_private(&mmu->memory, page.v) ? ST_BAD_RANGE : ST_UNSUPPORTED;
}

/* ---- what the host itself looks at ----------------------------------------------------------- */

/* Do the shared bytes at [address, address + size) follow each other in the host, too? */
static bool in_one_piece(const struct mmu *mmu, uint64_t address, uint64_t size)
{
	uint64_t last = address + size - 1;
	hpa_t from = shared_half_backing(&mmu->shared, gpa(address));
	hpa_t to = shared_half_backing(&mmu->shared, gpa(last));
	return last >= address && to.v - from.v == size - 1;
}

bool mmu_is_shared(const struct mmu *mmu, uint64_t address, uint64_t size)
{
	bool shared = size != 0 && in_one_piece(mmu, address, size);
	for (uint64_t at = address; shared && at - address < size;
	     at = align_down(at, PAGE) + PAGE) {
		shared = td_memory_is_ram(&mmu->memory, at) &&
			 attribute_shared(&mmu->attributes, gpa(at));
	}
	return shared;
}

void *mmu_shared(const struct mmu *mmu, uint64_t address)
{
	return hpa_ptr(shared_half_backing(&mmu->shared, gpa(address)));
}

bool mmu_private_frame(struct mmu *mmu, gpa_t page, hpa_t *out)
{
	return td_memory_is_private(&mmu->memory, page.v) &&
	       guest_frames_find(&mmu->frames, page, out);
}
