// A fake of the TDX module for tests of the host's memory manager: strict, small, for many threads.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/unit/vmm/strict_module.h"

#include <stdlib.h>
#include <string.h>

#include "arch/base/check.h"
#include "arch/x86/paging.h"

#define PAGE UINT64_C(0x1000)
#define BLOCK UINT64_C(0x200000)
#define FRAMES_MAX 65536u

enum is { IS_FREE, IS_TABLE, IS_LEAF, IS_BLOCKED };
enum owner { OWNER_HOST, OWNER_TABLE, OWNER_PAGE };

struct entry {
	int lock;
	enum is is;
	uint64_t frame, epoch; /* epoch: of its block */
};

static struct {
	uint64_t base;
	unsigned frame_count;
	unsigned char owners[FRAMES_MAX];
	struct entry top[2]; /* of 512 GiB and 1 GiB */
	struct entry large[STRICT_BLOCKS], small[STRICT_BLOCKS][PT_ENTRIES];
	uint64_t epoch;
	uint64_t inside[STRICT_VCPUS]; /* epoch, 0: outside */
	int epoch_lock;
	unsigned counts[TDH_LEAF_COUNT];
	const char *violation;
} module;

void strict_module_init(hpa_t base, uint64_t size)
{
	memset(&module, 0, sizeof(module));
	module.base = base.v;
	module.frame_count = (unsigned)(size / PAGE);
	module.epoch = 1;
	CHECK(module.frame_count <= FRAMES_MAX);
}

static uint64_t violate(const char *what, uint64_t status)
{
	const char *none = NULL;
	__atomic_compare_exchange_n(&module.violation, &none, what, false, __ATOMIC_SEQ_CST,
				    __ATOMIC_SEQ_CST);
	return status | TDX_OPERAND_RCX;
}

const char *strict_module_violation(void)
{
	return __atomic_load_n(&module.violation, __ATOMIC_SEQ_CST);
}

unsigned strict_module_count(uint64_t leaf)
{
	return __atomic_load_n(&module.counts[leaf], __ATOMIC_SEQ_CST);
}

/* ---- frames ---------------------------------------------------------------------------------- */

static unsigned char *owner_of(uint64_t frame)
{
	uint64_t index = (frame - module.base) / PAGE;
	CHECK(frame >= module.base && index < module.frame_count);
	return &module.owners[index];
}

/* The pages of a frame change hands; false: one was not whose it should have been. */
static bool hand_over(uint64_t frame, uint64_t pages, enum owner from, enum owner to)
{
	bool right = true;
	for (uint64_t i = 0; i < pages; i++) {
		unsigned char was = __atomic_exchange_n(owner_of(frame + i * PAGE),
							(unsigned char)to, __ATOMIC_SEQ_CST);
		right = right && was == from;
	}
	return right;
}

bool strict_module_owns(uint64_t frame)
{
	return __atomic_load_n(owner_of(frame), __ATOMIC_SEQ_CST) == OWNER_PAGE;
}

/* ---- entries --------------------------------------------------------------------------------- */

static bool try_lock(int *lock)
{
	return !__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE);
}

static void unlock(int *lock)
{
	__atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}

static struct entry *entry_of(uint64_t operand)
{
	uint64_t level = operand & TDX_GPA_LEVEL;
	uint64_t address = operand & TDX_GPA_PAGE;
	uint64_t block = address / BLOCK;
	if (level >= PG_1G) {
		return &module.top[level == PG_1G];
	}
	CHECK(block < STRICT_BLOCKS);
	return level == PG_2M ? &module.large[block] :
				&module.small[block][pt_index(address, PG_4K)];
}

/* Is there no table above the entry? */
static bool no_way(uint64_t operand)
{
	uint64_t level = operand & TDX_GPA_LEVEL;
	const struct entry *above[] = { &module.large[(operand & TDX_GPA_PAGE) / BLOCK],
					&module.top[1], &module.top[0] };
	for (uint64_t i = level; i < ARRAY_COUNT(above); i++) {
		if (__atomic_load_n(&above[i]->is, __ATOMIC_SEQ_CST) != IS_TABLE) {
			return true;
		}
	}
	return false;
}

static void set_entry(struct entry *entry, enum is is, uint64_t frame)
{
	entry->frame = frame;
	__atomic_store_n(&entry->is, is, __ATOMIC_SEQ_CST);
}

static uint64_t pages_of(uint64_t operand)
{
	return (operand & TDX_GPA_LEVEL) == PG_2M ? PT_ENTRIES : 1;
}

/* ---- the TD's vCPUs -------------------------------------------------------------------------- */

void strict_module_enter(unsigned vcpu)
{
	while (!try_lock(&module.epoch_lock)) {
		__builtin_ia32_pause();
	}
	__atomic_store_n(&module.inside[vcpu], module.epoch, __ATOMIC_SEQ_CST);
	unlock(&module.epoch_lock);
}

void strict_module_leave(unsigned vcpu)
{
	__atomic_store_n(&module.inside[vcpu], 0, __ATOMIC_SEQ_CST);
}

bool strict_module_inside(unsigned vcpu)
{
	return __atomic_load_n(&module.inside[vcpu], __ATOMIC_SEQ_CST) != 0;
}

/* Is a vCPU inside since this epoch or one before? */
static bool old_vcpu(uint64_t epoch)
{
	for (unsigned i = 0; i < STRICT_VCPUS; i++) {
		uint64_t inside = __atomic_load_n(&module.inside[i], __ATOMIC_SEQ_CST);
		if (inside != 0 && inside <= epoch) {
			return true;
		}
	}
	return false;
}

uint64_t strict_module_translate(gpa_t page)
{
	struct entry *large = entry_of(page.v | PG_2M);
	struct entry *small = entry_of(page.v);
	struct entry *found =
		__atomic_load_n(&large->is, __ATOMIC_SEQ_CST) == IS_LEAF ? large : small;
	uint64_t frame = 0;
	if (try_lock(&found->lock)) {
		if (found->is == IS_LEAF) {
			frame = found->frame +
				(found == large ? pt_index(page.v, PG_4K) * PAGE : 0);
		}
		unlock(&found->lock);
	}
	return frame;
}

/* ---- leaves: the entry is locked ------------------------------------------------------------- */

static uint64_t sept_add(struct entry *entry, struct seam_regs *regs)
{
	if (no_way(regs->rcx)) {
		return violate("SEPT.ADD without a table above", TDX_EPT_WALK_FAILED);
	}
	if (entry->is != IS_FREE) {
		return violate("SEPT.ADD where there is something", TDX_EPT_ENTRY_STATE_INCORRECT);
	}
	if (!hand_over(regs->r8, 1, OWNER_HOST, OWNER_TABLE)) {
		return violate("SEPT.ADD of a frame in use", TDX_PAGE_METADATA_INCORRECT);
	}
	set_entry(entry, IS_TABLE, regs->r8);
	return TDX_SUCCESS;
}

static uint64_t page_aug(struct entry *entry, struct seam_regs *regs)
{
	if (no_way(regs->rcx)) {
		return violate("PAGE.AUG without a table above", TDX_EPT_WALK_FAILED);
	}
	if (entry->is != IS_FREE) {
		return violate("PAGE.AUG where there is something", TDX_EPT_ENTRY_STATE_INCORRECT);
	}
	if (!hand_over(regs->r8, pages_of(regs->rcx), OWNER_HOST, OWNER_PAGE)) {
		return violate("PAGE.AUG of a frame in use", TDX_PAGE_METADATA_INCORRECT);
	}
	set_entry(entry, IS_LEAF, regs->r8);
	return TDX_SUCCESS;
}

static uint64_t range_block(struct entry *entry)
{
	if (entry->is == IS_BLOCKED) {
		return TDX_GPA_RANGE_ALREADY_BLOCKED;
	}
	if (entry->is != IS_LEAF) {
		return violate("RANGE.BLOCK of no page", TDX_EPT_ENTRY_STATE_INCORRECT);
	}
	set_entry(entry, IS_BLOCKED, entry->frame);
	entry->epoch = __atomic_load_n(&module.epoch, __ATOMIC_SEQ_CST);
	return TDX_SUCCESS;
}

/* May a blocked entry lose its page? */
static uint64_t check_tracked(const struct entry *entry)
{
	if (entry->is != IS_BLOCKED) {
		return violate("a page goes that is not blocked", TDX_GPA_RANGE_NOT_BLOCKED);
	}
	if (__atomic_load_n(&module.epoch, __ATOMIC_SEQ_CST) == entry->epoch) {
		return violate("a page goes that is not tracked", TDX_TLB_TRACKING_NOT_DONE);
	}
	return old_vcpu(entry->epoch) ? TDX_TLB_TRACKING_NOT_DONE | TDX_OPERAND_RCX : TDX_SUCCESS;
}

static uint64_t page_remove(struct entry *entry, struct seam_regs *regs)
{
	uint64_t status = check_tracked(entry);
	if (status == TDX_SUCCESS) {
		CHECK(hand_over(entry->frame, pages_of(regs->rcx), OWNER_PAGE, OWNER_HOST));
		regs->rcx = entry->frame;
		set_entry(entry, IS_FREE, 0);
	}
	return status;
}

static uint64_t page_demote(struct entry *entry, struct seam_regs *regs)
{
	uint64_t status = check_tracked(entry);
	if (status != TDX_SUCCESS) {
		return status;
	}
	if (!hand_over(regs->r8, 1, OWNER_HOST, OWNER_TABLE)) {
		return violate("PAGE.DEMOTE with a frame in use", TDX_PAGE_METADATA_INCORRECT);
	}
	for (uint64_t i = 0; i < PT_ENTRIES; i++) {
		struct entry *small = entry_of((regs->rcx & TDX_GPA_PAGE) + i * PAGE);
		while (!try_lock(&small->lock)) { /* who translates has it */
			__builtin_ia32_pause();
		}
		set_entry(small, IS_LEAF, entry->frame + i * PAGE);
		unlock(&small->lock);
	}
	set_entry(entry, IS_TABLE, regs->r8);
	return TDX_SUCCESS;
}

static uint64_t track(void)
{
	if (!try_lock(&module.epoch_lock)) {
		return TDX_OPERAND_BUSY | TDX_OPERAND_TD_EPOCH;
	}
	uint64_t status = old_vcpu(module.epoch - 1) ? TDX_PREVIOUS_TLB_EPOCH_BUSY : TDX_SUCCESS;
	if (status == TDX_SUCCESS) {
		__atomic_store_n(&module.epoch, module.epoch + 1, __ATOMIC_SEQ_CST);
	}
	unlock(&module.epoch_lock);
	return status;
}

static uint64_t on_entry(struct seam_regs *regs)
{
	struct entry *entry = entry_of(regs->rcx);
	if (!try_lock(&entry->lock)) {
		return TDX_OPERAND_BUSY | TDX_OPERAND_RCX;
	}
	uint64_t status;
	switch (regs->rax) {
	case TDH_MEM_SEPT_ADD:
		status = sept_add(entry, regs);
		break;
	case TDH_MEM_PAGE_AUG:
		status = page_aug(entry, regs);
		break;
	case TDH_MEM_RANGE_BLOCK:
		status = range_block(entry);
		break;
	case TDH_MEM_PAGE_REMOVE:
		status = page_remove(entry, regs);
		break;
	case TDH_MEM_PAGE_DEMOTE:
		status = page_demote(entry, regs);
		break;
	case TDH_MEM_SEPT_RD:
		regs->rdx = field_put(TDX_SEPT_RDX_STATE,
				      entry->is == IS_FREE  ? TDX_SEPT_FREE :
				      entry->is == IS_TABLE ? TDX_SEPT_NL_MAPPED :
				      entry->is == IS_LEAF  ? TDX_SEPT_PENDING :
							      TDX_SEPT_PENDING_BLOCKED);
		regs->rcx = entry->frame;
		status = TDX_SUCCESS;
		break;
	default:
		status = violate("a leaf that nobody expects", TDX_OPERAND_INVALID);
	}
	unlock(&entry->lock);
	return status;
}

uint64_t strict_module_call(struct seam_regs *regs)
{
	CHECK(regs->rax < TDH_LEAF_COUNT);
	__atomic_fetch_add(&module.counts[regs->rax], 1, __ATOMIC_RELAXED);
	switch (regs->rax) {
	case TDH_MEM_TRACK:
		regs->rax = regs->rcx == STRICT_TDR ? track() : TDX_OPERAND_INVALID;
		break;
	case TDH_PHYMEM_PAGE_WBINVD:
		/* The upper bits are a key id, and in a process of the test the address's own. */
		regs->rax = TDX_SUCCESS;
		break;
	case TDH_PHYMEM_PAGE_RECLAIM:
		hand_over(regs->rcx, 1, OWNER_TABLE, OWNER_HOST);
		regs->rax = TDX_SUCCESS;
		break;
	default:
		regs->rax = regs->rdx == STRICT_TDR ? on_entry(regs) :
						      violate("another TD", TDX_OPERAND_INVALID);
	}
	return regs->rax;
}
