// What a TD and a vCPU are to the module: TDR, TDCS and TDVPS, kept in the pages the host gave.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/td.h"

#include <stddef.h>

#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/module/memory/page.h"

static uint64_t td_check(hpa_t tdr_page, uint32_t op_states, struct td *out)
{
	struct tdr *tdr = hpa_ptr(tdr_page);
	struct td td = { .tdr_page = tdr_page, .tdr = tdr };
	if (tdr->tdcx_count >= TDX_TDCS_PAGES) {
		td.tdcs = hpa_ptr(tdr->tdcx[0]);
	}
	if (op_states != 0) {
		if (tdr->fatal) {
			return TDX_TD_FATAL;
		}
		if (tdr->lifecycle != TD_KEYS_CONFIGURED) {
			return TDX_TD_KEYS_NOT_CONFIGURED;
		}
		if (td.tdcs == NULL) {
			return TDX_TDCS_NOT_ALLOCATED;
		}
		enum op_state state = __atomic_load_n(&td.tdcs->op_state, __ATOMIC_ACQUIRE);
		if ((BIT32(state) & op_states) == 0) {
			return TDX_OP_STATE_INCORRECT;
		}
	}
	*out = td;
	return TDX_SUCCESS;
}

uint64_t td_open(uint64_t tdr_raw, uint32_t operand, enum lock_mode mode, uint32_t op_states,
		 struct td *out)
{
	struct pamt_entry *entry;
	uint64_t status = pamt_open(tdr_raw, operand, TDX_PAGE_TDR, mode, &entry);
	if (status != TDX_SUCCESS) {
		return status;
	}
	status = td_check(hpa(tdr_raw), op_states, out);
	if (status != TDX_SUCCESS) {
		pamt_close(entry, mode);
	}
	return status;
}

void td_close(const struct td *td, enum lock_mode mode)
{
	pamt_close(pamt_find(td->tdr_page), mode);
}

uint64_t vcpu_open(uint64_t tdvpr_raw, uint32_t operand, enum lock_mode mode,
		   enum lock_mode tdr_mode, uint32_t op_states, struct vcpu **out)
{
	struct pamt_entry *entry;
	uint64_t status = pamt_open(tdvpr_raw, operand, TDX_PAGE_TDVPR, mode, &entry);
	if (status != TDX_SUCCESS) {
		return status;
	}
	struct pamt_entry *owner = pamt_find(pamt_owner(entry));
	if (!lock_try(&owner->lock, tdr_mode)) {
		pamt_close(entry, mode);
		return TDX_OPERAND_BUSY | TDX_OPERAND_TDR;
	}
	struct td td;
	status = td_check(pamt_owner(entry), op_states, &td);
	if (status != TDX_SUCCESS) {
		pamt_close(owner, tdr_mode);
		pamt_close(entry, mode);
		return status;
	}
	*out = hpa_ptr(hpa(tdvpr_raw));
	return TDX_SUCCESS;
}

void vcpu_close(struct vcpu *vcpu, enum lock_mode mode, enum lock_mode tdr_mode)
{
	td_close(&vcpu->td, tdr_mode);
	pamt_close(pamt_find(ptr_hpa(vcpu)), mode);
}

uint64_t vcpu_associate(struct vcpu *vcpu, bool allow_disabled)
{
	if (vcpu->state != VCPU_READY && !(vcpu->state == VCPU_DISABLED && allow_disabled)) {
		return TDX_VCPU_STATE_INCORRECT;
	}
	uint32_t expected = VCPU_NO_CPU;
	uint32_t here = cpu_index();
	if (!__atomic_compare_exchange_n(&vcpu->cpu, &expected, here, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST)) {
		return expected == here ? TDX_SUCCESS : TDX_VCPU_ASSOCIATED;
	}
	__atomic_fetch_add(&vcpu->td.tdr->associated, 1, __ATOMIC_SEQ_CST);
	return TDX_SUCCESS;
}

bool vcpu_dissociate(struct vcpu *vcpu)
{
	if (vcpu->cpu != cpu_index()) {
		return false;
	}
	__atomic_store_n(&vcpu->cpu, VCPU_NO_CPU, __ATOMIC_SEQ_CST);
	__atomic_fetch_sub(&vcpu->td.tdr->associated, 1, __ATOMIC_SEQ_CST);
	return true;
}

void td_take_page(hpa_t tdr_page, struct pamt_entry *entry, enum pg_level level,
		  enum tdx_page_type type)
{
	struct tdr *tdr = hpa_ptr(tdr_page);
	__atomic_fetch_add(&tdr->child_pages, pg_size(level) / pg_size(PG_4K), __ATOMIC_ACQ_REL);
	pamt_assign(entry, level, type, tdr_page);
}

void td_drop_page(hpa_t tdr_page, hpa_t page, enum pg_level level)
{
	struct tdr *tdr = hpa_ptr(tdr_page);
	page_hide(page, level);
	pamt_assign(pamt_find(page), level, TDX_PAGE_NDA, hpa(0));
	__atomic_fetch_sub(&tdr->child_pages, pg_size(level) / pg_size(PG_4K), __ATOMIC_ACQ_REL);
}

bool td_tracked(const struct tdcs *tdcs, uint64_t bepoch)
{
	uint64_t epoch = __atomic_load_n(&tdcs->epoch, __ATOMIC_ACQUIRE);
	if (bepoch + 1 < epoch) {
		return true;
	}
	return bepoch + 1 == epoch &&
	       __atomic_load_n(&tdcs->epoch_vcpus[bepoch & 1], __ATOMIC_ACQUIRE) == 0;
}
