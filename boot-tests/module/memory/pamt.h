// The physical address metadata table: type, owner and size of each page, one entry for 4 KiB.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5 PAMT_ENTRY, page types]
//
// Every page that becomes part of a TD is taken through pamt_open_free() and pamt_assign(), so that
// no page has two owners. A 2 MiB page is 512 entries of level PG_2M; its lock and BEPOCH are those
// of the first.
#pragma once

#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/tdx/module.h"
#include "boot-tests/module/lock.h"

struct pamt_entry {
	uint8_t type;  /* enum tdx_page_type */
	uint8_t level; /* enum pg_level */
	sharex_t lock;
	uint32_t owner; /* page number of the TDR, 0 when there is none */
	uint64_t bepoch;
};

#define PAMT_ENTRY_SIZE 16

/* One TD memory region. Its PAMTs lie in the memory that the host has given for them. */
struct tdmr {
	uint64_t base, size;
	uint64_t next; /* entries below are made; grows under the lock, read without */
	struct pamt_entry *pamt_4k;
	sharex_t lock;
	struct tdmr_reserved reserved[TDX_MAX_RESERVED_PER_TDMR];
};

/* Forgets all TDMRs. */
void pamt_reset(void);
/* TDMRs that TDH.SYS.CONFIG has checked. */
void pamt_configure(const struct tdmr_info *tdmrs, unsigned count);
/* The TDMR that starts at base, or null. */
struct tdmr *pamt_tdmr(uint64_t base);
/* By number from 0 on; null after the last. */
const struct tdmr *pamt_tdmr_at(unsigned index);
/* Makes the next PAMT_INIT_ENTRIES entries, which there are; the caller holds the lock. */
#define PAMT_INIT_ENTRIES 1024
void pamt_init_entries(struct tdmr *tdmr);

/* The entry of the first page from *page on that is not free or is locked, and then its address in
 * *page; null: there is none in the TDMR. */
const struct pamt_entry *pamt_next_used(const struct tdmr *tdmr, uint64_t *page);

/* Null outside the TDMRs, and in a GiB whose entries are not all made. */
struct pamt_entry *pamt_find(hpa_t page);

/*
 * Checks a page operand and locks its entry: OPERAND_INVALID, OPERAND_ADDR_RANGE_ERROR (in no
 * TDMR), OPERAND_BUSY or PAGE_METADATA_INCORRECT (also in a reserved area), each with operand.
 */
uint64_t pamt_open(uint64_t raw, uint32_t operand, enum tdx_page_type type, enum lock_mode mode,
		   struct pamt_entry **out);
/* The same, exclusive, for a page of level that has to be free as a whole; pamt_close_free(). */
uint64_t pamt_open_free(uint64_t raw, uint32_t operand, enum pg_level level,
			struct pamt_entry **out);
void pamt_close(struct pamt_entry *entry, enum lock_mode mode);
void pamt_close_free(struct pamt_entry *entry, enum pg_level level);

/* Gives a page, whose entry is locked exclusive, to a TD; type TDX_PAGE_NDA sets it free. */
void pamt_assign(struct pamt_entry *entry, enum pg_level level, enum tdx_page_type type, hpa_t tdr);
/* Makes one 2 MiB page 512 pages of 4 KiB with the same owner, or those one page again; false: the
 * 2 MiB are locked. */
bool pamt_demote(struct pamt_entry *entry);
bool pamt_promote(struct pamt_entry *entry);

static inline hpa_t pamt_owner(const struct pamt_entry *entry)
{
	return hpa((uint64_t)entry->owner * 4096);
}
