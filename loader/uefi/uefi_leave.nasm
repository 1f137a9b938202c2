; The way from the firmware's page table to the payload.
; SPDX-License-Identifier: BSD-2-Clause-Patent
%include "arch/asm/macros.inc"

bits 64
default rel

; What must be mapped on both tables: one page has all of it.
section .text align=256
global uefi_leave_page
uefi_leave_page:

; Never written: the accessed bits are set, and no TSS is in it. Selectors of Linux's boot protocol.
gdt:
	dq	0
	dq	GDT_CODE32
	dq	GDT_CODE64
	dq	GDT_DATA
gdt_end:

; _Noreturn void uefi_leave(uint64_t entry, uint64_t rsi, uint64_t cr3)
; mode: 64-bit, 4 levels, on the firmware's tables. in: RDI = entry, RSI = its RSI, RDX = table that
; maps this page. out: entry with RSI, IF=0, DF=0, CS = SELECTOR_CODE64, DS = ES = SS =
; SELECTOR_DATA. stack: the firmware's, not used once the table is loaded
; The table has NX bits. EFER is written only where the firmware has it without them: in a TD it
; never is.
global uefi_leave
uefi_leave:
	cli
	cld
	mov	rbp, rdx
	mov	ecx, MSR_EFER
	rdmsr
	test	eax, EFER_NXE
	jnz	.has_nx
	or	eax, EFER_NXE
	wrmsr
.has_nx:
	lea	rax, [gdt]
	push	rax
	sub	rsp, 8
	mov	word [rsp + 6], gdt_end - gdt - 1
	lgdt	[rsp + 6]
	mov	eax, SELECTOR_DATA
	mov	ds, eax
	mov	es, eax
	mov	ss, eax
	lea	rax, [.reload]
	push	SELECTOR_CODE64
	push	rax
	retfq
.reload:
	xor	eax, eax
	mov	fs, eax
	mov	gs, eax
	mov	cr3, rbp
	xor	ebp, ebp
	jmp	rdi
	; None; an error when it is larger than its alignment, as it might then be in two pages.
	times -(($ - uefi_leave_page) / 257) db 0
