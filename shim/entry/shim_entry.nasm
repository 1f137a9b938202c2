; Exception stubs of the boot processor, and the jump out of the shim.
; SPDX-License-Identifier: BSD-2-Clause-Patent
%include "arch/asm/macros.inc"

bits 64
default rel

section .text

%include "arch/x86/exception.inc"

extern ap_gdt_pointer

; _Noreturn void entry_leave(uint64_t entry, uint64_t argument, uint64_t cr3)
; mode: 64-bit on the boot table. in: RDI = entry, RSI = argument, RDX = hand-over table.
; out: entry with RDI = RSI = argument, IF=0, DF=0, CS = SELECTOR_CODE64,
; DS = ES = SS = SELECTOR_DATA, RSP as a C function has it that address 0 has called.
; stack: zeroed, as it has held answers of the host, and the payload's from then on
; The IDT stays: until the kernel loads its own, a fault still ends in a message.
global entry_leave
entry_leave:
	cli
	cld
	mov	rbp, rdi
	mov	edi, BSP_STACK
	mov	ecx, BSP_STACK_SIZE / 8
	xor	eax, eax
	rep stosq
	mov	esp, edi
	lgdt	[ap_gdt_pointer]
	mov	cr3, rdx
	mov	eax, SELECTOR_DATA
	mov	ds, eax
	mov	es, eax
	mov	ss, eax
	xor	eax, eax
	mov	fs, eax
	mov	gs, eax
	push	rax
	mov	rax, rbp
	xor	ebp, ebp
	mov	rdi, rsi
	jmp	rax
