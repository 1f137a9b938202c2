// TDH.MNG.KEY.CONFIG: gives the TD its key, once on each package.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/mem.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/memory/keys.h"
#include "boot-tests/module/platform.h"

/* [TDX ABI 1.5 TDH.MNG.KEY.CONFIG] RCX TDR. Each package has a key of its own; what the host sees
 * of the TD's memory depends on the first. */
uint64_t tdh_mng_key_config(const struct td *td, const struct seam_regs *in, struct seam_regs *out)
{
	(void)in;
	(void)out;
	struct tdr *tdr = td->tdr;
	uint64_t package = BIT64(module_package(cpu_index()));
	if (tdr->fatal) {
		return TDX_TD_FATAL;
	}
	if (tdr->lifecycle != TD_HKID_ASSIGNED) {
		return TDX_LIFECYCLE_STATE_INCORRECT;
	}
	if (tdr->packages & package) {
		return TDX_KEY_CONFIGURED;
	}
	uint64_t key[ARRAY_COUNT(tdr->key)];
	uint64_t status = keys_program(key);
	if (status != TDX_SUCCESS) {
		return status;
	}
	if (tdr->packages == 0) {
		memcpy(tdr->key, key, sizeof(key));
	}
	tdr->packages |= package;
	if (tdr->packages == module_packages()) {
		tdr->lifecycle = TD_KEYS_CONFIGURED;
	}
	return TDX_SUCCESS;
}
