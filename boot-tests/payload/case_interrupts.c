// Interrupts of a vCPU that was idle: taken once, when they may be, in the order of their priority.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <stdbool.h>
#include <stdint.h>

#include "arch/base/bits.h"
#include "arch/x86/cpu.h"
#include "arch/x86/insn.h"
#include "arch/x86/x2apic.h"
#include "boot-tests/payload/aps.h"
#include "boot-tests/payload/guest.h"
#include "boot-tests/payload/payload_case.h"
#include "boot-tests/payload/payload_main.h"
#include "boot-tests/payload/report.h"

#define SVR_ENABLED 0x1FF
#define ICR_NMI (4 * BIT64(8))
#define ICR_ALL_BUT_SELF (3 * BIT64(18))
#define DIVIDE_BY_1 0xB
/* 10 ms of the 25 MHz crystal. */
#define TIMER_COUNT 250000

#define VECTOR_TIMER 0x41
#define VECTOR_IPI 0x82
#define ROUNDS 10
/* Some tenths of a second, in which QEMU gives other CPUs a turn. */
#define HANDLER_CYCLES 1200000000
#define NMI_COUNT 2000

static volatile unsigned taken;
static volatile uint8_t order[2 * ROUNDS];
static volatile bool busy;

static void wait(uint64_t cycles)
{
	uint64_t begin = insn_rdtsc();

	while (insn_rdtsc() - begin < cycles) {
	}
}

/* Interrupts are off, and nothing leaves the TD before the EOI. */
static void take(uint8_t vector)
{
	EXPECT(!busy, "interrupt %x with interrupts off", vector);
	EXPECT(taken < ARRAY_COUNT(order), "interrupt %x once more", vector);
	busy = true;
	order[taken++] = vector;
	if (vector == VECTOR_TIMER) {
		wait(HANDLER_CYCLES);
	}
	busy = false;
	insn_wrmsr(X2APIC_EOI, 0);
}

/* An interrupt that ended a halt, and a higher one that came then, are each taken once: when the TD
 * enables interrupts, the higher one first. Before it has, there is no halt. */
static void case_interrupts(const struct info *info)
{
	(void)info;
	EXPECT(guest_is_td(), "a plain VM needs no host to halt");
	report_take_interrupts(interrupt_stubs, take);
	guest_write_msr(X2APIC_SVR, SVR_ENABLED);
	guest_write_msr(X2APIC_TIMER_DIVIDE, DIVIDE_BY_1);
	guest_write_msr(X2APIC_LVT_TIMER, VECTOR_TIMER);
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint64_t begin;

		guest_write_msr(X2APIC_TIMER_INITIAL, TIMER_COUNT);
		guest_halt();
		guest_halt(); /* does not wait: the interrupt has yet to be taken */
		insn_wrmsr(X2APIC_SELF_IPI, VECTOR_IPI);
		EXPECT(taken == 2 * round, "an interrupt with interrupts off");
		insn_sti();
		begin = insn_rdtsc();
		while (taken < 2 * round + 2 && insn_rdtsc() - begin < ANSWER_CYCLES) {
		}
		insn_cli();
		EXPECT(taken == 2 * round + 2, "%u interrupts in round %u", taken, round);
		EXPECT(order[2 * round] == VECTOR_IPI && order[2 * round + 1] == VECTOR_TIMER,
		       "first %x, then %x", order[2 * round], order[2 * round + 1]);
	}
}
PAYLOAD_CASE("interrupts", case_interrupts);

static unsigned nmis_sent, nmis_seen;

static void take_nmi(uint8_t vector)
{
	EXPECT(vector == VECTOR_NMI, "interrupt %x", vector);
	__atomic_store_n(&nmis_seen, __atomic_load_n(&nmis_sent, __ATOMIC_ACQUIRE),
			 __ATOMIC_RELEASE);
}

/* To the AP; of two CPUs it is all but this one, too. */
static uint64_t nmi_command(const struct info *info)
{
	bool all = info->cpu_count == 2 && nmis_sent % 2 != 0;

	return ICR_NMI | (all ? ICR_ALL_BUT_SELF : (uint64_t)info->apic_ids[1] << 32);
}

/* An NMI ends the halt of an AP, however far the AP is on its way into it. */
static void case_nmi(const struct info *info)
{
	report_take_interrupts(interrupt_stubs, take_nmi);
	__atomic_store_n(&aps_halt, true, __ATOMIC_RELAXED);
	aps_wake(info, 1);
	while (nmis_sent < NMI_COUNT) {
		uint64_t begin;

		__atomic_store_n(&nmis_sent, nmis_sent + 1, __ATOMIC_RELEASE);
		guest_write_msr(X2APIC_ICR, nmi_command(info));
		begin = insn_rdtsc();
		while (__atomic_load_n(&nmis_seen, __ATOMIC_ACQUIRE) != nmis_sent) {
			EXPECT(insn_rdtsc() - begin < ANSWER_CYCLES, "NMI %u is lost", nmis_sent);
			insn_pause();
		}
	}
}
PAYLOAD_CASE("nmi", case_nmi);
