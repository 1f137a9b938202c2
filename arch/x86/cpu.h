// Control registers, EFER, RFLAGS, MSR and CPUID numbers, vectors. nasm reads them via offsets.c.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [SDM 3A 2.3, 2.5; SDM 4 table 2-2]
#pragma once

#include "arch/base/bits.h"

#define CR0_PE BIT64(0)
#define CR0_MP BIT64(1)
#define CR0_EM BIT64(2)
#define CR0_TS BIT64(3)
#define CR0_ET BIT64(4)
#define CR0_NE BIT64(5)
#define CR0_WP BIT64(16)
#define CR0_AM BIT64(18)
#define CR0_NW BIT64(29)
#define CR0_CD BIT64(30)
#define CR0_PG BIT64(31)

#define CR4_PSE BIT64(4)
#define CR4_PAE BIT64(5)
#define CR4_MCE BIT64(6)
#define CR4_PGE BIT64(7)
#define CR4_OSFXSR BIT64(9)
#define CR4_OSXMMEXCPT BIT64(10)
#define CR4_UMIP BIT64(11)
#define CR4_LA57 BIT64(12)
#define CR4_VMXE BIT64(13)
#define CR4_SMXE BIT64(14)
#define CR4_FSGSBASE BIT64(16)
#define CR4_PCIDE BIT64(17)
#define CR4_OSXSAVE BIT64(18)
#define CR4_KL BIT64(19)
#define CR4_SMEP BIT64(20)
#define CR4_SMAP BIT64(21)
#define CR4_PKE BIT64(22)
#define CR4_CET BIT64(23)
#define CR4_PKS BIT64(24)
#define CR4_UINTR BIT64(25)

#define EFER_SCE BIT64(0)
#define EFER_LME BIT64(8)
#define EFER_LMA BIT64(10)
#define EFER_NXE BIT64(11)
#define EFER_SVME BIT64(12)

#define RFLAGS_FIXED BIT64(1)
#define RFLAGS_CF BIT64(0)
#define RFLAGS_PF BIT64(2)
#define RFLAGS_AF BIT64(4)
#define RFLAGS_ZF BIT64(6)
#define RFLAGS_SF BIT64(7)
#define RFLAGS_TF BIT64(8)
#define RFLAGS_IF BIT64(9)
#define RFLAGS_DF BIT64(10)
#define RFLAGS_OF BIT64(11)
#define RFLAGS_RF BIT64(16)
#define RFLAGS_AC BIT64(18)

#define MSR_IA32_TSC 0x10
#define MSR_IA32_APIC_BASE 0x1B
#define MSR_IA32_FEATURE_CONTROL 0x3A
#define MSR_IA32_XAPIC_DISABLE_STATUS 0xBD
#define MSR_IA32_ARCH_CAPABILITIES 0x10A
#define MSR_IA32_MISC_ENABLE 0x1A0
#define MSR_IA32_PAT 0x277
#define MSR_IA32_MTRR_DEF_TYPE 0x2FF
#define MSR_IA32_TSC_DEADLINE 0x6E0
#define MSR_X2APIC_BASE 0x800
#define MSR_X2APIC_APICID 0x802
#define MSR_X2APIC_LAST 0x8FF
#define MSR_EFER 0xC0000080
#define MSR_STAR 0xC0000081
#define MSR_LSTAR 0xC0000082
#define MSR_CSTAR 0xC0000083
#define MSR_FMASK 0xC0000084
#define MSR_FS_BASE 0xC0000100
#define MSR_GS_BASE 0xC0000101
#define MSR_KERNEL_GS_BASE 0xC0000102
#define MSR_TSC_AUX 0xC0000103

#define VECTOR_DB 1
#define VECTOR_NMI 2
#define VECTOR_UD 6
#define VECTOR_DF 8
#define VECTOR_GP 13
#define VECTOR_PF 14
#define VECTOR_MC 18
#define VECTOR_VE 20

/* Page-fault error code. */
#define PFEC_P BIT64(0)
#define PFEC_W BIT64(1)
#define PFEC_U BIT64(2)
#define PFEC_RSVD BIT64(3)
#define PFEC_I BIT64(4)
