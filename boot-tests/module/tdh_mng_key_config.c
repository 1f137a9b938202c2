// TDH.MNG.KEY.CONFIG: gives the TD its key, once (the machine is one package).
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf.h"
#include "boot-tests/module/module.h"

/* [TDX ABI 1.5 TDH.MNG.KEY.CONFIG] RCX TDR. */
uint64_t tdh_mng_key_config(const struct td *td, const struct seam_regs *in, struct seam_regs *out)
{
	(void)in;
	(void)out;
	if (td->tdr->lifecycle == TD_KEYS_CONFIGURED) {
		return TDX_KEY_CONFIGURED;
	}
	if (td->tdr->lifecycle != TD_HKID_ASSIGNED) {
		return TDX_LIFECYCLE_STATE_INCORRECT;
	}
	for (unsigned i = 0; i < ARRAY_COUNT(td->tdr->key); i++) {
		td->tdr->key[i] = module_random();
	}
	td->tdr->lifecycle = TD_KEYS_CONFIGURED;
	return TDX_SUCCESS;
}
