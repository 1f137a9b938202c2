// TDH.MEM.SEPT.ADD: hangs a new table into the Secure EPT.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <stddef.h>

#include "boot-tests/machine/memory.h"
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/memory/sept_op.h"

/* Pages for L2 VMs, of which there are none. */
#define L2_PAGES 3

static uint64_t check_l2_pages(const uint64_t pages[L2_PAGES])
{
	for (unsigned i = 0; i < L2_PAGES; i++) {
		if (pages[i] != TDX_NULL_PAGE) {
			return TDX_OPERAND_INVALID | (uint64_t)(TDX_OPERAND_R9 + i);
		}
	}
	return TDX_SUCCESS;
}

/* Do the entry and the page that is given for it go together? */
static uint64_t check_state(const struct sept_op *op, uint64_t page, bool existing_allowed,
			    bool page_needed, struct seam_regs *out)
{
	enum sept_state state = sept_state(op->walk.value);
	bool exists = state == SEPT_NL_MAPPED;
	if (state != SEPT_FREE && !exists) {
		return sept_refuse(op, TDX_EPT_ENTRY_STATE_INCORRECT, out);
	}
	if (page == TDX_NULL_PAGE && page_needed) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_R8;
	}
	if (page == TDX_NULL_PAGE ? !exists : exists && !existing_allowed) {
		return sept_refuse(op, TDX_EPT_ENTRY_STATE_INCORRECT, out);
	}
	return TDX_SUCCESS;
}

static void add_table(const struct sept_op *op, struct pamt_entry *entry, uint64_t page)
{
	sept_table_init(hpa_ptr(hpa(page)));
	td_take_page(op->td->tdr_page, entry, PG_4K, TDX_PAGE_EPT);
	sept_update(op, SEPT_NL_MAPPED, hpa(page));
}

/* Without l2_pages the call is of version 0. *page becomes what the host has of it afterwards. */
static uint64_t sept_add_table(const struct sept_op *op, const struct seam_regs *in,
			       const uint64_t *l2_pages, uint64_t *page, struct seam_regs *out)
{
	struct pamt_entry *entry = NULL;
	uint64_t status = check_state(op, *page, (in->rdx & TDX_SEPT_ADD_ALLOW_EXISTING) != 0,
				      l2_pages == NULL, out);
	if (status == TDX_SUCCESS && sept_state(op->walk.value) == SEPT_NL_MAPPED) {
		*page |= TDX_SEPT_ADD_NOT_USED;
	} else if (status == TDX_SUCCESS) {
		status = pamt_open_free(*page, TDX_OPERAND_R8, PG_4K, &entry);
	}
	if (status != TDX_SUCCESS) {
		return status;
	}
	if (l2_pages != NULL) {
		status = check_l2_pages(l2_pages);
	}
	if (entry != NULL) {
		if (status == TDX_SUCCESS) {
			add_table(op, entry, *page);
			*page = TDX_NULL_PAGE;
		}
		pamt_close_free(entry, PG_4K);
	}
	return status;
}

static uint64_t usable(uint64_t page)
{
	return page == TDX_NULL_PAGE ? page : page & ~TDX_SEPT_ADD_NOT_USED;
}

/*
 * [TDX ABI 1.5 TDH.MEM.SEPT.ADD] RCX GPA and level of the entry, RDX TDR and flag, R8 page. Version
 * 1: R9 to R11 pages for the tables of L2 VMs; R8 to R11 are outputs: which pages were not used.
 */
uint64_t tdh_mem_sept_add(const struct td *td, const struct seam_regs *in, struct seam_regs *out)
{
	uint64_t page = usable(in->r8);
	const uint64_t l2_pages[L2_PAGES] = { usable(in->r9), usable(in->r10), usable(in->r11) };
	bool l2 = field_get(TDX_VERSION, in->rax) > 0;
	struct sept_op op;
	uint64_t status = sept_open(td, in->rcx, PG_2M, SEPT_MAX_LEVEL, LOCK_SHARED, &op, out);
	if (status == TDX_SUCCESS) {
		status = sept_add_table(&op, in, l2 ? l2_pages : NULL, &page, out);
		sept_close(&op);
	}
	if (l2) {
		out->r8 = page;
		out->r9 = l2_pages[0];
		out->r10 = l2_pages[1];
		out->r11 = l2_pages[2];
	}
	return status;
}
