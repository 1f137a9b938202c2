; The way of an application processor from its SIPI to C.
; SPDX-License-Identifier: BSD-2-Clause-Patent
;
; smp.c copies [smp_trampoline, smp_trampoline_end) to MACHINE_TRAMPOLINE, below 1 MiB. It
; goes on through the stub (boot.nasm), which lies below 4 GiB.

%include "asm_offsets.inc"

extern stub_gdt
extern stub_ap
extern smp_arrivals
extern cpu_stacks
extern smp_ap_main
extern machine_cr3

section .rodata
bits 16
; In: real mode, CS base MACHINE_TRAMPOLINE.
global smp_trampoline
global smp_trampoline_end
smp_trampoline:
	cli
	o32 lgdt [cs:.gdt_pointer - smp_trampoline]
	mov	eax, CR0_PE | CR0_NE
	mov	cr0, eax
	jmp	dword MACHINE_CODE32:(MACHINE_TRAMPOLINE + .protected - smp_trampoline)
bits 32
.protected:
	mov	eax, MACHINE_DATA
	mov	ds, eax
	mov	es, eax
	mov	ss, eax
	mov	eax, stub_ap
	jmp	eax
align 4
.gdt_pointer:
	dw	MACHINE_GDT_FLAT_SIZE - 1
	dd	stub_gdt
smp_trampoline_end:

section .text
bits 64
default rel

; In: 64-bit mode, stub tables, no stack. Takes the next slot, with its stack, and calls
; smp_ap_main(slot).
global smp_start
smp_start:
	mov	rax, [machine_cr3]
	mov	cr3, rax
	mov	edi, 1
	lock xadd [smp_arrivals], edi
	inc	edi			; slot 0 is the BSP
	lea	eax, [rdi + 1]
	imul	rax, rax, MACHINE_STACK_SIZE
	lea	rsp, [cpu_stacks]
	add	rsp, rax
	xor	ebp, ebp
	call	smp_ap_main
	ud2
