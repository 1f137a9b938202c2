// CPUID leaf 15H.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/x86/tsc.h"

#include "arch/x86/insn.h"

#define CPUID_TSC 0x15
#define TSC_HZ_MAX UINT64_C(6000000000)

uint64_t tsc_hz_at_most(void)
{
	struct cpuid_result r = insn_cpuid(CPUID_TSC, 0);
	if (r.eax == 0 || r.ebx == 0 || r.ecx == 0) {
		return TSC_HZ_MAX;
	}
	uint64_t hz = (uint64_t)r.ecx * r.ebx / r.eax;
	return hz < TSC_HZ_MAX ? hz : TSC_HZ_MAX;
}
