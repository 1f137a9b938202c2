// The end of a TD, as KVM brings it about: every frame comes back.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [linux arch/x86/kvm/vmx/tdx.c tdx_mmu_release_hkid(), tdx_vm_destroy(); TDX ABI 1.5 TDR]
#include "boot-tests/vmm/td/td_destroy.h"

#include "arch/base/mem.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/vmm/init/frames.h"
#include "boot-tests/vmm/init/packages.h"
#include "boot-tests/vmm/init/seam.h"
#include "boot-tests/vmm/td/reclaim.h"

/* Each call goes on where an interrupt has stopped the one before. */
#define CACHE_WB_MAX 10000

enum status td_flush_vcpu(struct host_td *td, unsigned index, struct seam_failure *failure)
{
	hpa_t tdvpr = td->vcpus[index].tdvpr;
	if (tdvpr.v == 0) {
		return ST_OK;
	}
	struct seam_result result = seam(TDH_VP_FLUSH, tdvpr.v, 0, 0, 0);
	uint64_t code = result.status & TDX_STATUS_CODE;
	/* The last two: TDH.VP.CREATE has refused the page, TDH.VP.ADDCX one of the others. */
	if (code == TDX_VCPU_NOT_ASSOCIATED || code == TDX_PAGE_METADATA_INCORRECT ||
	    code == TDX_TDCX_NUM_INCORRECT) {
		return ST_OK;
	}
	return seam_status("TDH_VP_FLUSH", tdvpr.v, result, failure);
}

static enum status write_back_caches(void *failure)
{
	struct seam_result result;
	uint64_t operand = TDX_CACHE_WB_START;
	for (unsigned i = 0; i < CACHE_WB_MAX; i++) {
		result = seam(TDH_PHYMEM_CACHE_WB, operand, 0, 0, 0);
		if ((result.status & TDX_STATUS_CODE) != TDX_INTERRUPTED_RESUMABLE) {
			break;
		}
		operand = TDX_CACHE_WB_RESUME;
	}
	return seam_status("TDH_PHYMEM_CACHE_WB", operand, result, failure);
}

/* Until the TD has no key. Each step is noted, so that none is done twice. */
static enum status release_hkid(struct host_td *td, struct seam_failure *failure)
{
	if (td->stage == TD_HAS_KEY) {
		for (unsigned i = 0; i < td->place.vcpu_count; i++) {
			TRY(td_flush_vcpu(td, i, failure));
		}
		TRY(SEAM_TRY(TDH_MNG_VPFLUSHDONE, td->tdr.v, 0, 0, 0, failure));
		td->stage = TD_FLUSHED;
	}
	if (td->stage == TD_FLUSHED) {
		TRY(packages_each(write_back_caches, failure));
		TRY(SEAM_TRY(TDH_MNG_KEY_FREEID, td->tdr.v, 0, 0, 0, failure));
		td->stage = TD_KEYLESS;
	}
	return ST_OK;
}

enum status td_destroy(struct host_td *td, uint32_t global_hkid, struct seam_failure *failure)
{
	if (td->tdr.v == 0) {
		return ST_OK;
	}
	TRY(release_hkid(td, failure));
	TRY(mmu_destroy(&td->mmu, failure));
	TRY(reclaim_list(&td->control, failure));
	if (td->stage == TD_KEYLESS) {
		TRY(SEAM_TRY(TDH_PHYMEM_PAGE_RECLAIM, td->tdr.v, 0, 0, 0, failure));
		td->stage = TD_RECLAIMED;
	}
	if (td->stage == TD_RECLAIMED) {
		/* The module has used the TDR under its own key id. */
		TRY(SEAM_TRY(TDH_PHYMEM_PAGE_WBINVD, module_keyed(td->tdr, global_hkid), 0, 0, 0,
			     failure));
	}
	frames_give_page(td->tdr);
	memset(td, 0, sizeof(*td));
	return ST_OK;
}
