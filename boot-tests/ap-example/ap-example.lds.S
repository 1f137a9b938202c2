/*
 * The example firmware: what Lintel's AP path needs, at addresses of its own.
 * SPDX-License-Identifier: BSD-2-Clause-Patent
 */
#include "layout.h"
#include "linker/memmap.h"

ENTRY(reset_vector)

PHDRS
{
	image PT_LOAD FLAGS(5);
	ram PT_LOAD FLAGS(6);
}

SECTIONS
{
	. = EXAMPLE_IMAGE;
	.text : { *(.text .text.* .ltext .ltext.*) } :image =0xCCCCCCCC
	.rodata : { *(.rodata .rodata.* .lrodata .lrodata.*) } :image
	ASSERT(. <= EXAMPLE_AP_CODE, "text and constants reach into the AP path's page.")

	. = EXAMPLE_AP_CODE;
	.ap_text : { KEEP(*(.ap.text)) } :image =0
	ASSERT(. <= EXAMPLE_AP_CODE + MEM_PAGE_SIZE, "the AP path must lie within one page.")

	. = EXAMPLE_MAILBOX;
	.mailbox : { ap_mailbox = .; . += MAILBOX_SIZE; } :image =0

	. = EXAMPLE_AP_TABLE;
	.ap_table : { KEEP(*(.ap_table)) } :image
	ASSERT(SIZEOF(.ap_table) == AP_TABLE_SIZE, "size of the AP table.")

	. = EXAMPLE_RESET;
	.tdvf : { KEEP(*(.tdvf)) } :image =0
	.reset_code : { KEEP(*(.reset.text)) } :image =0
	/* td-shim's way to find the TDX metadata. */
	. = EXAMPLE_TDVF_POINTER;
	.tdvf_pointer : { LONG(tdvf_descriptor - EXAMPLE_IMAGE) } :image =0
	. = RESET_VECTOR;
	.reset_vector : { KEEP(*(.reset.vector)) } :image =0
	ASSERT(. == EXAMPLE_IMAGE + EXAMPLE_IMAGE_SIZE, "the image must end at 4 GiB.")

	.data : { *(.data .data.* .ldata .ldata.*) } :ram
	ASSERT(SIZEOF(.data) == 0, "initialised data would need a copy in RAM.")
	. = EXAMPLE_RAM;
	example_bss = .;
	.bss (NOLOAD) : { *(.bss .bss.* .lbss .lbss.* COMMON) } :ram
	example_bss_end = .;
	ASSERT(. <= EXAMPLE_RAM + EXAMPLE_RAM_SIZE - EXAMPLE_STACK_SIZE, "no room for the stack.")
	example_stack = EXAMPLE_RAM + EXAMPLE_RAM_SIZE;

#include "linker/debug.inc"
	/DISCARD/ : { *(.comment .note* .eh_frame* .llvm_addrsig) }
}
