/*
 * The UEFI application: a shared object at 0 that becomes a PE file. Section names have at most 8
 * letters, as PE's do; each is either writable or executable.
 * SPDX-License-Identifier: BSD-2-Clause-Patent
 */
#include "linker/memmap.h"

ENTRY(_start)

PHDRS
{
	text PT_LOAD FLAGS(5);
	rodata PT_LOAD FLAGS(4);
	data PT_LOAD FLAGS(6);
	dynamic PT_DYNAMIC FLAGS(4);
}

SECTIONS
{
	/* gnu-efi's crt0 asks for it. */
	ImageBase = 0;

	. = MEM_PAGE_SIZE;
	.text : { *(.text .text.*) KEEP(*(.exit)) } :text =0xCCCCCCCC
	. = ALIGN(MEM_PAGE_SIZE);
	.rodata : { *(.rodata .rodata.*) } :rodata
	. = ALIGN(MEM_PAGE_SIZE);
	/* Of crt0: an image without it is not relocatable for UEFI. It relocates nothing. */
	.reloc : { KEEP(*(.reloc)) } :rodata
	. = ALIGN(MEM_PAGE_SIZE);
	/* With what crt0 changes, and .bss: some firmwares take no PE section without bytes. */
	.data : { *(.data .data.* .got .got.plt) *(.bss .bss.* COMMON) } :data
	. = ALIGN(MEM_PAGE_SIZE);
	.dynamic : { *(.dynamic) } :data :dynamic
	. = ALIGN(MEM_PAGE_SIZE);
	.rela : { *(.rela.dyn .rela.*) } :rodata

	/* What a shared object must have and no PE file gets. */
	.dynsym : { *(.dynsym) } :rodata
	.dynstr : { *(.dynstr) } :rodata
	.hash : { *(.hash) } :rodata

#include "linker/debug.inc"
	/DISCARD/ : { *(.comment .note* .eh_frame* .llvm_addrsig) }
}
