; The runtime services of an EFI that has left. They stand after the AP path in the reset page,
; which stays as it is.
; SPDX-License-Identifier: BSD-2-Clause-Patent
;
; Called by the payload's kernel, in its own address space, by the EFI calling convention: operands
; in registers and on its stack are looked at by neither. Out: RAX, an EFI_STATUS. Nothing else is
; destroyed.

EFI_UNSUPPORTED	equ 0x8000000000000003

bits 64
section .efi.text progbits alloc exec nowrite align=16

global efi_success
efi_success:
	xor	eax, eax
	ret

global efi_unsupported
efi_unsupported:
	mov	rax, EFI_UNSUPPORTED
	ret
