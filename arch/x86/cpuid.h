// CPUID leaves and the feature bits in them.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [SDM 2A CPUID]
#pragma once

#include "arch/base/bits.h"

#define CPUID_TOPOLOGY 0xB
#define CPUID_TOPOLOGY_V2 0x1F
/* Of a TD: "IntelTDX    " in EBX, EDX, ECX. */
#define CPUID_TDX 0x21
#define CPUID_TDX_EBX 0x65746E49
#define CPUID_TDX_EDX 0x5844546C
#define CPUID_TDX_ECX 0x20202020
#define CPUID_HYPERVISOR 0x40000000
#define CPUID_EXTENDED 0x80000000

/* Leaf 1, EAX: family 6, model 0x8F, stepping 8. */
#define CPUID_SAPPHIRE_RAPIDS 0x806F8
/* Leaf 15H, ECX, of that CPU. */
#define CPUID_SAPPHIRE_RAPIDS_CRYSTAL_HZ 25000000u

#define CPUID_1_ECX_MONITOR BIT32(3)
#define CPUID_1_ECX_CX16 BIT32(13)
#define CPUID_1_ECX_X2APIC BIT32(21)
#define CPUID_1_ECX_TSC_DEADLINE BIT32(24)
#define CPUID_7_EBX_ERMS BIT32(9) /* REP MOVSB and STOSB are fast */
#define CPUID_7_ECX_LA57 BIT32(16)
#define CPUID_7_EDX_FSRM BIT32(4) /* short REP MOVSB, too */
