// The physical address metadata table: type, owner and size of each page, one entry for 4 KiB.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/pamt.h"

#include "arch/base/check.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/memory.h"

#define PAGE_SIZE 4096

static struct pamt_entry *table;
static uint64_t table_base, table_end;

hpa_t pamt_init(hpa_t base, hpa_t end)
{
	CHECK(is_aligned(base.v, PAGE_SIZE) && is_aligned(end.v, PAGE_SIZE) && base.v < end.v);
	uint64_t pages = (end.v - base.v) / PAGE_SIZE;
	uint64_t size = align_up(pages * sizeof(*table), PAGE_SIZE);
	CHECK(size < end.v - base.v);
	table = hpa_ptr(base);
	table_base = base.v;
	table_end = end.v;
	insn_rep_stosq(table, 0, size / 8);
	for (uint64_t i = 0; i < size / PAGE_SIZE; i++) {
		table[i].type = TDX_PAGE_RSVD;
	}
	return hpa(base.v + size);
}

struct pamt_entry *pamt_find(hpa_t page)
{
	if (page.v < table_base || page.v >= table_end) {
		return 0;
	}
	return &table[(page.v - table_base) / PAGE_SIZE];
}

static uint64_t find_operand(uint64_t raw, uint32_t operand, enum pg_level level,
			     struct pamt_entry **out)
{
	if (!is_aligned(raw, pg_size(level)) || raw >= BIT64(HPA_WIDTH)) {
		return TDX_OPERAND_INVALID | operand;
	}
	*out = pamt_find(hpa(raw));
	if (*out == 0 || table_end - raw < pg_size(level)) {
		return TDX_OPERAND_ADDR_RANGE_ERROR | operand;
	}
	return TDX_SUCCESS;
}

uint64_t pamt_open(uint64_t raw, uint32_t operand, enum tdx_page_type type, enum lock_mode mode,
		   struct pamt_entry **out)
{
	struct pamt_entry *entry;
	uint64_t status = find_operand(raw, operand, PG_4K, &entry);
	if (status != TDX_SUCCESS) {
		return status;
	}
	if (!lock_try(&entry->lock, mode)) {
		return TDX_OPERAND_BUSY | operand;
	}
	if (entry->type != type || entry->level != PG_4K) {
		pamt_close(entry, mode);
		return TDX_PAGE_METADATA_INCORRECT | operand;
	}
	*out = entry;
	return TDX_SUCCESS;
}

uint64_t pamt_open_free(uint64_t raw, uint32_t operand, enum pg_level level,
			struct pamt_entry **out)
{
	struct pamt_entry *entry;
	uint64_t status = find_operand(raw, operand, level, &entry);
	if (status != TDX_SUCCESS) {
		return status;
	}
	uint64_t pages = pg_size(level) / PAGE_SIZE;
	for (uint64_t i = 0; i < pages; i++) {
		if (!lock_try(&entry[i].lock, LOCK_EXCLUSIVE)) {
			status = TDX_OPERAND_BUSY | operand;
		} else if (entry[i].type != TDX_PAGE_NDA) {
			lock_release(&entry[i].lock, LOCK_EXCLUSIVE);
			status = level == PG_4K ? TDX_PAGE_METADATA_INCORRECT | operand :
						  TDX_PAGE_NOT_FREE | operand;
		}
		if (status != TDX_SUCCESS) {
			while (i-- > 0) {
				lock_release(&entry[i].lock, LOCK_EXCLUSIVE);
			}
			return status;
		}
	}
	*out = entry;
	return TDX_SUCCESS;
}

void pamt_close(struct pamt_entry *entry, enum lock_mode mode)
{
	lock_release(&entry->lock, mode);
}

void pamt_close_free(struct pamt_entry *entry, enum pg_level level)
{
	for (uint64_t i = 0; i < pg_size(level) / PAGE_SIZE; i++) {
		lock_release(&entry[i].lock, LOCK_EXCLUSIVE);
	}
}

void pamt_assign(struct pamt_entry *entry, enum pg_level level, enum tdx_page_type type, hpa_t tdr)
{
	uint64_t pages = pg_size(level) / PAGE_SIZE;
	for (uint64_t i = 0; i < pages; i++) {
		entry[i].level = type == TDX_PAGE_NDA ? PG_4K : (uint8_t)level;
		entry[i].owner = type == TDX_PAGE_NDA ? 0 : (uint32_t)(tdr.v / PAGE_SIZE);
		entry[i].bepoch = 0;
		/* Last: a page that is free may be taken at once. */
		__atomic_store_n(&entry[i].type, (uint8_t)type, __ATOMIC_RELEASE);
	}
}

void pamt_demote(struct pamt_entry *entry)
{
	for (unsigned i = 0; i < pg_size(PG_2M) / PAGE_SIZE; i++) {
		entry[i].level = PG_4K;
	}
}
