// TDG.MR.REPORT: makes a TDREPORT of the TD's measurements.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/mem.h"
#include "arch/tdx/ve_info.h"
#include "boot-tests/machine/svm.h"
#include "boot-tests/machine/wake.h"
#include "boot-tests/module/guest/operand.h"
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/seamreport.h"

#define REPORT_DATA_SIZE 64
/* TEE_TCB_INFO: which of its fields are valid; the hash covers all but the reserved tail. */
#define TCB_INFO_VALID 0x301FF
#define TCB_INFO_HASHED 239
#define TDINFO_SIZE 512

static void hash(const void *data, size_t size, uint8_t digest[SHA384_SIZE])
{
	struct sha384 state;
	sha384_init(&state);
	sha384_update(&state, data, size);
	sha384_final(&state, digest);
}

static void fill_report(const struct tdcs *tdcs, const void *report_data, struct td_report *report)
{
	memset(report, 0, sizeof(*report));
	report->type = REPORT_TYPE_TDX;
	memcpy(report->report_data, report_data, REPORT_DATA_SIZE);
	uint64_t valid = TCB_INFO_VALID;
	memcpy(report->tee_tcb_info, &valid, sizeof(valid));
	report->attributes = tdcs->attributes;
	report->xfam = tdcs->xfam;
	memcpy(report->mrtd, tdcs->mrtd, SHA384_SIZE);
	memcpy(report->mrconfigid, tdcs->mrconfigid, SHA384_SIZE);
	memcpy(report->mrowner, tdcs->mrowner, SHA384_SIZE);
	memcpy(report->mrownerconfig, tdcs->mrownerconfig, SHA384_SIZE);
	memcpy(report->rtmr, tdcs->rtmr, sizeof(report->rtmr));
	memcpy(report->servtd_hash, tdcs->servtd_hash, SHA384_SIZE);
	hash(report->tee_tcb_info, TCB_INFO_HASHED, report->tee_tcb_info_hash);
	hash((const uint8_t *)report + offsetof(struct td_report, attributes), TDINFO_SIZE,
	     report->tee_info_hash);
	report_mac((const uint8_t *)report, report->mac);
}
_Static_assert(sizeof(struct td_report) - offsetof(struct td_report, attributes) == TDINFO_SIZE,
	       "TDINFO is the end of the report.");

/* [TDX ABI 1.5 TDG.MR.REPORT] RCX GPA of the report, RDX GPA of the report data, R8 subtype. The
 * report's memory is looked for when the report is made. */
uint64_t tdg_mr_report(struct vcpu *vcpu)
{
	const uint64_t *gpr = vcpu->svm.gpr;
	if (!is_aligned(gpr[RCX], sizeof(struct td_report))) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	void *out, *report_data;
	uint64_t status =
		operand_map(vcpu, RDX, REPORT_DATA_SIZE, true, EPT_QUAL_READ, &report_data);
	if (status != TDX_SUCCESS) {
		return status;
	}
	if (gpr[R8] != 0) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_R8;
	}
	struct tdcs *tdcs = vcpu->td.tdcs;
	if (!lock_try(&tdcs->rtmr_lock, LOCK_SHARED)) {
		return TDX_OPERAND_BUSY | TDX_OPERAND_RTMR;
	}
	/* Made aside: shared memory may change while it is written. */
	struct td_report report;
	fill_report(tdcs, report_data, &report);
	lock_release(&tdcs->rtmr_lock, LOCK_SHARED);
	if (wake_kick_pending()) {
		return TDCALL_REPEAT; /* an interrupt of the host comes first */
	}
	status = operand_map(vcpu, RCX, sizeof(report), true, EPT_QUAL_READ | EPT_QUAL_WRITE, &out);
	if (status != TDX_SUCCESS) {
		return status;
	}
	memcpy(out, &report, sizeof(report));
	return TDX_SUCCESS;
}
