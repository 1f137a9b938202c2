; An AP before it arrives: it helps the boot processor, whenever that one asks, until the boot ends.
; SPDX-License-Identifier: BSD-2-Clause-Patent
;
;   reset --> ap_boot ---- the boot is over, or no stack for it ----> ap_start: arrives, is parked
;              |    ^
;       a round|    |
;              v    |
;            shim_ap: boot table, CR0.WP=1, its own stack, IDT
;
; What it waits for stands in the mailbox page, which is measured: no host can start a round. When
; the boot processor has started one, boot table and TempMem are made.
%include "arch/asm/macros.inc"

extern ap_mailbox
extern ap_start
extern shim_ap

section .text

; ap_boot: waits, works, and goes on to its arrival
; mode: 64-bit on the AP table, CR0.WP=0, no IDT; flat segments. in: ESI = vCPU index. out: ap_start
; with the same. clobbers: all. stack: none while it waits; in a round the vCPU's own of AP_STACKS
global ap_boot
bits 64
ap_boot:
	mov	ebp, esi
	cmp	ebp, AP_WORKERS + 1
	jae	ap_start
	xor	ebx, ebx
.wait:
	pause
	mov	edx, ap_mailbox
	load	eax, rdx, MAILBOX_BOOT_ROUND
	cmp	eax, ebx
	je	.wait
	mov	ebx, eax
	mov	esi, ebp
	cmp	eax, MAILBOX_BOOT_OVER
	je	ap_start
	mov	eax, BOOT_TABLES
	mov	cr3, rax
	mov	eax, CR0_PG | CR0_PE | CR0_NE | CR0_WP
	mov	cr0, rax
	mov	edi, ebp
	mov	esp, ebp
	shl	esp, AP_STACK_SHIFT
	add	esp, AP_STACKS
	call	shim_ap
	mov	eax, AP_TABLE
	mov	cr3, rax
	mov	eax, CR0_PG | CR0_PE | CR0_NE
	mov	cr0, rax
	jmp	.wait
