/*
 * The TDX machine: a small stub in low memory, all the rest at MACHINE_AT, MACHINE_BASE or
 * MACHINE_BASE_HIGH of memmap.h as the Makefile says.
 * SPDX-License-Identifier: BSD-2-Clause-Patent
 */
#include "linker/memmap.h"

ENTRY(stub_entry)

PHDRS
{
	stub PT_LOAD FLAGS(7);
	machine PT_LOAD FLAGS(7);
	bss PT_LOAD FLAGS(6);
}

SECTIONS
{
	. = MACHINE_STUB;
	.stub : { KEEP(*(.stub)) } :stub
	.stub_bss : { *(.stub_bss) } :stub

	. = MACHINE_AT;
	machine_base = .;
	.text : { *(.text .text.* .ltext .ltext.*) } :machine =0xCCCCCCCC
	. = ALIGN(MEM_PAGE_SIZE);
	machine_text_end = .;
	.rodata : { *(.rodata .rodata.* .lrodata .lrodata.*) } :machine
	. = ALIGN(MEM_PAGE_SIZE);
	machine_rodata_end = .;
	.data : { *(.data .data.* .ldata .ldata.*) } :machine
	.bss : { *(.bss .bss.* .lbss .lbss.* COMMON) } :bss
	ASSERT(stub_entry == MACHINE_STUB, "rom.nasm jumps to MACHINE_STUB.")
	/* Not in the file: QEMU would clear the stacks of CPUs that it has not. */
	. = ALIGN(MEM_PAGE_SIZE);
	cpu_stacks = .;
	ASSERT(. + MACHINE_MAX_CPUS * MACHINE_STACK_SIZE <= machine_base + MACHINE_WINDOW,
	       "the machine does not fit its window.")

#include "linker/debug.inc"
	/DISCARD/ : { *(.comment .note.GNU* .eh_frame* .llvm_addrsig) }
}
