// TDG.MR.VERIFYREPORT: checks that a report was made on this platform since its start.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/mem.h"
#include "arch/tdx/ve_info.h"
#include "boot-tests/module/guest/operand.h"
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/seamreport.h"

#define CPUSVN_OFFSET offsetof(struct td_report, cpusvn)
#define CPUSVN_SIZE 16
#define MAC_OFFSET offsetof(struct td_report, mac)

/* [TDX ABI 1.5 TDG.MR.VERIFYREPORT] RCX GPA of the REPORTMACSTRUCT. */
uint64_t tdg_mr_verifyreport(struct vcpu *vcpu)
{
	void *operand;
	uint64_t status =
		operand_map(vcpu, RCX, REPORT_MAC_STRUCT_SIZE, false, EPT_QUAL_READ, &operand);
	if (status != TDX_SUCCESS) {
		return status;
	}
	uint8_t report[REPORT_MAC_STRUCT_SIZE];
	memcpy(report, operand, sizeof(report));
	static const uint8_t cpusvn[CPUSVN_SIZE];
	if (memcmp(report + CPUSVN_OFFSET, cpusvn, sizeof(cpusvn)) != 0) {
		return TDX_INVALID_CPUSVN;
	}
	uint8_t mac[REPORT_MAC_SIZE];
	report_mac(report, mac);
	if (report[0] != REPORT_TYPE_TDX || memcmp(report + MAC_OFFSET, mac, sizeof(mac)) != 0) {
		return TDX_INVALID_REPORTMACSTRUCT;
	}
	return TDX_SUCCESS;
}
