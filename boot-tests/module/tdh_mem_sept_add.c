// TDH.MEM.SEPT.ADD: hangs a new table into the Secure EPT.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/leaf.h"
#include "boot-tests/module/page.h"
#include "boot-tests/module/sept_op.h"

/* [TDX ABI 1.5 TDH.MEM.SEPT.ADD] RCX GPA and level of the entry, RDX TDR and flag, R8 page. */
uint64_t tdh_mem_sept_add(const struct td *td, const struct seam_regs *in, struct seam_regs *out)
{
	struct sept_walk walk;
	uint64_t status = sept_open(td, in->rcx, PG_2M, SEPT_MAX_LEVEL, &walk, out);
	if (status != TDX_SUCCESS) {
		return status;
	}
	if (sept_state(walk.value) == SEPT_NL_MAPPED && (in->rdx & TDX_SEPT_ADD_ALLOW_EXISTING)) {
		sept_unlock(&walk);
		return TDX_SUCCESS;
	}
	if (sept_state(walk.value) != SEPT_FREE) {
		return sept_refuse(&walk, TDX_EPT_ENTRY_STATE_INCORRECT, out);
	}
	struct pamt_entry *entry;
	status = pamt_open_free(in->r8, TDX_OPERAND_R8, PG_4K, &entry);
	if (status != TDX_SUCCESS) {
		sept_unlock(&walk);
		return status;
	}
	sept_table_init(hpa_ptr(hpa(in->r8)));
	td_take_page(td->tdr_page, entry, PG_4K, TDX_PAGE_EPT);
	sept_update(td, &walk, SEPT_NL_MAPPED, hpa(in->r8));
	pamt_close_free(entry, PG_4K);
	return TDX_SUCCESS;
}
