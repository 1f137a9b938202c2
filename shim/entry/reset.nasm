; The reset page: image config, entry code of both worlds, reset vector.
; SPDX-License-Identifier: BSD-2-Clause-Patent
;
;   TD          32-bit protected mode, paging off, flat segments with selector 0, no stack;
;               ESI = vCPU index, ECX = TD HOB as the host says. [TDX ABI 1.5, TDH.VP.INIT]
;   plain VM    16-bit real mode, CS base FFFF0000. [SDM 3A 10.1.4]
;
; Both reach 64-bit mode on the AP table; then the boot processor goes to C, the others to
; ap_boot.nasm.
; Nothing here may raise #VE: there is no IDT yet. CPUID 0 and 21 are native in every TD.
%include "arch/asm/macros.inc"

extern ap_boot
extern ap_gdt_pointer
extern shim_main

; struct image_config, filled in by the loader.
section .reset.config progbits alloc exec nowrite align=64
	times CONFIG_FLAGS_OFF db 0
; What the AP path reads of it.
global ap_flags
ap_flags:
	times CONFIG_SIZE - CONFIG_FLAGS_OFF db 0

section .reset.text progbits alloc exec nowrite align=16

; entry16: reset of a plain VM
; mode: 16-bit real. in: nothing. out: entry32_flat with EBP = ESI = EDI = 0. clobbers: EAX.
; stack: none
bits 16
entry16:
	cli
	; The segment starts 64 KiB below 4 GiB.
	o32 lgdt [cs:dword ap_gdt_pointer - (RESET_PAGE & ~0xFFFF)]
	mov	eax, CR0_PE | CR0_NE
	mov	cr0, eax
	jmp	dword SELECTOR_CODE32:.protected
bits 32
.protected:
	mov	eax, SELECTOR_DATA
	mov	ds, eax
	xor	ebp, ebp
	xor	esi, esi
	xor	edi, edi
	jmp	entry32_flat

; entry32: reset of a TD's vCPU, or a plain VM that starts in protected mode
; mode: 32-bit, paging off. in: ESI = vCPU index, ECX = TD HOB. out: entry32_flat with EBP = 1 in a
; TD, else 0; EDI = TD HOB. clobbers: EAX, EBX, ECX, EDX. stack: none
entry32:
	cli
	mov	edi, ecx
	xor	ebp, ebp
	xor	eax, eax
	cpuid
	cmp	eax, 0x21
	jb	entry32_flat
	mov	eax, 0x21
	xor	ecx, ecx
	cpuid
	cmp	ebx, "Inte"
	jne	entry32_flat
	cmp	edx, "lTDX"
	jne	entry32_flat
	cmp	ecx, "    "
	jne	entry32_flat
	inc	ebp

; entry32_flat: to 64-bit mode
; mode: 32-bit, paging off, flat DS. in: EBP = TD, ESI = vCPU index, EDI = TD HOB. out: entry64 with
; the same. clobbers: EAX, ECX, EDX. stack: none
entry32_flat:
	lgdt	[ap_gdt_pointer]
	mov	eax, AP_TABLE
	mov	cr3, eax
	; Clearing MCE is a #VE in a TD.
	mov	eax, CR4_PAE | CR4_MCE
	mov	cr4, eax
	; In a TD EFER has these bits from birth and writing it is a #VE.
	test	ebp, ebp
	jnz	.efer_done
	mov	ecx, MSR_EFER
	mov	eax, EFER_SCE | EFER_LME | EFER_NXE
	xor	edx, edx
	wrmsr
.efer_done:
	mov	eax, CR0_PG | CR0_PE | CR0_NE
	mov	cr0, eax
	jmp	SELECTOR_CODE64:entry64

; entry64: parts the boot processor from the others
; mode: 64-bit on the AP table, CR0.WP=0. in: EBP = TD, ESI = vCPU index, EDI = TD HOB.
; out: shim_main(EDI = TD, ESI = TD HOB) on BSP_STACK, or ap_boot with ESI. clobbers: all.
; stack: none
bits 64
entry64:
	mov	eax, SELECTOR_DATA
	mov	ds, eax
	mov	es, eax
	mov	ss, eax
	xor	eax, eax
	mov	fs, eax
	mov	gs, eax
	test	ebp, ebp
	jz	.bsp
	test	esi, esi
	jnz	ap_boot
.bsp:
	mov	ebx, edi
	; All of TempMem, not .bss alone: it holds anything, in a TD what the host likes, and
	; becomes the kernel's RAM.
	mov	edi, SHIM_RAM
	mov	ecx, (TEMPMEM_END - SHIM_RAM) / 8
	xor	eax, eax
	cld
	rep stosq
	mov	esp, BSP_STACK + BSP_STACK_SIZE
	mov	edi, ebp
	mov	esi, ebx
	xor	ebp, ebp
	call	shim_main
	ud2

section .reset.vector progbits alloc exec nowrite align=16

; reset_vector: the first instruction of every vCPU
; mode: 16-bit real or 32-bit, paging off: the bytes mean the same in both up to the branch.
; in: ESI, ECX as entry32. out: entry16 or entry32. clobbers: EAX. stack: none
global reset_vector
bits 16
reset_vector:
	mov	eax, cr0
	test	al, CR0_PE
	jnz	.protected
	jmp	near entry16
bits 32
.protected:
	jmp	near entry32
	align 16, db 0
