// TDH.MNG.VPFLUSHDONE: ends the life of a TD whose vCPUs belong to no CPU any more.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf.h"
#include "boot-tests/module/module.h"

/* [TDX ABI 1.5 TDH.MNG.VPFLUSHDONE] RCX TDR. */
uint64_t tdh_mng_vpflushdone(const struct td *td, const struct seam_regs *in,
			     struct seam_regs *out)
{
	(void)in;
	(void)out;
	struct tdr *tdr = td->tdr;
	enum td_lifecycle before = tdr->lifecycle;
	if (before != TD_HKID_ASSIGNED && before != TD_KEYS_CONFIGURED) {
		return TDX_LIFECYCLE_STATE_INCORRECT;
	}
	/* First closed for new vCPUs, then counted: see vcpu_associate(). */
	__atomic_store_n(&tdr->lifecycle, TD_BLOCKED, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&tdr->associated, __ATOMIC_SEQ_CST) != 0) {
		__atomic_store_n(&tdr->lifecycle, before, __ATOMIC_SEQ_CST);
		return TDX_FLUSHVP_NOT_DONE;
	}
	module_end_hkid(tdr->hkid);
	return TDX_SUCCESS;
}
