; Entry of the machine: from rom.nasm (32-bit, paging off) to 64-bit code in the machine's window.
; SPDX-License-Identifier: BSD-2-Clause-Patent
;
; The section .stub stands at MACHINE_STUB, where rom.nasm jumps to, in memory that later is the
; TD's shared half: it is used by the BSP and by the AP trampoline (smp.nasm), and is dead once
; all CPUs have arrived.

%include "asm_offsets.inc"

CPUID_FEATURES		equ 7
CPUID_LA57		equ 16	; ECX
CPUID_EXT_MAX		equ 0x80000000
CPUID_EXT_FEATURES	equ 0x80000001
CPUID_EXT_SVM		equ 2	; ECX
CPUID_EXT_NX		equ 20	; EDX
CPUID_EXT_1G_PAGES	equ 26	; EDX
CPUID_EXT_LONG_MODE	equ 29	; EDX

; LONG_MODE: from 32-bit code on stub_gdt to 64-bit code. Needs no stack. Clobbers RAX, RCX, RDX.
%macro LONG_MODE 0
	mov	eax, [stub_cr4]
	mov	cr4, eax
	mov	eax, [stub_root]
	mov	cr3, eax
	mov	ecx, MSR_EFER
	xor	edx, edx
	mov	eax, EFER_LME | EFER_NXE
	wrmsr
	mov	eax, CR0_PE | CR0_NE | CR0_WP | CR0_PG
	mov	cr0, eax
	jmp	MACHINE_CODE64:%%long_mode
bits 64
%%long_mode:
	mov	eax, MACHINE_DATA
	mov	ds, eax
	mov	es, eax
	mov	ss, eax
%endmacro

extern smp_start
extern machine_boot
extern cpu_stacks

section .stub progbits alloc exec write align=16
bits 32

; In: flat segments, interrupts off. fw_cfg tells the memory.
global stub_entry
stub_entry:
	mov	eax, CPUID_EXT_MAX
	cpuid
	mov	esi, .no_cpu
	cmp	eax, CPUID_EXT_FEATURES
	jb	stub_fail
	mov	eax, CPUID_EXT_FEATURES
	cpuid
	mov	esi, .no_svm
	bt	ecx, CPUID_EXT_SVM
	jnc	stub_fail
	mov	esi, .no_cpu
	bt	edx, CPUID_EXT_NX
	jnc	stub_fail
	bt	edx, CPUID_EXT_1G_PAGES
	jnc	stub_fail
	bt	edx, CPUID_EXT_LONG_MODE
	jnc	stub_fail

	; 5 levels if the CPU has them: nested tables have as many as the machine's own.
	xor	eax, eax
	cpuid
	cmp	eax, CPUID_FEATURES
	jb	.four_levels
	mov	eax, CPUID_FEATURES
	xor	ecx, ecx
	cpuid
	bt	ecx, CPUID_LA57
	jnc	.four_levels
	or	dword [stub_cr4], CR4_LA57
	mov	dword [stub_root], stub_pml5
.four_levels:
	; One PML5 entry, one PML4 entry, 512 pages of 1 GiB.
	mov	eax, stub_pml4
	or	eax, PTE_P | PTE_W
	mov	[stub_pml5], eax
	mov	eax, stub_pdpt
	or	eax, PTE_P | PTE_W
	mov	[stub_pml4], eax
	xor	ecx, ecx
.map:
	mov	eax, ecx
	shl	eax, 30
	or	eax, PTE_P | PTE_W | PTE_PS
	mov	edx, ecx
	shr	edx, 2
	mov	[stub_pdpt + ecx * 8], eax
	mov	[stub_pdpt + ecx * 8 + 4], edx
	inc	ecx
	cmp	ecx, PT_ENTRIES
	jb	.map

	lgdt	[stub_gdt_pointer]
	LONG_MODE
	mov	esi, .no_memory
	mov	rax, machine_magic
	cmp	dword [rax], MACHINE_MAGIC
	jne	stub_fail
	mov	rax, machine_start
	jmp	rax

.no_cpu:	db "E QEMU must run with -cpu max,phys-bits=48 (long mode, NX, 1 GiB pages)", 10, 0
.no_svm:	db "E QEMU must run with -accel tcg and -cpu max (SVM)", 10, 0
.no_memory:	db "E no RAM for the machine: give QEMU a greater -m", 10, 0

bits 32
; An application processor from its trampoline: flat segments of stub_gdt, no stack.
global stub_ap
stub_ap:
	LONG_MODE
	mov	rax, smp_start
	jmp	rax

bits 32
; In: ESI = text; 32-bit or 64-bit mode, in which this code is the same. Does not return.
stub_fail:
	mov	edx, MACHINE_LOG_PORT
.next:
	lodsb
	test	al, al
	jz	.exit
	out	dx, al
	jmp	.next
.exit:
	mov	edx, MACHINE_EXIT_PORT
	mov	al, EXIT_SETUP
	out	dx, al
.halt:
	hlt
	jmp	.halt

align 8
global stub_gdt
stub_gdt:
	dq	0
	dq	GDT_CODE64
	dq	GDT_DATA
	dq	GDT_CODE32
stub_gdt_pointer:
	dw	MACHINE_GDT_FLAT_SIZE - 1
	dd	stub_gdt

; What LONG_MODE loads.
stub_cr4:	dd CR4_PAE
stub_root:	dd stub_pml4

section .stub_bss nobits alloc noexec write align=4096
stub_pml5:	resb 4096
stub_pml4:	resb 4096
stub_pdpt:	resb 4096

; Not there if QEMU has no RAM there.
MACHINE_MAGIC equ "TDXM"
section .rodata
machine_magic:	dd MACHINE_MAGIC

section .text
bits 64
default rel

; The BSP: 64-bit mode, stub tables, no stack. It has slot 0.
machine_start:
	lea	rsp, [cpu_stacks + MACHINE_STACK_SIZE]
	xor	ebp, ebp
	call	machine_boot
	ud2
