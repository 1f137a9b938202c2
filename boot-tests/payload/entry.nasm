; Entry of the payload's first CPU and of each AP that it wakes, and the exception stubs.
; SPDX-License-Identifier: BSD-2-Clause-Patent
%include "arch/asm/macros.inc"

bits 64
default rel

extern payload_bss, payload_bss_end, payload_main
extern ap_main, ap_cr3, ap_stack, ap_store_target

section .entry exec
; The 32-bit entry stands here; there is none.
	ud2
	times 0x200 - ($ - $$) db 0xCC

; mode: 64-bit, identity map, IF=0. in: RSI = boot_params.
global payload_entry
payload_entry:
	lea	rdi, [payload_bss]
	lea	rcx, [payload_bss_end]
	sub	rcx, rdi
	xor	eax, eax
	rep stosb
	lea	rsp, [stack_end]
	mov	[entry_segments + 0], cs
	mov	[entry_segments + 2], ss
	mov	[entry_segments + 4], ds
	mov	[entry_segments + 6], es
	mov	rdi, rsi
	call	read_state
	call	payload_main
	ud2

; out: RSI = CR0, RDX = CR3, RCX = CR4, R8 = EFER, R9 = RFLAGS. clobbers: RAX.
read_state:
	pushfq
	pop	r9
	mov	ecx, MSR_EFER
	rdmsr
	mov	r8d, edx
	shl	r8, 32
	or	r8, rax
	mov	rsi, cr0
	mov	rdx, cr3
	mov	rcx, cr4
	ret

; Where APs are sent by the mailbox. mode: 64-bit, the AP table in CR3, no stack, IF=0. Nothing is
; stored before the payload's own table is in CR3: with CR0.WP=1 a store would fault.
global ap_entry
ap_entry:
	mov	rbx, cr3
	mov	r12, [ap_store_target]
	test	r12, r12
	jz	.no_store
	; The case that asks for a store through the AP table.
	mov	byte [r12], 1
.no_store:
	mov	rax, [ap_cr3]
	mov	cr3, rax
	mov	rsp, [ap_stack]
	call	read_state
	mov	rdx, rbx
	mov	edi, cs
	call	ap_main
	ud2

; _Noreturn void ap_give_back(uint64_t reset_vector): hands this CPU to the firmware's ResetVector.
; [ACPI 6.6 5.2.12.19] wants CR4.PGE clear.
global ap_give_back
ap_give_back:
	jmp	rdi

section .text
%include "arch/x86/exception.inc"

section .bss nobits alloc noexec write align=16
; CS, SS, DS, ES as the first CPU found them.
global entry_segments
entry_segments:
	resw	4
alignb 16
	resb	0x4000
stack_end:
