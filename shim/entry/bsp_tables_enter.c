// Puts the boot processor on its tables.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/x86/cpu.h"
#include "arch/x86/insn.h"
#include "shim/entry/bsp_tables.h"

/* Linker script. */
extern char shim_base[];
extern char shim_rodata[];
/* exception.inc */
extern char exception_stubs[];

enum status tables_enter_boot(bool td, unsigned gpaw, uint64_t image_size)
{
	const struct region_bounds bounds = { FOUR_GIB - image_size, (uintptr_t)shim_base,
					      (uintptr_t)shim_rodata };
	gpa_t root;
	TRY(tables_build_boot(td, gpaw, &bounds, &root));
	insn_write_cr3(root.v);
	insn_write_cr0(insn_read_cr0() | CR0_WP);
	return ST_OK;
}

void tables_load_descriptors(void)
{
	static struct descriptors tables;
	tables_fill_descriptors(&tables, (uintptr_t)exception_stubs);
	insn_lgdt(&(struct desc_pointer){ sizeof(tables.gdt) - 1, (uintptr_t)tables.gdt });
	insn_ltr(SELECTOR_TSS);
	insn_lidt(&(struct desc_pointer){ sizeof(tables.idt) - 1, (uintptr_t)tables.idt });
}
