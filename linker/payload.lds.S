/*
 * The test payload: a bzImage by its header. One setup part, then the protected-mode part, which
 * runs where it is linked.
 * SPDX-License-Identifier: BSD-2-Clause-Patent
 */
#include "linker/memmap.h"

/* Boot sector and one setup sector, as the header's setup_sects says. */
#define SETUP_SIZE 0x400

ENTRY(payload_entry)

PHDRS
{
	image PT_LOAD FLAGS(7);
}

SECTIONS
{
	. = PAYLOAD_BASE - SETUP_SIZE;
	.setup : {
		. += 0x1F1;
		KEEP(*(.setup_header))
	} :image =0
	ASSERT(setup_header == PAYLOAD_BASE - SETUP_SIZE + 0x1F1, "setup header not at 0x1F1.")
	ASSERT(. <= PAYLOAD_BASE, "the setup header does not fit into its sectors.")

	. = PAYLOAD_BASE;
	.text : {
		KEEP(*(.entry))
		*(.text .text.* .ltext .ltext.*)
	} :image =0xCCCCCCCC
	.rodata : {
		*(.rodata .rodata.* .lrodata .lrodata.*)
		. = ALIGN(8);
		payload_cases = .;
		KEEP(*(.payload_cases))
		payload_cases_end = .;
	} :image
	.data : { *(.data .data.* .ldata .ldata.*) } :image
	ASSERT(. < PAYLOAD_BASE + PAYLOAD_FILE_SIZE, "the payload has outgrown its file size.")
	/* The file is as long as its header says. */
	. = PAYLOAD_BASE + PAYLOAD_FILE_SIZE - 1;
	.last_byte : { BYTE(0) } :image

	. = ALIGN(16);
	payload_bss = .;
	.bss (NOLOAD) : { *(.bss .bss.* .lbss .lbss.* COMMON) } :image
	payload_bss_end = .;
	ASSERT(. <= PAYLOAD_BASE + PAYLOAD_WINDOW, "the payload has outgrown its window.")

#include "linker/debug.inc"
	/DISCARD/ : { *(.comment .note* .eh_frame* .llvm_addrsig) }
}
