// TDH.PHYMEM.PAGE.WBINVD: writes back the lines that caches hold of a free page under a key id.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf/leaf.h"

/* [TDX ABI 1.5 TDH.PHYMEM.PAGE.WBINVD] RCX page and key id, any. QEMU has no caches: what is left
 * are the checks. */
uint64_t tdh_phymem_page_wbinvd(const struct seam_regs *in, struct seam_regs *out)
{
	(void)out;
	struct pamt_entry *entry;
	uint64_t status = pamt_open(in->rcx & ~MODULE_HPA_HKID, TDX_OPERAND_RCX, TDX_PAGE_NDA,
				    LOCK_SHARED, &entry);
	if (status == TDX_SUCCESS) {
		pamt_close(entry, LOCK_SHARED);
	}
	return status;
}
