// The boot table, the hand-over table, and the descriptor tables of those on the boot table.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Boot table (W^X, CR0.WP=1): below 4 GiB, as linker/regions.def says of each region. Hand-over
// table: kernel window, in whole 2 MiB pages, and [4 KiB, 640 KiB), where Linux changes the paging
// mode, RWX; the last 2 MiB R+X but for the mailbox page; all else RW+NX.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/base/status.h"
#include "arch/x86/desc.h"
#include "arch/x86/frame.h"
#include "loader/memory/regions.h"

/* Builds the boot table; *root is for CR3. */
enum status tables_build_boot(bool td, unsigned gpaw, const struct region_bounds *bounds,
			      gpa_t *root) MUST_CHECK;
/* Leaves the AP table for the boot table and sets CR0.WP. */
enum status tables_enter_boot(bool td, unsigned gpaw, uint64_t image_size) MUST_CHECK;

#define SELECTOR_TSS 0x20
#define EXCEPTION_VECTORS 32

/* GDT with a TSS, guarded stacks of #DF and #MC, IDT with all 32 vectors. The CPU reads them as
 * long as they are loaded, and marks the TSS busy. */
struct descriptors {
	uint64_t gdt[SELECTOR_TSS / 8 + 2];
	struct tss64 tss;
	struct idt_gate idt[EXCEPTION_VECTORS];
};

/* out stays where it is; the stub of vector n is n * EXCEPTION_STUB_SIZE after stubs. The upper
 * half of ist is the stack of #DF, the lower one that of #MC. */
void tables_fill_descriptors(struct descriptors *out, uint64_t stubs, struct gpa_range ist);
/* Fills and loads those of this vCPU, which is on the boot table: the boot processor, 0, or an AP
 * with a stack, 1 to AP_WORKERS. */
void tables_load_descriptors(uint32_t vcpu);

/* Builds the hand-over table; *root is for CR3. window grows to whole 2 MiB pages. */
enum status tables_build_handover(struct gpa_range window, gpa_t *root) MUST_CHECK;
