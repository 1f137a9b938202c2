// TDH.PHYMEM.PAGE.RECLAIM: sets a page of a TD free whose key is gone; its TDR after all others.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <stddef.h>

#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/memory/key_address.h"
#include "boot-tests/module/memory/page.h"

static uint64_t reclaim_tdr(hpa_t page, struct pamt_entry *entry)
{
	const struct tdr *tdr = hpa_ptr(page);
	if (tdr->lifecycle != TD_TEARDOWN) {
		return TDX_LIFECYCLE_STATE_INCORRECT;
	}
	if (__atomic_load_n(&tdr->child_pages, __ATOMIC_ACQUIRE) != 0) {
		return TDX_TD_ASSOCIATED_PAGES_EXIST;
	}
	page_hide(page, PG_4K);
	pamt_assign(entry, PG_4K, TDX_PAGE_NDA, hpa(0));
	return TDX_SUCCESS;
}

static uint64_t reclaim_child(hpa_t page, const struct pamt_entry *entry)
{
	hpa_t tdr_page = pamt_owner(entry);
	struct pamt_entry *owner = pamt_find(tdr_page);
	if (!lock_try(&owner->lock, LOCK_SHARED)) {
		return TDX_OPERAND_BUSY | TDX_OPERAND_TDR;
	}
	const struct tdr *tdr = hpa_ptr(tdr_page);
	uint64_t status = TDX_LIFECYCLE_STATE_INCORRECT;
	if (tdr->lifecycle == TD_TEARDOWN) {
		td_drop_page(tdr_page, page, (enum pg_level)entry->level);
		status = TDX_SUCCESS;
	}
	pamt_close(owner, LOCK_SHARED);
	return status;
}

/* The entry is locked. */
static uint64_t reclaim(hpa_t page, struct pamt_entry *entry, struct seam_regs *out)
{
	enum tdx_page_type type = (enum tdx_page_type)entry->type;
	enum pg_level level = (enum pg_level)entry->level;
	hpa_t owner = pamt_owner(entry);
	if (type == TDX_PAGE_NDA || type == TDX_PAGE_RSVD) {
		return TDX_PAGE_METADATA_INCORRECT | TDX_OPERAND_RCX;
	}
	/* Also for a page that cannot be reclaimed yet. */
	out->rcx = type;
	out->rdx = owner.v;
	out->r8 = level;
	if (!is_aligned(page.v, pg_size(level))) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	return type == TDX_PAGE_TDR ? reclaim_tdr(page, entry) : reclaim_child(page, entry);
}

/* [TDX ABI 1.5 TDH.PHYMEM.PAGE.RECLAIM] RCX page; RCX type, RDX owner, R8 size. */
uint64_t tdh_phymem_page_reclaim(const struct seam_regs *in, struct seam_regs *out)
{
	if (!is_aligned(in->rcx, pg_size(PG_4K)) || in->rcx >= key_address_end()) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RCX;
	}
	struct pamt_entry *entry = pamt_find(hpa(in->rcx));
	if (entry == NULL) {
		return TDX_OPERAND_ADDR_RANGE_ERROR | TDX_OPERAND_RCX;
	}
	if (!lock_try(&entry->lock, LOCK_EXCLUSIVE)) {
		return TDX_OPERAND_BUSY | TDX_OPERAND_RCX;
	}
	uint64_t status = reclaim(hpa(in->rcx), entry, out);
	pamt_close(entry, LOCK_EXCLUSIVE);
	return status;
}
