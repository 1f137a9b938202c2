// Makes the Secure EPT follow its mirror: each change of an entry becomes SEAMCALLs.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/mmu/sept_hooks.h"

#include "arch/base/check.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/time.h"
#include "boot-tests/machine/wake.h"
#include "boot-tests/vmm/init/frames.h"
#include "boot-tests/vmm/init/seam.h"
#include "boot-tests/vmm/mmu/tdp_entry.h"
#include "boot-tests/vmm/td/reclaim.h"

static uint64_t operand(const struct tdp_change *change)
{
	return change->address.v | (uint64_t)change->level;
}

static enum tdp_answer answer_of_status(struct sept *sept, enum status status)
{
	if (status != ST_OK) {
		__atomic_store_n(&sept->failed, true, __ATOMIC_RELAXED);
	}
	return status == ST_OK ? TDP_OK : TDP_FAILED;
}

/*
 * A call that must not fail. vCPUs in the module can make it busy again and again, those of which
 * the module thinks that they are stepped at each entry: if it is, it is made again with none
 * inside. Other CPUs of the host, which may be in the module, too, are waited for. [linux
 * tdh_do_no_vcpus()]
 */
static struct seam_result without_vcpus(struct sept *sept, uint64_t leaf, uint64_t rcx,
					uint64_t rdx, uint64_t r8)
{
	struct seam_result result = seam_once(leaf, rcx, rdx, r8, 0);
	if (seam_is_busy(result.status)) {
		__atomic_add_fetch(&sept->no_vcpus, 1, __ATOMIC_SEQ_CST);
		td_kick_out(sept->kick);
		result = seam(leaf, rcx, rdx, r8, 0);
		__atomic_sub_fetch(&sept->no_vcpus, 1, __ATOMIC_SEQ_CST);
	}
	return result;
}

/* Of a call that others may make busy: then it is up to the caller to try again. */
static enum tdp_answer answer_of(struct sept *sept, const char *leaf, uint64_t rcx,
				 struct seam_result result, const struct sept_call *call)
{
	if (seam_is_busy(result.status)) {
		*call->failure = (struct seam_failure){ leaf, rcx, result };
		return TDP_RETRY;
	}
	return answer_of_status(sept, seam_status(leaf, rcx, result, call->failure));
}

static enum tdp_answer link_table(void *owner, const struct tdp_change *change, void *call)
{
	struct sept *sept = owner;
	return answer_of(
		sept, "TDH_MEM_SEPT_ADD", operand(change),
		seam_once(TDH_MEM_SEPT_ADD, operand(change), sept->tdr.v, change->external.v, 0),
		call);
}

static enum tdp_answer sept_set_leaf(void *owner, const struct tdp_change *change, void *call)
{
	struct sept *sept = owner;
	const struct sept_call *caller = call;
	uint64_t frame = tdp_frame(change->after).v;
	if (caller->source != NULL) {
		return answer_of_status(sept, SEAM_TRY(TDH_MEM_PAGE_ADD, change->address.v,
						       sept->tdr.v, frame,
						       ptr_hpa(caller->source).v, caller->failure));
	}
	return answer_of(sept, "TDH_MEM_PAGE_AUG", operand(change),
			 seam_once(TDH_MEM_PAGE_AUG, operand(change), sept->tdr.v, frame, 0), call);
}

static enum tdp_answer block_leaf(void *owner, const struct tdp_change *change, void *call)
{
	struct sept *sept = owner;
	const struct sept_call *caller = call;
	uint64_t rcx = operand(change);
	struct seam_result result = without_vcpus(sept, TDH_MEM_RANGE_BLOCK, rcx, sept->tdr.v, 0);
	return answer_of_status(sept,
				seam_status("TDH_MEM_RANGE_BLOCK", rcx, result, caller->failure));
}

static enum status track(struct sept *sept, struct seam_failure *failure)
{
	uint64_t deadline = time_us() + TD_LEAVE_BOUND_US;
	for (;;) {
		struct seam_result result = without_vcpus(sept, TDH_MEM_TRACK, sept->tdr.v, 0, 0);
		if ((result.status & TDX_STATUS_CODE) != TDX_PREVIOUS_TLB_EPOCH_BUSY ||
		    time_us() >= deadline) {
			return seam_status("TDH_MEM_TRACK", sept->tdr.v, result, failure);
		}
		td_kick_all(sept->kick);
		insn_pause();
	}
}

/* Ends the epoch in which entries were blocked, and makes every vCPU leave it. */
static enum tdp_answer sept_flush(void *owner, void *call)
{
	struct sept *sept = owner;
	const struct sept_call *caller = call;
	spin_lock(&sept->track_lock);
	enum status status = track(sept, caller->failure);
	spin_unlock(&sept->track_lock);
	if (status == ST_OK) {
		td_kick_all(sept->kick);
	}
	return answer_of_status(sept, status);
}

/* A leaf on a blocked entry, repeated until the last vCPU has left the epoch of the block, and when
 * an interrupt of ours has ended it. */
static enum status tracked_call(struct sept *sept, const char *name, uint64_t leaf, uint64_t rcx,
				uint64_t r8, struct seam_result *result,
				struct seam_failure *failure)
{
	uint64_t deadline = time_us() + TD_LEAVE_BOUND_US;
	for (;;) {
		*result = without_vcpus(sept, leaf, rcx, sept->tdr.v, r8);
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

/* The host may use the frame again: nothing of it is left in caches under the TD's key id. */
static enum status sept_write_back(const struct sept *sept, hpa_t frame, enum pg_level level,
				   struct seam_failure *failure)
{
	uint64_t key = module_keyed(hpa(0), sept->hkid);
	for (uint64_t at = 0; at < pg_size(level); at += pg_size(PG_4K)) {
		TRY(SEAM_TRY(TDH_PHYMEM_PAGE_WBINVD, (frame.v + at) | key, 0, 0, 0, failure));
	}
	return ST_OK;
}

static enum status sept_remove_page(struct sept *sept, const struct tdp_change *change,
				    struct seam_failure *failure)
{
	struct seam_result result;
	hpa_t frame = tdp_frame(change->before);
	TRY(tracked_call(sept, "TDH_MEM_PAGE_REMOVE", TDH_MEM_PAGE_REMOVE, operand(change), 0,
			 &result, failure));
	CHECK(result.rcx == frame.v);
	return sept_write_back(sept, frame, change->level, failure);
}

static enum tdp_answer remove_leaf(void *owner, const struct tdp_change *change, void *call)
{
	return answer_of_status(
		owner, sept_remove_page(owner, change, ((const struct sept_call *)call)->failure));
}

static enum tdp_answer split_leaf(void *owner, const struct tdp_change *change, void *call)
{
	struct sept *sept = owner;
	const struct sept_call *caller = call;
	struct seam_result result;
	enum tdp_answer answer = block_leaf(owner, change, call);
	answer = answer == TDP_OK ? sept_flush(owner, call) : answer;
	if (answer != TDP_OK) {
		return answer;
	}
	return answer_of_status(sept, tracked_call(sept, "TDH_MEM_PAGE_DEMOTE", TDH_MEM_PAGE_DEMOTE,
						   operand(change), change->external.v, &result,
						   caller->failure));
}

/* The TD has no key any more. */
static enum tdp_answer free_table(void *owner, const struct tdp_change *change, void *call)
{
	return answer_of_status(
		owner, reclaim_page(change->external, ((const struct sept_call *)call)->failure));
}

void sept_init(struct tdp_half *half, struct sept *sept)
{
	static const struct tdp_hooks hooks = {
		.link_table = link_table,
		.set_leaf = sept_set_leaf,
		.block_leaf = block_leaf,
		.remove_leaf = remove_leaf,
		.split_leaf = split_leaf,
		.free_table = free_table,
	};
	half->owner = sept;
	half->hooks = &hooks;
	half->flush = sept_flush;
}
