; A kernel that ends the TD at its first instruction: what was counted by then is the firmware's.
; SPDX-License-Identifier: BSD-2-Clause-Patent
;
; A flat file, a bzImage [Linux Documentation/arch/x86/boot.rst] and a PE image [PE/COFF], so that
; both ways into a kernel lead to the same place: the 64-bit entry of the boot protocol, and for
; UEFI the entry of an EFI application.
;
;   0x000  MZ, PE headers          0x400  stop: what both entries come to
;   0x1F1  setup header            0x600  64-bit entry
%include "arch/asm/macros.inc"

%define SETUP_SIZE      0x400   ; boot sector and one setup sector
%define CODE_SIZE       0x400
%define CODE_RVA        0x1000
%define ENTRY64         0x200   ; after the setup part, by the boot protocol
%define FATAL_CODE      0x57090000

%define PE_X64          0x8664
%define PE_EXECUTABLE   0x0002
%define PE_32_PLUS      0x020B
%define PE_APPLICATION  10
%define PE_SECTION      0x60000020 ; code, execute, read
%define PE_DIRECTORIES  6
%define BOOT_FLAG       0xAA55
%define HEADER_VERSION  0x020F
%define LOADED_HIGH     0x01
%define KERNEL_64       0x0001

%macro pad_to 1
	times %1 - ($ - $$) db 0
%endmacro

bits 64
org 0

	db	"MZ"
	pad_to	0x3C
	dd	pe
pe:
	db	"PE", 0, 0
	dw	PE_X64, 1       ; sections
	dd	0, 0, 0
	dw	sections - optional, PE_EXECUTABLE
optional:
	dw	PE_32_PLUS
	db	0, 0            ; linker version
	dd	CODE_SIZE, 0, 0
	dd	CODE_RVA        ; entry
	dd	CODE_RVA        ; base of code
	dq	0               ; image base
	dd	0x1000, 0x200   ; alignment in memory and in the file
	dw	0, 0, 0, 0, 0, 0
	dd	0
	dd	CODE_RVA + 0x1000 ; size of image
	dd	SETUP_SIZE      ; size of headers
	dd	0
	dw	PE_APPLICATION, 0
	dq	0, 0, 0, 0      ; stack and heap
	dd	0
	dd	PE_DIRECTORIES
	times PE_DIRECTORIES dq 0
sections:
	db	".text", 0, 0, 0
	dd	CODE_SIZE, CODE_RVA, CODE_SIZE, SETUP_SIZE
	dd	0, 0
	dw	0, 0
	dd	PE_SECTION

	pad_to	0x1F1
	db	SETUP_SIZE / 512 - 1
	dw	0
	dd	CODE_SIZE / 16  ; syssize
	pad_to	0x1FE
	dw	BOOT_FLAG
	jmp	short setup_end
%ifdef EFI_APPLICATION	; no Linux kernel: the firmware must take it for what it is
	dd	0
%else
	db	"HdrS"
%endif
	dw	HEADER_VERSION
	pad_to	0x211
	db	LOADED_HIGH
	pad_to	0x214
	dd	KERNEL_BASE     ; code32_start
	pad_to	0x22C
	dd	0x7FFFFFFF      ; initrd_addr_max
	dd	0x200000        ; kernel_alignment
	db	0, 21           ; not relocatable; least alignment
	dw	KERNEL_64
	dd	2047            ; cmdline_size
	pad_to	0x258
	dq	KERNEL_BASE     ; pref_address
	dd	0x200000        ; init_size
	pad_to	0x26C
setup_end:

	pad_to	SETUP_SIZE
; stop: TDVMCALL<ReportFatalError> with FATAL_CODE and no text
; mode: 64-bit. in: nothing. out: never. clobbers: all. stack: none
stop:
	mov	eax, TDG_VP_VMCALL
	mov	ecx, TDVMCALL_EXPOSE_ALL
	xor	r10d, r10d
	mov	r11d, TDVMCALL_REPORT_FATAL_ERROR
	mov	r12d, FATAL_CODE
	xor	r13d, r13d
	xor	r14d, r14d
	xor	r15d, r15d
	xor	ebx, ebx
	xor	edi, edi
	xor	esi, esi
	xor	r8d, r8d
	xor	r9d, r9d
	xor	edx, edx
	TDCALL
	jmp	stop
	pad_to	SETUP_SIZE + ENTRY64
	jmp	stop
	pad_to	SETUP_SIZE + CODE_SIZE
