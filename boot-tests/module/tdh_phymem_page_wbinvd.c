// TDH.PHYMEM.PAGE.WBINVD: writes back the lines that caches hold of a page under a private key id.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf.h"
#include "boot-tests/module/module.h"

/* Bits above the key id are none of an address. */
#define HKID MASK64(63, HPA_WIDTH)
_Static_assert((HKID & MODULE_HPA_HKID) == MODULE_HPA_HKID && !(MODULE_HPA_HKID & ~HKID),
	       "The key id stands above the address.");

/* [TDX ABI 1.5 TDH.PHYMEM.PAGE.WBINVD] RCX page and private key id. QEMU has no caches: what is
 * left are the checks. */
uint64_t tdh_phymem_page_wbinvd(const struct seam_regs *in, struct seam_regs *out)
{
	(void)out;
	uint64_t hkid = field_get(HKID, in->rcx);
	if (!module_hkid_private(hkid)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	struct pamt_entry *entry;
	uint64_t status = pamt_open(in->rcx & ~HKID, TDX_OPERAND_RCX, TDX_PAGE_NDA, LOCK_SHARED,
				    &entry);
	if (status == TDX_SUCCESS) {
		pamt_close(entry, LOCK_SHARED);
	}
	return status;
}
