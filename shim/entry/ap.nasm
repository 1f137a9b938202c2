; The AP path: arrival, the parked loop at the mailbox, wake-up, and the way back (ResetVector).
; SPDX-License-Identifier: BSD-2-Clause-Patent
;
;   ap_start ------> ap_park (32-bit, paging off) ---Wakeup---> OS's vector, 64-bit on the AP table
;                      ^                                          |
;                      +--------------- ap_reset_vector <---------+
;
; It serves any firmware: ap.h says what it wants around it. No routine uses a stack or writes
; memory but arrived[] (ap_start) and the mailbox's command. All of it, the GDT included, stands in
; one page: the only page besides RAM that an OS must map for ap_reset_vector. An AP has no IDT;
; what goes wrong is reported by TDVMCALL<ReportFatalError>.
%include "arch/asm/macros.inc"

; Where the firmware has them, all below 4 GiB; ap.h.
extern ap_table
extern ap_mailbox
extern ap_flags

; R10 to R15: all that CPUID needs.
%define EXPOSE_CPUID    0xFC00
%define CPUID_TOPOLOGY  0xB

section .ap.text progbits alloc exec nowrite align=16

; take_over: our GDT, and no IDT, whatever was loaded before
; mode: 64-bit. in: nothing. out: IF=0, DF=0. clobbers: nothing. stack: none
%macro take_over 0
	cli
	cld
	lgdt	[rel ap_gdt_pointer]
	lidt	[rel no_idt]
%endmacro

; to_long: leaves 32-bit code with paging off for 64-bit mode on the AP table
; mode: 32-bit, paging off. in: EAX = CR0 with PG; %1 = 64-bit label. out: %1. clobbers: EDX.
; stack: none
%macro to_long 1
	mov	edx, CR4_PAE | CR4_MCE
	mov	cr4, edx
	mov	edx, ap_table
	mov	cr3, edx
	mov	cr0, eax
	jmp	SELECTOR_CODE64:%1
%endmacro

; ap_start: an AP's arrival
; mode: 64-bit, identity map that lets ring 0 write the mailbox page. in: ESI = vCPU index.
; out: ap_park with EBX = x2APIC id, id + 1 stored in mailbox.arrived[index]. clobbers: all.
; stack: none
; The id is the host's answer: the boot processor checks that no two are the same.
global ap_start
bits 64
ap_start:
	take_over
	mov	eax, TDG_VP_INFO
	TDCALL
	lea	rbp, [rel text_info]
	test	rax, rax
	jnz	ap_fatal
	lea	rbp, [rel text_index]
	cmp	r9d, esi
	jne	index_fatal
	; All 64 bits index below.
	mov	esi, esi
	cmp	esi, MAILBOX_MAX_VCPUS
	jae	index_fatal
	mov	eax, TDG_VP_VMCALL
	mov	ecx, EXPOSE_CPUID
	xor	r10d, r10d
	mov	r11d, TDVMCALL_CPUID
	mov	r12d, CPUID_TOPOLOGY
	xor	r13d, r13d
	xor	r14d, r14d
	xor	r15d, r15d
	TDCALL
	lea	rbp, [rel text_cpuid]
	or	rax, r10
	jnz	ap_fatal
	mov	eax, MAILBOX_NO_ID
	cmp	r15, rax
	jae	id_fatal
	mov	ebx, r15d
	lea	eax, [rbx + 1]
	mov	edx, ap_mailbox + MAILBOX_ARRIVED_OFF
	mov	[rdx + rsi * 4], eax
	jmp	dword far [rel far_park]

; ap_reset_vector: ResetVector of the MADT's wake-up structure, version 1
; mode: 64-bit, 4 or 5 levels, any GDT and IDT, CR4.PGE=0, IF=0. in: nothing. out: ap_park with EBX
; = x2APIC id as it was found at arrival; the host is not asked again. clobbers: all. stack: none
global ap_reset_vector
ap_reset_vector:
	take_over
	; PCIDE and CET forbid what follows; LA57 can only be cleared with paging off.
	mov	rax, cr4
	and	eax, CR4_LA57 | CR4_PAE | CR4_MCE
	mov	cr4, rax
	jmp	dword far [rel far_rejoin]
bits 32
.mode32:
	mov	eax, CR0_PE | CR0_NE
	mov	cr0, eax
	or	eax, CR0_PG
	to_long	.mode64
bits 64
.mode64:
	mov	eax, TDG_VP_INFO
	TDCALL
	lea	rbp, [rel text_info]
	test	rax, rax
	jnz	ap_fatal
	lea	rbp, [rel text_index]
	mov	ecx, r9d
	cmp	ecx, MAILBOX_MAX_VCPUS
	jae	index_fatal
	mov	edx, ap_mailbox + MAILBOX_ARRIVED_OFF
	mov	ebx, [rdx + rcx * 4]
	sub	ebx, 1
	jc	index_fatal
	jmp	dword far [rel far_park]

; ap_park: waits for this CPU's command in the mailbox
; mode: arrives in 32-bit code with paging on; the loop runs with paging off. in: EBX = x2APIC id.
; out: Wakeup: the vector, 64-bit on the AP table, IF=0, flat segments, CR0.WP by ap_flags.
; clobbers: all. stack: none
; Reads the mailbox's 16 bytes, writes its command only. An OS writes the id, then the vector, then
; the command, each command after the last one was acknowledged. So the command counts when it was
; seen before and after the id: seen only before, it may have been another CPU's.
bits 32
ap_park:
	mov	eax, CR0_PE | CR0_NE
	mov	cr0, eax
	mov	eax, SELECTOR_DATA
	mov	ds, eax
	mov	es, eax
	mov	ss, eax
	mov	fs, eax
	mov	gs, eax
	mov	edi, ap_mailbox
.poll:
	pause
	load	ax, edi, MAILBOX_COMMAND
	cmp	ax, MAILBOX_WAKEUP
	je	.match
	cmp	ax, MAILBOX_TEST
	jne	.poll
.match:
	load	edx, edi, MAILBOX_APIC_ID
	cmp	edx, ebx
	jne	.poll
	load	dx, edi, MAILBOX_COMMAND
	cmp	dx, ax
	jne	.poll
	cmp	ax, MAILBOX_TEST
	je	.test
	; Two halves: the same low half before and after the high one, or again.
	mov	ecx, [edi + MAILBOX_VECTOR_OFF]
	mov	ebp, [edi + MAILBOX_VECTOR_OFF + 4]
	cmp	ecx, [edi + MAILBOX_VECTOR_OFF]
	jne	.poll
	test	ebp, ebp
	jnz	vector_too_high
	xor	eax, eax
	store	edi, MAILBOX_COMMAND, ax
	mov	eax, CR0_PG | CR0_PE | CR0_NE
	test	dword [ap_flags], IMAGE_CONFIG_AP_STRICT
	jz	.enter
	or	eax, CR0_WP
.enter:
	to_long	.wake
.test:
	xor	eax, eax
	store	edi, MAILBOX_COMMAND, ax
	jmp	.poll
bits 64
.wake:
	mov	ecx, ecx
	jmp	rcx

; hex8: eight hexadecimal digits, the first one in the lowest byte
; mode: 64-bit. in: EAX = value. out: %1 (64-bit). clobbers: EAX, EDX, R8, R9. stack: none
%macro hex8 1
	mov	r9d, 8
%%next:
	mov	edx, eax
	and	edx, 0xF
	lea	r8d, [rdx + "a" - 10]
	add	edx, "0"
	cmp	edx, "9"
	cmova	edx, r8d
	shl	%1, 8
	or	%1, rdx
	shr	eax, 4
	dec	r9d
	jnz	%%next
%endmacro

; vector_too_high: a wake-up vector that the AP table does not map; nothing was acknowledged
; mode: 32-bit, paging off. in: EBP:ECX = vector. out: never. clobbers: all. stack: none
bits 32
vector_too_high:
	mov	eax, CR0_PG | CR0_PE | CR0_NE
	to_long	.mode64
bits 64
.mode64:
	mov	eax, ebp
	hex8	rdi
	mov	eax, ecx
	hex8	rsi
	mov	r14, "AP: wake"
	mov	r15, "-up vect"
	mov	rbx, "or is 0x"
	mov	r8, ": not be"
	mov	r9, "low 4 Gi"
	mov	rdx, "B"
	jmp	ap_report

; id_fatal: an x2APIC id that is none
; mode: 64-bit. in: R15 = id. out: ap_fatal. clobbers: RAX, RBP. stack: none
id_fatal:
	mov	rax, r15
	lea	rbp, [rel text_id]
	jmp	ap_fatal

; index_fatal: a vCPU index that is not the one of the reset, or too high
; mode: 64-bit. in: R9D = index, RBP = text. out: ap_fatal. clobbers: RAX. stack: none
index_fatal:
	mov	eax, r9d

; ap_fatal: reports a text of 64 bytes with a number in it, and stops the vCPU
; mode: 64-bit. in: RBP = text, RAX = number. out: ap_report. clobbers: all. stack: none
ap_fatal:
	mov	rcx, rax
	shr	rax, 32
	hex8	rdi
	mov	eax, ecx
	hex8	rsi
	mov	r14, [rbp]
	mov	r15, [rbp + 8]
	mov	rbx, [rbp + 16]
	mov	r8, [rbp + 40]
	mov	r9, [rbp + 48]
	mov	rdx, [rbp + 56]

; ap_report: TDVMCALL<ReportFatalError>; a vCPU that the host lets go on halts for ever
; mode: 64-bit. in: R14, R15, RBX, RDI, RSI, R8, R9, RDX = text. out: never. clobbers: all.
; stack: none
ap_report:
	mov	eax, TDG_VP_VMCALL
	mov	ecx, TDVMCALL_EXPOSE_ALL
	xor	r10d, r10d
	mov	r11d, TDVMCALL_REPORT_FATAL_ERROR
	xor	r12d, r12d
	xor	r13d, r13d
	TDCALL
.halt:
	mov	eax, TDG_VP_VMCALL
	mov	ecx, EXPOSE_CPUID
	xor	r10d, r10d
	mov	r11d, TDVMCALL_HLT
	mov	r12d, 1
	TDCALL
	jmp	.halt

; What stands before the 16 digits of the number, and after them.
%macro text64 2
	%%start: db %1
	times 24 - ($ - %%start) db " "
	times 16 db "0"
	db %2
	times 64 - ($ - %%start) db 0
%endmacro

align 8
text_info:
	text64	"AP: TDG.VP.INFO gives 0x", " in RAX"
text_index:
	text64	"AP: vCPU index is now 0x", ": changed, or too high"
text_cpuid:
	text64	"AP: CPUID: RAX or R10 0x", ": no x2APIC id"
text_id:
	text64	"AP: x2APIC id by host 0x", ": no vCPU has it"

far_park:
	dd	ap_park
	dw	SELECTOR_CODE32
far_rejoin:
	dd	ap_reset_vector.mode32
	dw	SELECTOR_CODE32
; A vector without a gate ends the vCPU at once, as it was before the OS came.
no_idt:
	dw	0
	dq	0

; Never written: the accessed bits are set and no TSS is in it. Its selectors are those of the Linux
; boot protocol, so that it serves the shim's hand-over as well.
align 8
gdt:
	dq	0
	dq	GDT_CODE32
	dq	GDT_CODE64
	dq	GDT_DATA
gdt_end:
; Operand of LGDT in every mode.
global ap_gdt_pointer
ap_gdt_pointer:
	dw	gdt_end - gdt - 1
	dq	gdt
