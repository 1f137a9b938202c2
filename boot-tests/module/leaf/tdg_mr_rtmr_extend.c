// TDG.MR.RTMR.EXTEND: adds 48 bytes to a run-time measurement.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/mem.h"
#include "arch/tdx/ve_info.h"
#include "boot-tests/module/guest/operand.h"
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/module_events.h"

#define OPERAND_ALIGNMENT 64

static void trace_extend(const struct vcpu *vcpu, uint64_t index, const void *digest)
{
	uint64_t words[SHA384_SIZE / sizeof(uint64_t)];
	memcpy(words, digest, sizeof(words));
	for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
		words[i] = __builtin_bswap64(words[i]);
	}
	event_line(rtmr_extend, vcpu->index, 0, index, words[0], words[1], words[2], words[3],
		   words[4], words[5]);
}

/* [TDX ABI 1.5 TDG.MR.RTMR.EXTEND] RCX GPA of the digest, RDX index. */
uint64_t tdg_mr_rtmr_extend(struct vcpu *vcpu)
{
	void *digest;
	uint64_t status = operand_map(vcpu, RCX, OPERAND_ALIGNMENT, false, EPT_QUAL_READ, &digest);
	if (status != TDX_SUCCESS) {
		return status;
	}
	uint64_t index = vcpu->svm.gpr[RDX];
	if (index >= RTMR_COUNT) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RDX;
	}
	struct tdcs *tdcs = vcpu->td.tdcs;
	if (!lock_try(&tdcs->rtmr_lock, LOCK_EXCLUSIVE)) {
		return TDX_OPERAND_BUSY | TDX_OPERAND_RTMR;
	}
	struct sha384 hash;
	sha384_init(&hash);
	sha384_update(&hash, tdcs->rtmr[index], SHA384_SIZE);
	sha384_update(&hash, digest, SHA384_SIZE);
	sha384_final(&hash, tdcs->rtmr[index]);
	memcpy(module_measured.rtmr, tdcs->rtmr, sizeof(module_measured.rtmr));
	trace_extend(vcpu, index, digest);
	lock_release(&tdcs->rtmr_lock, LOCK_EXCLUSIVE);
	return TDX_SUCCESS;
}
