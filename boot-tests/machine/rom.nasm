; QEMU's firmware: nothing but the way from the reset vector to the machine, which QEMU has loaded.
; SPDX-License-Identifier: BSD-2-Clause-Patent
;
; A firmware like SeaBIOS would set the chipset up, and the TD would not be the first on it. A flat
; file of 64 KiB at MACHINE_ROM, up to 4 GiB.

%include "asm_offsets.inc"

%define ROM_SIZE	0x10000
%define RESET_VECTOR	0xFFF0
%define CODE32		8
%define DATA		16

bits 16
org MACHINE_ROM

; CS base is that of the ROM, its limit 64 KiB: offsets are the low 16 bits.
start16:
	cli
	o32 lgdt [cs:gdt_pointer - start16]
	mov	eax, cr0
	or	eax, CR0_PE
	mov	cr0, eax
	jmp	dword CODE32:start32

align 8
gdt:
	dq	0
	dq	GDT_CODE32
	dq	GDT_DATA
gdt_pointer:
	dw	gdt_pointer - gdt - 1
	dd	gdt

bits 32
start32:
	mov	eax, DATA
	mov	ds, eax
	mov	es, eax
	mov	ss, eax
	mov	eax, MACHINE_STUB
	jmp	eax

	times RESET_VECTOR - ($ - $$) db 0xCC
bits 16
	jmp	start16
	times ROM_SIZE - ($ - $$) db 0
