; tdcall(): the one place where a 64-bit C program executes TDCALL.
; SPDX-License-Identifier: BSD-2-Clause-Patent
%include "arch/asm/macros.inc"

bits 64
default rel

section .text

; uint64_t tdcall(struct tdcall_regs *regs)
; mode: 64-bit, CPL 0. in: RDI = regs. out: RAX = completion status, *regs = all registers after the
; call. clobbers: RCX, RDX, RSI, RDI, R8 to R11. stack: 56 bytes.
global tdcall
tdcall:
	push	rbp
	push	rbx
	push	r12
	push	r13
	push	r14
	push	r15
	push	rdi
	mov	rbp, rdi
	load	rax, rbp, TDCALL_RAX
	load	rcx, rbp, TDCALL_RCX
	load	rdx, rbp, TDCALL_RDX
	load	rbx, rbp, TDCALL_RBX
	load	rsi, rbp, TDCALL_RSI
	load	rdi, rbp, TDCALL_RDI
	load	r8, rbp, TDCALL_R8
	load	r9, rbp, TDCALL_R9
	load	r10, rbp, TDCALL_R10
	load	r11, rbp, TDCALL_R11
	load	r12, rbp, TDCALL_R12
	load	r13, rbp, TDCALL_R13
	load	r14, rbp, TDCALL_R14
	load	r15, rbp, TDCALL_R15
	TDCALL
	mov	rbp, [rsp]
	store	rbp, TDCALL_RAX, rax
	store	rbp, TDCALL_RCX, rcx
	store	rbp, TDCALL_RDX, rdx
	store	rbp, TDCALL_RBX, rbx
	store	rbp, TDCALL_RSI, rsi
	store	rbp, TDCALL_RDI, rdi
	store	rbp, TDCALL_R8, r8
	store	rbp, TDCALL_R9, r9
	store	rbp, TDCALL_R10, r10
	store	rbp, TDCALL_R11, r11
	store	rbp, TDCALL_R12, r12
	store	rbp, TDCALL_R13, r13
	store	rbp, TDCALL_R14, r14
	store	rbp, TDCALL_R15, r15
	pop	rdi
	pop	r15
	pop	r14
	pop	r13
	pop	r12
	pop	rbx
	pop	rbp
	ret
