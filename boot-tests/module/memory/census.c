// What the module holds while no SEAMCALL runs, and the rules that then hold of every page.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <stddef.h>

#include "boot-tests/machine/memory.h"
#include "boot-tests/module/memory/keys.h"
#include "boot-tests/module/memory/pamt.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/module/td.h"

#define PAGE UINT64_C(0x1000)

uint64_t module_pages_of(hpa_t tdr)
{
	const struct tdmr *tdmr;
	const struct pamt_entry *entry;
	uint64_t pages = 0;
	for (unsigned i = 0; (tdmr = pamt_tdmr_at(i)) != NULL; i++) {
		for (uint64_t at = tdmr->base; (entry = pamt_next_used(tdmr, &at)) != NULL;
		     at += PAGE) {
			pages += pamt_owner(entry).v == tdr.v;
		}
	}
	return pages;
}

/* A page of a TD; null, or what is wrong. */
static const char *check_child(hpa_t page, const struct pamt_entry *entry)
{
	const struct pamt_entry *tdr = pamt_find(pamt_owner(entry));
	if (tdr == NULL || tdr->type != TDX_PAGE_TDR) {
		return "has an owner that is no TD";
	}
	const struct pamt_entry *first =
		pamt_find(hpa(align_down(page.v, pg_size((enum pg_level)entry->level))));
	if (first->type != entry->type || first->level != entry->level ||
	    first->owner != entry->owner) {
		return "is part of a large page that is not whole";
	}
	return NULL;
}

static const char *check_page(hpa_t page, const struct pamt_entry *entry)
{
	if (entry->lock != 0) {
		return "is locked";
	}
	switch ((enum tdx_page_type)entry->type) {
	case TDX_PAGE_REG:
	case TDX_PAGE_TDCX:
	case TDX_PAGE_TDVPR:
	case TDX_PAGE_EPT:
		return check_child(page, entry);
	case TDX_PAGE_NDA:
	case TDX_PAGE_RSVD:
	case TDX_PAGE_TDR:
		break;
	}
	if (entry->owner != 0 || entry->level != PG_4K) {
		return "has an owner or a size, but its type says it has none";
	}
	if (entry->type == TDX_PAGE_TDR) {
		const struct tdr *tdr = hpa_ptr(page);
		return tdr->child_pages == module_pages_of(page) ?
			       NULL :
			       "is a TDR that counts other pages than are its own";
	}
	return NULL;
}

struct module_census module_census(void)
{
	struct module_census census = { .hkids = keys_taken() };
	const struct tdmr *tdmr;
	const struct pamt_entry *entry;
	for (unsigned i = 0; (tdmr = pamt_tdmr_at(i)) != NULL; i++) {
		for (uint64_t at = tdmr->base; (entry = pamt_next_used(tdmr, &at)) != NULL;
		     at += PAGE) {
			const char *broken = check_page(hpa(at), entry);
			if (broken != NULL && census.broken == NULL) {
				census.broken = broken;
				census.page = hpa(at);
			}
			census.owned += entry->type != TDX_PAGE_NDA && entry->type != TDX_PAGE_RSVD;
		}
	}
	return census;
}
