// TDH.MNG.KEY.CONFIG: gives the TD its key, once (the machine is one package).
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf.h"

/* [TDX ABI 1.5 TDH.MNG.KEY.CONFIG] RCX TDR. */
uint64_t tdh_mng_key_config(const struct td *td, const struct seam_regs *in, struct seam_regs *out)
{
	(void)in;
	(void)out;
	if (td->tdr->lifecycle == TD_KEYS_CONFIGURED) {
		return TDX_KEY_CONFIGURED;
	}
	td->tdr->lifecycle = TD_KEYS_CONFIGURED;
	return TDX_SUCCESS;
}
