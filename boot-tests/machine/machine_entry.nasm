; Interrupt and exception entry of the machine, and where it lets interrupts in.
; SPDX-License-Identifier: BSD-2-Clause-Patent

section .text
bits 64
default rel

%define EXCEPTION_HANDLER machine_exception
%include "arch/x86/exception.inc"


; Vectors 32 to 255, EXCEPTION_STUB_SIZE bytes apart. Only cpu_wait_interrupt() lets interrupts in:
; it finds the vector in RAX and interrupts off again.
align 16
global interrupt_stubs
interrupt_stubs:
%assign v 32
%rep 256 - 32
	align EXCEPTION_STUB_SIZE
	mov	eax, v
	jmp	interrupt_common
	%assign v v + 1
%endrep

%define FRAME_RFLAGS_IN_STACK 16
%define RFLAGS_IF_BIT 9
interrupt_common:
	btr	qword [rsp + FRAME_RFLAGS_IN_STACK], RFLAGS_IF_BIT
	iretq

; The waits of processors.h. In and out: interrupts off, GIF clear.

; uint8_t cpu_wait_interrupt(void)
; STI keeps interrupts off until HLT, so that none is missed. Nothing keeps an NMI off: its handler
; goes on after HLT when it has come between the label _open and that HLT, so that HLT does not
; outlast it.
global cpu_wait_interrupt, cpu_wait_open, cpu_wait_over
cpu_wait_interrupt:
	xor	eax, eax
	stgi
cpu_wait_open:
	sti
	hlt
cpu_wait_over:
	cli
	clgi
	ret

; void cpu_wait_nmi(void)
global cpu_wait_nmi, cpu_wait_nmi_open, cpu_wait_nmi_over
cpu_wait_nmi:
	stgi
cpu_wait_nmi_open:
	hlt
cpu_wait_nmi_over:
	clgi
	ret

; void cpu_take_nmi(void)
global cpu_take_nmi
cpu_take_nmi:
	stgi
	nop
	clgi
	ret
