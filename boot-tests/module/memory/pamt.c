// The physical address metadata table: type, owner and size of each page, one entry for 4 KiB.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/module/memory/pamt.h"

#include <stddef.h>

#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/page_marks.h"
#include "boot-tests/module/memory/key_address.h"

#define PAGE_SIZE 4096
/* Entries in a page of the PAMT. */
#define PAGE_ENTRIES (PAGE_SIZE / PAMT_ENTRY_SIZE)

/* The metadata field PAMT_4K_ENTRY_SIZE says this. */
_Static_assert(sizeof(struct pamt_entry) == PAMT_ENTRY_SIZE, "the host pays 16 bytes for 4 KiB.");

static struct tdmr tdmrs[TDX_MAX_TDMRS];
static unsigned tdmr_count;

void pamt_reset(void)
{
	tdmr_count = 0;
}

void pamt_configure(const struct tdmr_info *infos, unsigned count)
{
	CHECK(count <= TDX_MAX_TDMRS);
	for (unsigned i = 0; i < count; i++) {
		const struct tdmr_info *info = &infos[i];
		tdmrs[i] = (struct tdmr){
			.base = info->base,
			.size = info->size,
			.next = info->base,
			.pamt_4k = hpa_ptr(hpa(info->pamt_4k_base)),
		};
		memcpy(tdmrs[i].reserved, info->reserved, sizeof(info->reserved));
	}
	__atomic_store_n(&tdmr_count, count, __ATOMIC_RELEASE);
}

struct tdmr *pamt_tdmr(uint64_t base)
{
	for (unsigned i = 0; i < tdmr_count; i++) {
		if (tdmrs[i].base == base) {
			return &tdmrs[i];
		}
	}
	return NULL;
}

const struct tdmr *pamt_tdmr_at(unsigned index)
{
	return index < tdmr_count ? &tdmrs[index] : NULL;
}

/* Marks what an area reserves of the entries [first, end). */
static void reserve_entries(struct tdmr *tdmr, const struct tdmr_reserved *area, uint64_t first,
			    uint64_t end)
{
	uint64_t from = area->offset / PAGE_SIZE;
	uint64_t to = from + area->size / PAGE_SIZE;
	from = from > first ? from : first;
	to = to < end ? to : end;
	for (uint64_t i = from; i < to; i++) {
		tdmr->pamt_4k[i].type = TDX_PAGE_RSVD;
	}
}

/* All zero: of nobody, of no size, not locked. */
static bool is_free(const struct pamt_entry *entry)
{
	uint64_t words[2];
	_Static_assert(sizeof(words) == sizeof(*entry) && TDX_PAGE_NDA == 0, "An entry is those.");
	memcpy(words, entry, sizeof(words));
	return (words[0] | words[1]) == 0;
}

/* Is index the first of a page of entries to which nobody has stored, so that all are free? It
 * spares QEMU that memory, and whoever looks for an entry the time for what no TD has used. */
static bool page_is_free(const struct tdmr *tdmr, uint64_t index)
{
	_Static_assert(PAMT_INIT_ENTRIES % PAGE_ENTRIES == 0, "Whole pages are made.");
	return index % PAGE_ENTRIES == 0 && page_untouched(ptr_hpa(&tdmr->pamt_4k[index]), PG_4K);
}

void pamt_init_entries(struct tdmr *tdmr)
{
	uint64_t first = (tdmr->next - tdmr->base) / PAGE_SIZE;
	uint64_t end = first + PAMT_INIT_ENTRIES;
	for (uint64_t i = first; i < end; i += PAGE_ENTRIES) {
		if (!page_is_free(tdmr, i)) {
			memset(&tdmr->pamt_4k[i], 0, PAGE_SIZE);
		}
	}
	for (unsigned i = 0; i < TDX_MAX_RESERVED_PER_TDMR; i++) {
		reserve_entries(tdmr, &tdmr->reserved[i], first, end);
	}
	__atomic_store_n(&tdmr->next, tdmr->base + end * PAGE_SIZE, __ATOMIC_RELEASE);
}

/* Where the GiBs end whose entries are all made. */
static uint64_t made_end(const struct tdmr *tdmr)
{
	return align_down(__atomic_load_n(&tdmr->next, __ATOMIC_ACQUIRE), TDX_TDMR_ALIGN);
}

const struct pamt_entry *pamt_next_used(const struct tdmr *tdmr, uint64_t *page)
{
	uint64_t end = (made_end(tdmr) - tdmr->base) / PAGE_SIZE;
	uint64_t skipped;
	for (uint64_t i = (*page - tdmr->base) / PAGE_SIZE; i < end; i += skipped) {
		skipped = page_is_free(tdmr, i) ? PAGE_ENTRIES : 1;
		if (skipped == 1 && !is_free(&tdmr->pamt_4k[i])) {
			*page = tdmr->base + i * PAGE_SIZE;
			return &tdmr->pamt_4k[i];
		}
	}
	return NULL;
}

struct pamt_entry *pamt_find(hpa_t page)
{
	for (unsigned i = 0; i < tdmr_count; i++) {
		struct tdmr *tdmr = &tdmrs[i];
		if (page.v >= tdmr->base && page.v < made_end(tdmr)) {
			return &tdmr->pamt_4k[(page.v - tdmr->base) / PAGE_SIZE];
		}
	}
	return NULL;
}

static uint64_t find_operand(uint64_t raw, uint32_t operand, enum pg_level level,
			     struct pamt_entry **out)
{
	if (!is_aligned(raw, pg_size(level)) || raw >= key_address_end()) {
		return TDX_OPERAND_INVALID | operand;
	}
	*out = pamt_find(hpa(raw));
	if (*out == NULL) {
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
			status = TDX_PAGE_METADATA_INCORRECT | operand;
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

/* The first entry's lock is that of the 2 MiB. */
static bool resize(struct pamt_entry *entry, enum pg_level level)
{
	if (!lock_try(&entry->lock, LOCK_EXCLUSIVE)) {
		return false;
	}
	for (unsigned i = 0; i < pg_size(PG_2M) / PAGE_SIZE; i++) {
		entry[i].level = (uint8_t)level;
		entry[i].bepoch = 0;
	}
	lock_release(&entry->lock, LOCK_EXCLUSIVE);
	return true;
}

bool pamt_demote(struct pamt_entry *entry)
{
	return resize(entry, PG_4K);
}

bool pamt_promote(struct pamt_entry *entry)
{
	return resize(entry, PG_2M);
}
