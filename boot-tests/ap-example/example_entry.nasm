; Entry of the example firmware, its AP table, and what its APs run once they are woken.
; SPDX-License-Identifier: BSD-2-Clause-Patent
;
; It runs in a TD only.

; Of liblintel-ap.a; the GDT has a 64-bit code segment at 0x10 and a data segment at 0x18.
extern ap_start, ap_reset_vector, ap_gdt_pointer
extern example_main, example_woken
extern example_bss, example_bss_end, example_stack
%define CODE64	0x10
%define DATA	0x18

%define CR0_PE_NE_PG	0x80000021
%define CR4_PAE_MCE	0x60

section .reset.text progbits alloc exec nowrite align=16

; entry32: from reset to 64-bit mode
; mode: 32-bit, paging off, flat segments. in: ESI = vCPU index. out: entry64 with ESI.
; clobbers: EAX. stack: none
bits 32
entry32:
	cli
	lgdt	[ap_gdt_pointer]
	mov	eax, ap_table
	mov	cr3, eax
	mov	eax, CR4_PAE_MCE
	mov	cr4, eax
	mov	eax, CR0_PE_NE_PG
	mov	cr0, eax
	jmp	CODE64:entry64

; entry64: parts the boot processor from the others
; mode: 64-bit on the AP table, CR0.WP=0. in: ESI = vCPU index. out: example_main(ESI), or ap_start
; with ESI. clobbers: all. stack: none
bits 64
entry64:
	test	esi, esi
	jnz	ap_start
	mov	eax, DATA
	mov	ds, eax
	mov	es, eax
	mov	ss, eax
	mov	edi, example_bss
	mov	ecx, example_bss_end
	sub	ecx, edi
	xor	eax, eax
	cld
	rep stosb
	mov	esp, example_stack
	mov	edi, esi
	call	example_main
	ud2

; example_ap: an AP at the wake-up vector: counts itself and goes back
; mode: 64-bit on the AP table, CR0.WP=0. in: nothing. out: ap_reset_vector. clobbers: EAX.
; stack: none
global example_ap
example_ap:
	mov	eax, example_woken
	lock inc dword [rax]
	mov	eax, ap_reset_vector
	jmp	rax

section .reset.vector progbits alloc exec nowrite align=16
global reset_vector
bits 32
reset_vector:
	jmp	near entry32
	align	16, db 0

; What ap_table_build() makes, as measured bytes; example_main holds them against each other.
section .ap_table progbits alloc noexec nowrite align=4096
global ap_table
%define ENTRIES	512
%define UPPER	0x21	; present, accessed
%define LEAF	0xE1	; present, accessed, dirty, 2 MiB
ap_table:
	dq	pdpt + UPPER
	times ENTRIES - 1 dq 0
pdpt:
%assign i 0
%rep 4
	dq	pds + i * 8 * ENTRIES + UPPER
%assign i i + 1
%endrep
	times ENTRIES - 4 dq 0
pds:
%assign i 0
%rep 4 * ENTRIES
	dq	i << 21 | LEAF
%assign i i + 1
%endrep
