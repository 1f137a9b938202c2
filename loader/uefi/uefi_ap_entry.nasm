; The first bytes of the AP path's page: what the application must know of it, and where an AP comes
; from the firmware's own loop.
; SPDX-License-Identifier: BSD-2-Clause-Patent
%include "arch/asm/macros.inc"

extern ap_start, ap_reset_vector
extern efi_success, efi_unsupported

bits 64

; struct uefi_ap_head
section .ap.head progbits alloc exec write align=16
global uefi_ap_head
uefi_ap_head:
	dd	uefi_ap_entry
	dd	ap_reset_vector
	dd	efi_success
	dd	efi_unsupported
; IMAGE_CONFIG_AP_STRICT or 0
global ap_flags
ap_flags:
	dd	0

; uefi_ap_entry: the wake-up vector of the firmware's mailbox
; mode: 64-bit on the firmware's table, which lets ring 0 write the mailbox page. in: nothing.
; out: ap_start with ESI = vCPU index, and CR4 without what forbids to leave 64-bit mode.
; clobbers: all. stack: none
; What TDG.VP.INFO returns ap_start asks once more, and looks at.
global uefi_ap_entry
uefi_ap_entry:
	cli
	mov	rax, cr4
	and	eax, CR4_LA57 | CR4_PAE | CR4_MCE
	mov	cr4, rax
	mov	eax, TDG_VP_INFO
	TDCALL
	mov	esi, r9d
	jmp	ap_start
