// Bringing CPUs up, and giving them work.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/smp.h"

#include <stddef.h>

#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "arch/qemu/fw_cfg.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/exit.h"
#include "boot-tests/machine/fw_cfg_dma.h"
#include "boot-tests/machine/ipi.h"
#include "boot-tests/machine/lapic.h"
#include "boot-tests/machine/memory.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/time.h"

#define INIT_WAIT_US 10000
#define SIPI_WAIT_US 200
#define ARRIVAL_TIMEOUT_US 10000000
#define WAKE_WAIT_US 1000

/* smp.nasm */
extern const uint8_t smp_trampoline[];
extern const uint8_t smp_trampoline_end[];
_Noreturn void smp_ap_main(unsigned slot);

/* CPUs that came through smp_start, and of those the ones that are ready for work. */
uint32_t smp_arrivals;
static unsigned ready;
static unsigned working;
static void (*work)(unsigned index);
/* A call is made once by each CPU that finds a new number of calls. */
static void (*call)(unsigned index);
static unsigned calls;
static unsigned called;

/* From smp.nasm, on the slot's stack and the machine's tables. */
_Noreturn void smp_ap_main(unsigned slot)
{
	cpu_arrive(slot);
	lapic_reset(false);
	__atomic_fetch_add(&ready, 1, __ATOMIC_RELEASE);
	void (*entry)(unsigned);
	unsigned seen = 0;
	while ((entry = __atomic_load_n(&work, __ATOMIC_ACQUIRE)) == NULL) {
		if (__atomic_load_n(&calls, __ATOMIC_ACQUIRE) != seen) {
			seen++;
			call(cpu_index());
			__atomic_fetch_add(&called, 1, __ATOMIC_RELEASE);
		}
		insn_hlt(); /* the NMI is repeated until we have seen what it is for */
	}
	__atomic_fetch_add(&working, 1, __ATOMIC_RELEASE);
	entry(cpu_index());
	bug(__FILE__, __LINE__, "a CPU's work has ended");
}

void smp_start_all(void)
{
	uint16_t expected;
	fwcfg_read(FW_CFG_NB_CPUS, &expected, sizeof(expected));
	if (expected > MACHINE_MAX_CPUS) {
		machine_exit(EXIT_SETUP, "%u CPUs; the machine has at most %u", expected,
			     MACHINE_MAX_CPUS);
	}
	if (expected == 1) {
		return;
	}
	for (unsigned slot = 1; slot < expected; slot++) {
		cpu_prepare(slot);
	}
	memcpy(hpa_ptr(hpa(MACHINE_TRAMPOLINE)), smp_trampoline,
	       (size_t)(smp_trampoline_end - smp_trampoline));
	ipi_send_init_others();
	time_delay_us(INIT_WAIT_US);
	ipi_send_sipi_others(MACHINE_TRAMPOLINE);
	time_delay_us(SIPI_WAIT_US);
	ipi_send_sipi_others(MACHINE_TRAMPOLINE);

	uint64_t start = time_us();
	while (__atomic_load_n(&ready, __ATOMIC_ACQUIRE) < expected - 1u) {
		if (time_us() - start > ARRIVAL_TIMEOUT_US) {
			machine_exit(EXIT_SETUP, "only %u of %u CPUs have started",
				     __atomic_load_n(&ready, __ATOMIC_ACQUIRE) + 1, expected);
		}
		insn_pause();
	}
	cpu_number_all(expected);
	uint32_t highest = cpu_apic_id(expected - 1u);
	if (highest > IPI_MAX_ID) {
		machine_exit(EXIT_SETUP, "a CPU has the APIC id %u; interrupts reach ids up to %u",
			     highest, IPI_MAX_ID);
	}
}

/* Wakes the other CPUs until all have counted themselves. */
static void wait_for_others(const unsigned *counter)
{
	uint64_t start = time_us();
	while (__atomic_load_n(counter, __ATOMIC_ACQUIRE) < cpu_count() - 1) {
		if (time_us() - start > ARRIVAL_TIMEOUT_US) {
			machine_exit(EXIT_SETUP, "a CPU does not take its work");
		}
		ipi_send_nmi_others();
		time_delay_us(WAKE_WAIT_US);
	}
}

void smp_call_all(void (*function)(unsigned index))
{
	call = function;
	__atomic_store_n(&called, 0, __ATOMIC_RELAXED);
	__atomic_fetch_add(&calls, 1, __ATOMIC_RELEASE);
	function(0);
	wait_for_others(&called);
}

_Noreturn void smp_run_all(void (*entry)(unsigned index))
{
	__atomic_store_n(&work, entry, __ATOMIC_RELEASE);
	wait_for_others(&working);
	entry(0);
	bug(__FILE__, __LINE__, "the BSP's work has ended");
}
