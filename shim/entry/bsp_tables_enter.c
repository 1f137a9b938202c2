// Puts the boot processor, and APs that help it, on their tables.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/base/check.h"
#include "arch/x86/cpu.h"
#include "arch/x86/insn.h"
#include "linker/memmap.h"
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
	/* ap_boot.nasm */
	CHECK(root.v == BOOT_TABLES);
	insn_write_cr3(root.v);
	insn_write_cr0(insn_read_cr0() | CR0_WP);
	return ST_OK;
}

/* The stacks of #DF and #MC; of an AP the second page of its area. */
static struct gpa_range ist_stack_of(uint32_t vcpu)
{
	if (vcpu == 0) {
		return (struct gpa_range){ gpa(IST_STACK), IST_STACK_SIZE };
	}
	uint64_t area = AP_STACKS + (uint64_t)(vcpu - 1) * AP_STACK_AREA;
	return (struct gpa_range){ gpa(area + MEM_PAGE_SIZE), MEM_PAGE_SIZE };
}

void tables_load_descriptors(uint32_t vcpu)
{
	static struct descriptors all[1 + AP_WORKERS];
	CHECK(vcpu <= AP_WORKERS);
	struct descriptors *tables = &all[vcpu];
	tables_fill_descriptors(tables, (uintptr_t)exception_stubs, ist_stack_of(vcpu));
	insn_lgdt(&(struct desc_pointer){ sizeof(tables->gdt) - 1, (uintptr_t)tables->gdt });
	insn_ltr(SELECTOR_TSS);
	insn_lidt(&(struct desc_pointer){ sizeof(tables->idt) - 1, (uintptr_t)tables->idt });
}
