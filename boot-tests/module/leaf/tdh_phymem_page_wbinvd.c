// TDH.PHYMEM.PAGE.WBINVD: writes back the lines that caches hold of a free page under a key id.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/memory/key_address.h"

/* [TDX ABI 1.5 TDH.PHYMEM.PAGE.WBINVD] RCX page and key id, any. QEMU has no caches: what is left
 * are the checks. */
uint64_t tdh_phymem_page_wbinvd(const struct seam_regs *in, struct seam_regs *out)
{
	(void)out;
	struct pamt_entry *entry;
	uint64_t key = BIT64(MODULE_PHYS_BITS) - key_address_end();
	uint64_t status =
		pamt_open(in->rcx & ~key, TDX_OPERAND_RCX, TDX_PAGE_NDA, LOCK_SHARED, &entry);
	if (status == TDX_SUCCESS) {
		pamt_close(entry, LOCK_SHARED);
	}
	return status;
}
