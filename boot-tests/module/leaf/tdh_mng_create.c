// TDH.MNG.CREATE: makes a free page the root of a new TD and reserves its private key id.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/mem.h"
#include "boot-tests/module/leaf/leaf.h"
#include "boot-tests/module/memory/key_address.h"
#include "boot-tests/module/memory/keys.h"
#include "boot-tests/module/memory/page.h"
#include "boot-tests/module/platform.h"

/* The table of key ids is locked. */
static uint64_t create(hpa_t page, struct pamt_entry *entry, uint32_t hkid)
{
	uint64_t uuid[4];
	if (keys_state(hkid) != KEY_FREE) {
		return TDX_HKID_NOT_FREE;
	}
	if (!module_random(uuid, ARRAY_COUNT(uuid))) {
		return TDX_RND_NO_ENTROPY;
	}
	keys_set_state(hkid, KEY_ASSIGNED);
	page_zero(page, PG_4K);
	struct tdr *tdr = hpa_ptr(page);
	memcpy(tdr->uuid, uuid, sizeof(uuid));
	tdr->lifecycle = TD_HKID_ASSIGNED;
	tdr->hkid = hkid;
	pamt_assign(entry, PG_4K, TDX_PAGE_TDR, hpa(0));
	return TDX_SUCCESS;
}

/* [TDX ABI 1.5 TDH.MNG.CREATE] RCX page, RDX HKID. */
uint64_t tdh_mng_create(const struct seam_regs *in, struct seam_regs *out)
{
	(void)out;
	if (!key_is_private(in->rdx)) {
		return TDX_OPERAND_INVALID | TDX_OPERAND_RDX;
	}
	struct pamt_entry *entry;
	uint64_t status = pamt_open_free(in->rcx, TDX_OPERAND_RCX, PG_4K, &entry);
	if (status != TDX_SUCCESS) {
		return status;
	}
	status = TDX_OPERAND_BUSY | TDX_OPERAND_KOT;
	if (keys_lock(LOCK_EXCLUSIVE)) {
		status = create(hpa(in->rcx), entry, (uint32_t)in->rdx);
		keys_unlock(LOCK_EXCLUSIVE);
	}
	pamt_close_free(entry, PG_4K);
	return status;
}
