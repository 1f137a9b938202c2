; Entry of the payload's first CPU and of each AP that it wakes, and the exception stubs.
; SPDX-License-Identifier: BSD-2-Clause-Patent
%include "arch/asm/macros.inc"

bits 64
default rel

extern payload_bss, payload_bss_end, payload_main
extern ap_main, ap_cr3, ap_access, ap_access_address

%define AP_ENTRIES      255
%define AP_ENTRY_SIZE   16
%define STACK_SHIFT     13
; enum ap_access
%define ACCESS_STORE    1
%define ACCESS_LOAD     2
%define ACCESS_FETCH    3
%define AP_STORED       1
%define ODD_BASE        0x12345678

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

; mode: 64-bit, nothing mapped below 2^64. in: nothing. out: never.
global fault_without_stack
fault_without_stack:
	xor	esp, esp
	ud2

; Where APs are sent by the mailbox: an entry for each, so that an AP knows whose vector it got.
; mode: 64-bit, the AP table in CR3, no stack, IF=0. Nothing is stored before the payload's own
; table is in CR3: with CR0.WP=1 a store would fault.
align AP_ENTRY_SIZE
global ap_entries
ap_entries:
%assign number 0
%rep AP_ENTRIES
	mov	ebx, number
	jmp	near ap_arrive
	align AP_ENTRY_SIZE
%assign number number + 1
%endrep
global ap_entries_end
ap_entries_end:

; One vector for all: the number is the vCPU index.
global ap_entry_by_index
ap_entry_by_index:
	mov	eax, TDG_VP_INFO
	TDCALL
	mov	ebx, r9d
ap_arrive:
	mov	rbp, cr3
	; What the cases about the AP table ask for.
	mov	r12, [ap_access_address]
	mov	eax, [ap_access]
	cmp	eax, ACCESS_STORE
	je	.store
	cmp	eax, ACCESS_LOAD
	je	.load
	cmp	eax, ACCESS_FETCH
	jne	.accessed
	jmp	r12
.store:
	mov	byte [r12], AP_STORED
	jmp	.accessed
.load:
	mov	al, [r12]
.accessed:
	mov	rax, [ap_cr3]
	mov	cr3, rax
	lea	eax, [rbx + 1]
	shl	rax, STACK_SHIFT
	lea	rsp, [ap_stacks]
	add	rsp, rax
	; struct ap_state, from its end.
	pushfq
	pop	r13
	sub	rsp, 16
	sidt	[rsp]
	sub	rsp, 16
	sgdt	[rsp]
%macro push_msr 1
	mov	ecx, %1
	rdmsr
	shl	rdx, 32
	or	rax, rdx
	push	rax
%endmacro
	push_msr MSR_GS_BASE
	push_msr MSR_FS_BASE
%macro push_segments 1-*
%rep %0
	mov	eax, %1
	push	rax
	%rotate 1
%endrep
%endmacro
	push_segments gs, fs, es, ds, ss, cs
	push	r13
	push_msr MSR_EFER
	mov	rax, cr4
	push	rax
	push	rbp
	mov	rax, cr0
	push	rax
	mov	edi, ebx
	mov	rsi, rsp
	and	rsp, -16
	call	ap_main
	ud2

; _Noreturn void ap_give_back(uint64_t reset_vector): hands this CPU to the firmware's ResetVector.
; [ACPI 6.6 5.2.12.19] wants paging with the page mapped, IF=0 and CR4.PGE=0. All else may be as an
; OS likes it; IF=1, too, must not show at the next wake-up.
global ap_give_back
ap_give_back:
	mov	rax, cr0
	or	eax, CR0_WP
	mov	cr0, rax
	mov	rax, cr4
	or	eax, CR4_OSFXSR
	mov	cr4, rax
	xor	eax, eax
	mov	ds, eax
	mov	es, eax
	mov	fs, eax
	mov	gs, eax
	mov	eax, ODD_BASE
	xor	edx, edx
	mov	ecx, MSR_FS_BASE
	wrmsr
	mov	ecx, MSR_GS_BASE
	wrmsr
	std
	sti
	jmp	rdi

section .text
%include "arch/x86/exception.inc"

; Vectors 32 to 255, EXCEPTION_STUB_SIZE bytes apart.
align 16
global interrupt_stubs
interrupt_stubs:
%assign v 32
%rep 256 - 32
	align EXCEPTION_STUB_SIZE
	push	0
	push	v
	jmp	exception_common
	%assign v v + 1
%endrep

section .bss nobits alloc noexec write align=16
; CS, SS, DS, ES as the first CPU found them.
global entry_segments
entry_segments:
	resw	4
alignb 16
	resb	0x4000
stack_end:
ap_stacks:
	resb	AP_ENTRIES << STACK_SHIFT
