// The payload's own page table, and an independent walker that judges the firmware's tables.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/payload/payload_tables.h"

#include "arch/x86/paging.h"
#include "boot-tests/payload/guest.h"
#include "boot-tests/payload/report.h"
#include "linker/memmap.h"

#define UPPER_ENTRY (PTE_P | PTE_W | PTE_A)
#define LEAF_ENTRY (PTE_P | PTE_W | PTE_A | PTE_D | PTE_PS)
#define SHARED_VIEW_GIB 4

typedef uint64_t table_page[PT_ENTRIES] __attribute__((aligned(MEM_PAGE_SIZE)));

static table_page pml4, identity_pdpt, shared_pdpt;
static table_page identity_pds[TABLES_IDENTITY_GIB], shared_pds[SHARED_VIEW_GIB];

static void map_gigabytes(uint64_t *pdpt, table_page *pds, unsigned count, enum share share)
{
	for (unsigned gib = 0; gib < count; gib++) {
		pdpt[gib] = (uint64_t)pds[gib] | UPPER_ENTRY;
		for (unsigned i = 0; i < PT_ENTRIES; i++) {
			gpa_t page = gpa(gib * BIT64(30) + i * pg_size(PG_2M));

			pds[gib][i] = gpa_with_share(page, share, guest_gpaw()) | LEAF_ENTRY;
		}
	}
}

uint64_t tables_make_own(void)
{
	pml4[0] = (uint64_t)identity_pdpt | UPPER_ENTRY;
	map_gigabytes(identity_pdpt, identity_pds, TABLES_IDENTITY_GIB, SHARE_PRIVATE);
	if (guest_is_td()) {
		pml4[pt_index(TABLES_SHARED_VIEW, PG_512G)] = (uint64_t)shared_pdpt | UPPER_ENTRY;
		map_gigabytes(shared_pdpt, shared_pds, SHARED_VIEW_GIB, SHARE_SHARED);
	}
	return (uint64_t)pml4;
}

struct tables_step tables_walk(uint64_t cr3, uint64_t address)
{
	struct tables_step step = { .writable = true, .executable = true };
	uint64_t table = cr3 & PTE_ADDRESS;

	for (step.level = PG_512G;; step.level--) {
		EXPECT(table < FOUR_GIB, "page table at %lx for %lx", table, address);
		step.entry = ((const uint64_t *)table)[pt_index(address, step.level)];
		step.present = (step.entry & PTE_P) != 0;
		step.writable = step.writable && (step.entry & PTE_W) != 0;
		step.executable = step.executable && (step.entry & PTE_NX) == 0;
		if (!step.present || step.level == PG_4K || (step.entry & PTE_PS) != 0) {
			return step;
		}
		table = step.entry & PTE_ADDRESS;
	}
}
