/*
 * The shim: pages that end at 4 GiB, and its .bss in low memory. Addresses come from memmap.h; the
 * first page is where the size of text and constants puts it.
 * SPDX-License-Identifier: BSD-2-Clause-Patent
 */
#include "linker/memmap.h"

ENTRY(reset_vector)

PHDRS
{
	image PT_LOAD FLAGS(5);
	bss PT_LOAD FLAGS(6);
}

SECTIONS
{
	shim_base = AP_TABLE - ALIGN(SIZEOF(.rodata), MEM_PAGE_SIZE) -
		    ALIGN(SIZEOF(.text), MEM_PAGE_SIZE);
	ASSERT(shim_base >= SHIM_BASE_MIN, "shim text and constants have exceeded their budget.")
	. = shim_base;
	.text : { *(.text .text.* .ltext .ltext.*) } :image =0xCCCCCCCC
	. = ALIGN(MEM_PAGE_SIZE);
	shim_rodata = .;
	.rodata : { *(.rodata .rodata.* .lrodata .lrodata.*) } :image =0

	/* The loader builds the AP table on the host and writes it here. */
	. = AP_TABLE;
	.ap_table : { ap_table = .; . += AP_TABLE_SIZE; } :image =0
	/* Zero in the measured image. */
	. = MAILBOX;
	.mailbox : { ap_mailbox = .; . += MAILBOX_SIZE; } :image =0

	/* The reset page. What lies between the code and the vector is the loader's: TDX metadata
	 * and the GUIDed table. It is zero here. */
	. = RESET_PAGE;
	.reset_config : { KEEP(*(.reset.config)) } :image =0
	. = RESET_CODE;
	.reset_code : { KEEP(*(.reset.text)) KEEP(*(.ap.text)) KEEP(*(.efi.text)) } :image =0
	ASSERT(. <= TDVF_METADATA, "the entry code has grown into the TDX metadata.")
	. = RESET_VECTOR;
	.reset_vector : { KEEP(*(.reset.vector)) } :image =0
	ASSERT(. == RESET_PAGE + MEM_PAGE_SIZE, "the reset page must end at 4 GiB.")

	/* Initialised data would stand in ROM on a plain VM: there is none. */
	.data : { *(.data .data.* .ldata .ldata.*) } :bss
	ASSERT(SIZEOF(.data) == 0, "the shim has initialised data: make it const or set it.")
	. = SHIM_DATA;
	.bss (NOLOAD) : { *(.bss .bss.* .lbss .lbss.* COMMON) } :bss
	ASSERT(. <= SHIM_DATA + SHIM_DATA_SIZE, "the shim's .bss has exceeded its window.")

#include "linker/debug.inc"
	/DISCARD/ : { *(.comment .note* .eh_frame* .llvm_addrsig) }
}
