; Exception stubs of the boot processor, and the jump out of the shim.
; SPDX-License-Identifier: BSD-2-Clause-Patent
%include "arch/asm/macros.inc"

bits 64
default rel

section .text

%include "arch/x86/exception.inc"

extern ap_gdt_pointer

; _Noreturn void entry_leave(uint64_t entry, uint64_t rsi, uint64_t cr3)
; mode: 64-bit on the boot table. in: RDI = entry, RSI = its RSI, RDX = hand-over table.
; out: entry with RSI, IF=0, DF=0, CS = SELECTOR_CODE64, DS = ES = SS = SELECTOR_DATA.
; stack: zeroed and left behind: it has held answers of the host
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
	mov	rdi, rbp
	xor	ebp, ebp
	lgdt	[ap_gdt_pointer]
	mov	cr3, rdx
	mov	eax, SELECTOR_DATA
	mov	ds, eax
	mov	es, eax
	mov	ss, eax
	xor	eax, eax
	mov	fs, eax
	mov	gs, eax
	jmp	rdi
