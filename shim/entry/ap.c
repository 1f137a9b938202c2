// The boot processor's half of AP arrival.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/entry/ap.h"

#include <stdbool.h>

#include "arch/x86/insn.h"

/* APs start together with the boot processor; a crowded host may take its time. */
#define ARRIVAL_SECONDS 60
/* Where CPUID does not tell: more than any CPU has, so that the wait is rather too long. */
#define TSC_HZ_AT_MOST UINT64_C(6000000000)
#define CPUID_TSC 0x15

/* The module answers this leaf, not the host. */
static uint64_t tsc_hz(void)
{
	struct cpuid_result r = insn_cpuid(CPUID_TSC, 0);
	if (r.eax == 0 || r.ebx == 0 || r.ecx == 0) {
		return TSC_HZ_AT_MOST;
	}
	uint64_t hz = (uint64_t)r.ecx * r.ebx / r.eax;
	return hz < TSC_HZ_AT_MOST ? hz : TSC_HZ_AT_MOST;
}

static bool id_is_new(const volatile uint32_t *arrived, uint32_t index)
{
	for (uint32_t other = 0; other < index; other++) {
		if (arrived[other] == arrived[index]) {
			return false;
		}
	}
	return true;
}

enum status ap_wait(const volatile struct mailbox *mailbox, uint32_t vcpu_count, uint32_t *which)
{
	uint64_t start = insn_rdtsc();
	uint64_t limit = ARRIVAL_SECONDS * tsc_hz();
	for (uint32_t index = 0; index < vcpu_count; index++) {
		*which = index;
		while (mailbox->arrived[index] == 0) {
			if (insn_rdtsc() - start > limit) {
				return ST_TIMEOUT;
			}
			insn_pause();
		}
		if (!id_is_new(mailbox->arrived, index)) {
			return ST_HOST_LIED;
		}
	}
	return ST_OK;
}
