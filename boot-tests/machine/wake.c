// Why a CPU shall leave its guest: a kick, or an NMI for the guest.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/wake.h"

#include "boot-tests/machine/ipi.h"
#include "boot-tests/machine/processors.h"

static bool kicked[MACHINE_MAX_CPUS];
static bool nmi_wanted[MACHINE_MAX_CPUS];

void wake_kick(unsigned cpu)
{
	__atomic_store_n(&kicked[cpu], true, __ATOMIC_RELEASE);
	ipi_send_nmi(cpu_apic_id(cpu));
}

bool wake_kick_pending(void)
{
	return __atomic_load_n(&kicked[cpu_index()], __ATOMIC_ACQUIRE);
}

bool wake_claim_kick(void)
{
	return __atomic_exchange_n(&kicked[cpu_index()], false, __ATOMIC_ACQUIRE);
}

void wake_take_kick(void)
{
	if (wake_claim_kick()) {
		cpu_take_nmi();
	}
}

void wake_post_nmi(unsigned cpu)
{
	__atomic_store_n(&nmi_wanted[cpu], true, __ATOMIC_RELEASE);
	if (cpu != cpu_index()) {
		ipi_send_nmi(cpu_apic_id(cpu));
	}
}

bool wake_nmi_pending(unsigned cpu)
{
	return __atomic_load_n(&nmi_wanted[cpu], __ATOMIC_ACQUIRE);
}

void wake_nmi_taken(void)
{
	__atomic_store_n(&nmi_wanted[cpu_index()], false, __ATOMIC_RELAXED);
}

void wake_reset(void)
{
	unsigned cpu = cpu_index();
	__atomic_store_n(&kicked[cpu], false, __ATOMIC_RELAXED);
	__atomic_store_n(&nmi_wanted[cpu], false, __ATOMIC_RELAXED);
}
