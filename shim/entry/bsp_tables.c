// Makes the page tables and descriptor tables of the boot processor; bsp_tables_enter.c loads them.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/entry/bsp_tables.h"

#include "arch/x86/cpu.h"
#include "linker/memmap.h"
#include "loader/table/handover_table.h"
#include "loader/table/pagetable.h"
#include "shim/refusal.h"

#define TSS_AVAILABLE 0x89
#define IST_DOUBLE_FAULT 1
#define IST_MACHINE_CHECK 2

static struct pt_arena arena_at(uint64_t base, size_t size)
{
	return (struct pt_arena){ (uint64_t *)base, gpa(base), size / MEM_PAGE_SIZE };
}

enum status tables_build_boot(bool td, unsigned gpaw, const struct region_bounds *bounds,
			      gpa_t *root)
{
	struct pt_map maps[REGIONS_MAPS_MAX];
	size_t count = regions_boot_maps(td, bounds, maps);
	struct pt_arena arena = arena_at(BOOT_TABLES, BOOT_TABLES_SIZE);
	size_t used;
	enum status status = pt_build(&arena, maps, count, gpaw, root, &used);
	if (status != ST_OK) {
		return refuse(status, "boot table: image of 0x%lx bytes, GPAW %u",
			      FOUR_GIB - bounds->image, gpaw);
	}
	return ST_OK;
}

enum status tables_build_handover(struct gpa_range window, gpa_t *root)
{
	/* The last 2 MiB hold the code that leaves. A payload without tables of its own wakes APs,
	 * too. */
	const struct handover_piece pieces[] = {
		{ { gpa(FOUR_GIB - pg_size(PG_2M)), pg_size(PG_2M) }, PT_RX },
		{ { gpa(MAILBOX), MEM_PAGE_SIZE }, PT_RW },
	};
	struct pt_arena arena = arena_at(HANDOVER_TABLES, HANDOVER_TABLES_SIZE);
	enum status status =
		handover_table_build(&arena, window, pieces, ARRAY_COUNT(pieces), root);
	if (status != ST_OK) {
		return refuse(status, "hand-over table: kernel window 0x%lx to 0x%lx",
			      window.base.v, gpa_range_end(window));
	}
	return ST_OK;
}

static struct idt_gate gate_to(uint64_t handler, uint8_t ist)
{
	return (struct idt_gate){
		.offset_low = (uint16_t)field_get(MASK64(15, 0), handler),
		.selector = SELECTOR_CODE64,
		.ist = ist,
		.type = IDT_INTERRUPT_GATE,
		.offset_mid = (uint16_t)field_get(MASK64(31, 16), handler),
		.offset_high = (uint32_t)field_get(MASK64(63, 32), handler),
	};
}

static uint8_t ist_of(unsigned vector)
{
	switch (vector) {
	case VECTOR_DF:
		return IST_DOUBLE_FAULT;
	case VECTOR_MC:
		return IST_MACHINE_CHECK;
	default:
		return 0;
	}
}

void tables_fill_descriptors(struct descriptors *out, uint64_t stubs, struct gpa_range ist)
{
	uint64_t base = (uintptr_t)&out->tss;
	out->tss.ist[IST_DOUBLE_FAULT - 1] = gpa_range_end(ist);
	out->tss.ist[IST_MACHINE_CHECK - 1] = gpa_range_end(ist) - ist.size / 2;
	out->tss.io_map_base = sizeof(out->tss);

	out->gdt[SELECTOR_CODE32 / 8] = GDT_CODE32;
	out->gdt[SELECTOR_CODE64 / 8] = GDT_CODE64;
	out->gdt[SELECTOR_DATA / 8] = GDT_DATA;
	out->gdt[SELECTOR_TSS / 8] = field_put(MASK64(15, 0), sizeof(out->tss) - 1) |
				     field_put(MASK64(39, 16), base) |
				     field_put(MASK64(47, 40), TSS_AVAILABLE) |
				     field_put(MASK64(63, 56), field_get(MASK64(31, 24), base));
	out->gdt[SELECTOR_TSS / 8 + 1] = field_get(MASK64(63, 32), base);

	for (unsigned vector = 0; vector < EXCEPTION_VECTORS; vector++) {
		out->idt[vector] = gate_to(stubs + vector * EXCEPTION_STUB_SIZE, ist_of(vector));
	}
}
