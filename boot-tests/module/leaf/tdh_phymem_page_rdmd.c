// TDH.PHYMEM.PAGE.RDMD: shows what a page of the convertible memory is.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <stddef.h>

#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/memory/key_address.h"
/* [TDX ABI 1.5 TDH.PHYMEM.PAGE.RDMD] RCX page; RCX type, RDX owner, R8 size, R9 BEPOCH. */
uint64_t tdh_phymem_page_rdmd(const struct seam_regs *in, struct seam_regs *out)
{
	if (!is_aligned(in->rcx, pg_size(PG_4K)) || in->rcx >= key_address_end()) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	struct pamt_entry *entry = pamt_find(hpa(in->rcx));
	if (entry == NULL) {
		return TDX_OPERAND_ADDR_RANGE_ERROR | TDX_OPERAND_RCX;
	}
	if (!lock_try(&entry->lock, LOCK_SHARED)) {
		return TDX_OPERAND_BUSY | TDX_OPERAND_RCX;
	}
	out->rcx = entry->type;
	out->rdx = pamt_owner(entry).v;
	out->r8 = entry->level;
	out->r9 = entry->bepoch;
	pamt_close(entry, LOCK_SHARED);
	return TDX_SUCCESS;
}
