; One VMRUN with all guest and host state that VMRUN itself does not switch.
; SPDX-License-Identifier: BSD-2-Clause-Patent
; [AMD APM 2, 15.5]

%include "asm_offsets.inc"

%define GPR(n) (n) * 8

section .text
bits 64
default rel

; void svm_run(uint64_t gpr[16], uint64_t vmcb, uint64_t host)
; In: RDI = general registers in hardware order (RAX and RSP are in the VMCB), RSI = VMCB, RDX =
; page with the host's part of VMLOAD state; interrupts off. Out: GIF clear. FPU state is not
; touched: the machine has none of its own.
global svm_run
svm_run:
	push	rbx
	push	rbp
	push	r12
	push	r13
	push	r14
	push	r15
	push	rdx
	push	rdi
	mov	rax, rsi
	vmload
	mov	rcx, [rdi + GPR(1)]
	mov	rdx, [rdi + GPR(2)]
	mov	rbx, [rdi + GPR(3)]
	mov	rbp, [rdi + GPR(5)]
	mov	rsi, [rdi + GPR(6)]
	mov	r8, [rdi + GPR(8)]
	mov	r9, [rdi + GPR(9)]
	mov	r10, [rdi + GPR(10)]
	mov	r11, [rdi + GPR(11)]
	mov	r12, [rdi + GPR(12)]
	mov	r13, [rdi + GPR(13)]
	mov	r14, [rdi + GPR(14)]
	mov	r15, [rdi + GPR(15)]
	mov	rdi, [rdi + GPR(7)]
	vmrun
	vmsave			; RAX is the VMCB again

	; QEMU (7.2 to 11.1) loses CR0.PG here when the guest has EFER.LME and not CR4.PAE: it
	; restores CR0 before CR4. The identity map carries us this far; the next VMRUN would take
	; nested paging as off.
	mov	rax, cr0
	bts	rax, CR0_PG_BIT
	jc	.paging_on
	mov	cr0, rax
.paging_on:
	mov	rax, rdi
	pop	rdi
	mov	[rdi + GPR(7)], rax
	mov	[rdi + GPR(1)], rcx
	mov	[rdi + GPR(2)], rdx
	mov	[rdi + GPR(3)], rbx
	mov	[rdi + GPR(5)], rbp
	mov	[rdi + GPR(6)], rsi
	mov	[rdi + GPR(8)], r8
	mov	[rdi + GPR(9)], r9
	mov	[rdi + GPR(10)], r10
	mov	[rdi + GPR(11)], r11
	mov	[rdi + GPR(12)], r12
	mov	[rdi + GPR(13)], r13
	mov	[rdi + GPR(14)], r14
	mov	[rdi + GPR(15)], r15
	pop	rax
	vmload			; the host's FS, GS, TR, LDTR
	pop	r15
	pop	r14
	pop	r13
	pop	r12
	pop	rbp
	pop	rbx
	cld
	ret

; What the guest of svm_bare_exit() executes, again and again.
global svm_bare_guest
svm_bare_guest:
	cpuid
