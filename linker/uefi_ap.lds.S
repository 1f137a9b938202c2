/*
 * The AP path that the UEFI application puts below 4 GiB: AP table, mailbox, and a page of code, as
 * in the shim's image. It is linked at UEFI_AP_BASE: at 0 for the application, which moves it to
 * where the firmware has memory, and to end at 4 GiB for the tests.
 * SPDX-License-Identifier: BSD-2-Clause-Patent
 */
#include "linker/memmap.h"

ENTRY(uefi_ap_head)

PHDRS
{
	piece PT_LOAD FLAGS(7);
}

SECTIONS
{
	. = UEFI_AP_BASE;
	.ap_table : { ap_table = .; . += AP_TABLE_SIZE; } :piece =0
	.mailbox : { ap_mailbox = .; . += MAILBOX_SIZE; } :piece =0
	.code : {
		KEEP(*(.ap.head)) KEEP(*(.ap.text)) KEEP(*(.efi.text))
		/* To the end of the page, which it must not exceed. */
		. = UEFI_AP_BASE + UEFI_AP_SIZE;
	} :piece =0

	.rela : { *(.rela.*) }
#include "linker/debug.inc"
	/DISCARD/ : { *(.comment .note* .eh_frame* .llvm_addrsig) }
}
