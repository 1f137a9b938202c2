// Writer of the shared EPT, in x86 format: 2 MiB where a whole block is shared, else 4 KiB.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/vmm/mmu/shared_table.h"

#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "arch/x86/paging.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/vmm/init/frames.h"

#define BLOCK_SIZE UINT64_C(0x200000)
/* Accessed and dirty are preset: the CPU need not write here. */
#define LINK (PTE_P | PTE_W | PTE_U | PTE_A)
#define LEAF (LINK | PTE_D)

static uint64_t *new_table(void)
{
	uint64_t *entries = hpa_ptr(frames_take_page());
	memset(entries, 0, pg_size(PG_4K));
	return entries;
}

/* One store, so that another CPU's walk sees the old entry or the new one. */
static void set_entry(uint64_t *entry, uint64_t value)
{
	__atomic_store_n(entry, value, __ATOMIC_RELEASE);
}

static bool any_ram(const struct td_memory *memory, uint64_t block)
{
	return td_memory_is_ram(memory, block); /* RAM begins with a block */
}

static bool all_ram(const struct td_memory *memory, uint64_t block)
{
	return td_memory_is_ram(memory, block + BLOCK_SIZE - pg_size(PG_4K));
}

static void fill_pages(const struct shared_table *table, uint64_t *pages, uint64_t base,
		       const uint64_t shared[8])
{
	uint64_t backing = shared_table_backing(table, gpa(base)).v;
	for (unsigned i = 0; i < PT_ENTRIES; i++) {
		uint64_t offset = i * pg_size(PG_4K);
		bool is_shared = (shared[i / 64] & BIT64(i % 64)) != 0;
		bool is_ram = td_memory_is_ram(&table->memory, base + offset);
		uint64_t value = is_shared ? (backing + offset) | LEAF :
				 is_ram    ? NPT_SUPPRESS_VE :
					     0;
		if (pages[i] != value) {
			set_entry(&pages[i], value);
		}
	}
}

/* The last block of a part of RAM that is no multiple of 2 MiB: devices stand after it. */
static uint64_t mixed_block(const struct shared_table *table, uint64_t base)
{
	static const uint64_t none_shared[8];
	uint64_t *pages = new_table();
	fill_pages(table, pages, base, none_shared);
	return ptr_hpa(pages).v | LINK;
}

hpa_t shared_table_backing(const struct shared_table *table, gpa_t address)
{
	const struct shared_backing *backing = &table->backing;
	bool upper =
		backing->upper.v != 0 && address.v >= TD_LOW_MEMORY_SPLIT && address.v < FOUR_GIB;
	return hpa(upper ? backing->upper.v + (address.v - TD_LOW_MEMORY_SPLIT) :
			   backing->base.v + address.v);
}

void shared_table_init(struct shared_table *table, struct shared_backing backing,
		       const struct td_memory *memory, enum pg_level top)
{
	CHECK(is_aligned(backing.base.v | backing.upper.v, BLOCK_SIZE));
	table->backing = backing;
	table->memory = *memory;
	uint64_t *gibs = new_table();
	table->root = ptr_hpa(gibs);
	table->top = top;
	for (enum pg_level level = PG_512G; level <= top; level++) {
		uint64_t *above = new_table();
		above[0] = table->root.v | LINK;
		table->root = ptr_hpa(above);
	}
	for (unsigned gib = 0; gib < SHARED_TABLE_GIBS; gib++) {
		table->directory[gib] = new_table();
		gibs[gib] = ptr_hpa(table->directory[gib]).v | LINK;
		for (unsigned i = 0; i < PT_ENTRIES; i++) {
			uint64_t address = gib * pg_size(PG_1G) + i * BLOCK_SIZE;
			if (all_ram(memory, address)) {
				table->directory[gib][i] = NPT_SUPPRESS_VE;
			} else if (any_ram(memory, address)) {
				table->directory[gib][i] = mixed_block(table, address);
			}
		}
	}
}

static bool links_pages(uint64_t entry)
{
	return (entry & PTE_P) != 0 && (entry & PTE_PS) == 0;
}

void shared_table_destroy(struct shared_table *table)
{
	if (table->root.v == 0) {
		return;
	}
	for (unsigned gib = 0; gib < SHARED_TABLE_GIBS; gib++) {
		uint64_t *directory = table->directory[gib];
		for (unsigned i = 0; i < PT_ENTRIES; i++) {
			if (links_pages(directory[i])) {
				frames_give_page(hpa(directory[i] & PTE_ADDRESS));
			}
		}
		frames_give_page(ptr_hpa(directory));
	}
	for (enum pg_level level = table->top; level >= PG_1G; level--) {
		const uint64_t *above = hpa_ptr(table->root);
		hpa_t below = hpa(above[0] & PTE_ADDRESS);
		frames_give_page(table->root);
		table->root = below;
	}
	memset(table, 0, sizeof(*table));
}

void shared_table_update(struct shared_table *table, gpa_t base, const uint64_t shared[8])
{
	CHECK(is_aligned(base.v, BLOCK_SIZE) && base.v / pg_size(PG_1G) < SHARED_TABLE_GIBS);
	uint64_t *entry = &table->directory[base.v / pg_size(PG_1G)][pt_index(base.v, PG_2M)];
	uint64_t backing = shared_table_backing(table, base).v;
	uint64_t all = UINT64_MAX;
	uint64_t any = 0;
	for (unsigned i = 0; i < 8; i++) {
		all &= shared[i];
		any |= shared[i];
	}
	if (links_pages(*entry)) {
		fill_pages(table, hpa_ptr(hpa(*entry & PTE_ADDRESS)), base.v, shared);
	} else if (all == UINT64_MAX) {
		set_entry(entry, backing | LEAF | PTE_PS);
	} else if (any == 0) {
		set_entry(entry, NPT_SUPPRESS_VE);
	} else {
		uint64_t *pages = new_table();
		fill_pages(table, pages, base.v, shared);
		set_entry(entry, ptr_hpa(pages).v | LINK);
	}
}
