; Instructions that exit to the machine, and others, executed with RFLAGS.TF.
; SPDX-License-Identifier: BSD-2-Clause-Patent
%include "arch/asm/macros.inc"

%define EXPOSE_R10_TO_R12 0x1C00

bits 64
default rel

; stepped: one instruction, and the address that its trap has
; mode: 64-bit, RFLAGS.TF=1. in: %1 = the instruction. clobbers: as it does.
%macro stepped 1+
	%1
%%behind:
[section .rodata]
	dq	%%behind
	__?SECT?__
%endmacro

section .rodata
align 8
global step_addresses
step_addresses:

section .text
; void step_run(uint64_t cr4): mode: 64-bit, a TD, IF=0. in: RDI = CR4.
global step_run
step_run:
	push	rbx
	push	r12
	pushfq
	or	qword [rsp], RFLAGS_TF
	popfq
	stepped	nop
	stepped	xor	eax, eax
	stepped	cpuid
	stepped	mov	ecx, MSR_EFER
	stepped	rdmsr
	stepped	wrmsr
	stepped	mov	cr4, rdi
	stepped	mov	eax, TDG_VP_INFO
	stepped	TDCALL
	stepped	pause
	stepped	mov	eax, TDG_VP_VMCALL
	stepped	mov	ecx, EXPOSE_R10_TO_R12
	stepped	xor	r10d, r10d
	stepped	mov	r11d, TDVMCALL_GET_TD_VM_CALL_INFO
	stepped	xor	r12d, r12d
	stepped	TDCALL
	stepped	pushfq
	stepped	and	qword [rsp], ~RFLAGS_TF
	stepped	popfq
	pop	r12
	pop	rbx
	ret

section .rodata
global step_addresses_end
step_addresses_end:
