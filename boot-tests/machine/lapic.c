// x2APIC registers on top of the xAPIC page.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [SDM 3A 11.5, 11.12; QEMU hw/intc/apic.c]
#include "boot-tests/machine/lapic.h"

#include "arch/base/bits.h"
#include "arch/x86/cpu.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/ipi.h"
#include "boot-tests/machine/lapic_page.h"
#include "boot-tests/machine/processors.h"
#include "boot-tests/machine/time.h"
#include "boot-tests/machine/wake.h"

#define SVR_RESET 0xFF
#define SVR_ENABLED BIT64(8)
/* Of ISR and IRR, 32 vectors each. */
#define VECTOR_WORDS 8
#define SVR_VALID (MASK64(7, 0) | BIT64(8) | BIT64(9))

#define LVT_VECTOR MASK64(7, 0)
#define LVT_DELIVERY MASK64(10, 8)
#define LVT_MODE_NMI (4 * BIT64(8))
#define LVT_MODE_EXTINT (7 * BIT64(8))
#define LVT_STATUS BIT64(12)
#define LVT_POLARITY BIT64(13)
#define LVT_REMOTE_IRR BIT64(14)
#define LVT_LEVEL BIT64(15)
#define LVT_MASKED BIT64(16)
#define LVT_TIMER_PERIODIC BIT64(17)
#define LVT_TIMER_DEADLINE BIT64(18)
#define LVT_TIMER_MODE (LVT_TIMER_PERIODIC | LVT_TIMER_DEADLINE)
/* What may be written; the two status bits are read-only and ignored. */
#define LVT_TIMER_VALID (LVT_VECTOR | LVT_STATUS | LVT_MASKED | LVT_TIMER_MODE)
#define LVT_ERROR_VALID (LVT_VECTOR | LVT_STATUS | LVT_MASKED)
#define LVT_LOCAL_VALID (LVT_ERROR_VALID | LVT_DELIVERY)
#define LVT_LINT_VALID (LVT_LOCAL_VALID | LVT_POLARITY | LVT_REMOTE_IRR | LVT_LEVEL)

#define ICR_LOGICAL BIT64(11)
#define ICR_TRIGGER_LEVEL BIT64(15)
#define ICR_DESTINATION MASK64(63, 32)
#define ICR_VALID                                                                         \
	(ICR_VECTOR | ICR_DELIVERY | ICR_LOGICAL | ICR_LEVEL_ASSERT | ICR_TRIGGER_LEVEL | \
	 ICR_SHORTHAND | ICR_DESTINATION)
#define DESTINATION_ALL 0xFFFFFFFF
#define LOGICAL_CLUSTER MASK64(31, 16)
#define LOGICAL_MEMBERS MASK64(15, 0)
#define CLUSTER_SIZE 16

#define DIVIDE_VALID (MASK64(1, 0) | BIT64(3))

/* QEMU's timer counts nanoseconds, the TD's counts a crystal of 25 MHz. */
#define CRYSTAL_PERIOD_NS 40
#define DIVIDE_SHIFT_MAX 7
/* A nap of so many CPUs; of more each is longer, so that all that sleep cost no more. */
#define NAP_NS 1000000
#define NAP_CPUS 8
#define NS_IN_US 1000

/* The TD's view of its timer; what QEMU's registers hold is derived from it. */
struct timer {
	uint32_t lvt;
	uint32_t divide;
	uint32_t initial;
	uint64_t deadline; /* TSC; 0 = none */
	unsigned shift;    /* QEMU's counter runs at 1 GHz >> shift */
	bool undelivered;  /* started, and its interrupt has not been seen in service yet */
	bool in_service;   /* it was started while its interrupt before was in service */
};
static struct timer timers[MACHINE_MAX_CPUS];
/* By CPU: the CPUs [first, end) that its IPIs can reach; end 0: all. */
static struct {
	unsigned first, end;
} groups[MACHINE_MAX_CPUS];
static uint64_t icrs[MACHINE_MAX_CPUS];
/* The TD's view of LINT1, to which nothing of its is wired: the machine's takes tdrun's NMI. */
static uint32_t lint1s[MACHINE_MAX_CPUS];

void lapic_set_tpr(uint8_t tpr)
{
	lapic_set(LAPIC_TPR, tpr);
}

/* --- IPIs ----------------------------------------------------------------------------------- */

/* Does the ICR value of the TD on CPU self address the CPU with this index? */
static bool addressed(uint64_t icr, unsigned self, unsigned index)
{
	uint32_t id = cpu_apic_id(index);
	uint32_t destination = (uint32_t)field_get(ICR_DESTINATION, icr);
	switch (field_get(ICR_SHORTHAND, icr)) {
	case ICR_SHORTHAND_SELF:
		return index == self;
	case ICR_SHORTHAND_ALL:
		return true;
	case ICR_SHORTHAND_OTHERS:
		return index != self;
	default:
		break;
	}
	if (destination == DESTINATION_ALL) {
		return true;
	}
	if ((icr & ICR_LOGICAL) == 0) {
		return destination == id;
	}
	return field_get(LOGICAL_CLUSTER, destination) == id / CLUSTER_SIZE &&
	       (destination & BIT32(id % CLUSTER_SIZE)) != 0;
}

void lapic_group(unsigned first, unsigned count)
{
	for (unsigned i = first; i < first + count; i++) {
		groups[i].first = first;
		groups[i].end = first + count;
	}
}

bool lapic_send_ipi(unsigned index, uint64_t icr)
{
	switch (field_get(ICR_DELIVERY, icr)) {
	case ICR_DELIVERY_NMI:
		wake_post_nmi(index);
		return true;
	case ICR_DELIVERY_FIXED:
	case ICR_DELIVERY_LOWEST:
		ipi_send_interrupt(cpu_apic_id(index), (uint8_t)(icr & ICR_VECTOR));
		return true;
	default:
		return false;
	}
}

/* xAPIC has no logical cluster of x2APIC's shape: every destination becomes physical IPIs. */
static bool send_ipis(uint64_t icr)
{
	unsigned delivery = (unsigned)field_get(ICR_DELIVERY, icr);
	if ((icr & ~ICR_VALID) != 0 ||
	    (delivery != ICR_DELIVERY_FIXED && delivery != ICR_DELIVERY_LOWEST &&
	     delivery != ICR_DELIVERY_NMI)) {
		return false;
	}
	unsigned self = cpu_index();
	unsigned end = groups[self].end != 0 ? groups[self].end : cpu_count();
	for (unsigned i = groups[self].first; i < end; i++) {
		if (!addressed(icr, self, i)) {
			continue;
		}
		(void)lapic_send_ipi(i, icr);
		if (delivery == ICR_DELIVERY_LOWEST) {
			break;
		}
	}
	return true;
}

/* --- timer ---------------------------------------------------------------------------------- */

/* What a count is divided by: encoding 000 to 110 is 2 to 128, 111 is 1. */
static unsigned divide_shift(uint32_t divide)
{
	unsigned code = (divide & 3) | (divide & 8) / 2;
	return (code + 1) & 7;
}

static uint32_t divide_code(unsigned shift)
{
	unsigned code = (shift - 1) & 7;
	return (code & 3) | (code & 4) * 2;
}

/* Nanoseconds of one count of the TD's timer. */
static uint64_t count_ns(const struct timer *timer)
{
	return CRYSTAL_PERIOD_NS * BIT64(divide_shift(timer->divide));
}

static bool interrupt_in_service(const struct timer *timer)
{
	unsigned vector = timer->lvt & (unsigned)LVT_VECTOR;
	return (lapic_get(LAPIC_ISR + vector / 32) & BIT32(vector % 32)) != 0;
}

/* The TD ends an interrupt. */
static void note_eoi(struct timer *timer)
{
	if (interrupt_in_service(timer)) {
		timer->undelivered = timer->undelivered && timer->in_service;
		timer->in_service = false;
	}
}

/* Starts QEMU's counter; 0 stops it. More than 2^32 * 128 ns (9 minutes) ends early: an early timer
 * interrupt is harmless, and no kernel asks for it. */
static void counter_start(struct timer *timer, uint64_t ns)
{
	timer->undelivered = ns != 0;
	timer->in_service = interrupt_in_service(timer);
	timer->shift = 0;
	while (ns > UINT32_MAX && timer->shift < DIVIDE_SHIFT_MAX) {
		ns /= 2;
		timer->shift++;
	}
	lapic_set(LAPIC_TIMER_DIVIDE, divide_code(timer->shift));
	lapic_set(LAPIC_TIMER_INITIAL, ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns);
}

static uint64_t counter_ns(const struct timer *timer)
{
	return (uint64_t)lapic_get(LAPIC_TIMER_CURRENT) << timer->shift;
}

static bool deadline_mode(const struct timer *timer)
{
	return (timer->lvt & LVT_TIMER_MODE) == LVT_TIMER_DEADLINE;
}

static uint32_t lvt_for_qemu(const struct timer *timer)
{
	return timer->lvt & (uint32_t) ~(LVT_TIMER_DEADLINE | LVT_STATUS);
}

static bool write_lvt_timer(struct timer *timer, uint32_t value)
{
	if ((value & LVT_TIMER_MODE) == LVT_TIMER_MODE) {
		return false;
	}
	bool was_deadline = deadline_mode(timer);
	timer->lvt = value & (uint32_t)~LVT_STATUS;
	if (was_deadline != deadline_mode(timer)) {
		timer->deadline = 0;
		timer->initial = 0;
		counter_start(timer, 0);
	}
	lapic_set(LAPIC_LVT_TIMER, lvt_for_qemu(timer));
	return true;
}

static void write_initial(struct timer *timer, uint32_t value)
{
	if (!deadline_mode(timer)) {
		timer->initial = value;
		counter_start(timer, value * count_ns(timer));
	}
}

static void write_deadline(struct timer *timer, uint64_t deadline)
{
	if (!deadline_mode(timer)) {
		return;
	}
	timer->deadline = deadline;
	uint64_t now = insn_rdtsc();
	if (deadline == 0) {
		counter_start(timer, 0);
	} else if (deadline <= now) {
		counter_start(timer, 1);
	} else {
		uint64_t khz = time_tsc_khz();
		uint64_t ms = (deadline - now) / khz;
		uint64_t rest = (deadline - now) % khz;
		/* Far more than the counter holds, and no overflow below. */
		ms = ms < UINT32_MAX ? ms : UINT32_MAX;
		counter_start(timer, ms * 1000000 + rest * 1000000 / khz + 1);
	}
}

static uint64_t read_deadline(struct timer *timer)
{
	if (timer->deadline != 0 && lapic_get(LAPIC_TIMER_CURRENT) == 0) {
		timer->deadline = 0;
	}
	return timer->deadline;
}

static bool counter_runs(const struct timer *timer)
{
	if ((timer->lvt & LVT_TIMER_MODE) == LVT_TIMER_PERIODIC) {
		return timer->initial != 0;
	}
	return lapic_get(LAPIC_TIMER_CURRENT) != 0;
}

/*
 * Until give_back(), the timer sends this CPU an NMI after ns, and if periodic again and again.
 * Delivery as NMI passes by SVR, TPR, IRR and ISR, which are the TD's. False: the TD's own timer is
 * running. QEMU delivers an interrupt later than the counter shows 0: while that is on its way, a
 * loan would take it away.
 */
static bool borrow(bool periodic, uint32_t ns)
{
	const struct timer *timer = &timers[cpu_index()];
	bool expected = timer->undelivered && (timer->lvt & LVT_MASKED) == 0;
	if (expected || counter_runs(timer)) {
		return false;
	}
	lapic_set(LAPIC_TIMER_DIVIDE, divide_code(0));
	lapic_set(LAPIC_LVT_TIMER, LVT_MODE_NMI | (periodic ? LVT_TIMER_PERIODIC : 0));
	lapic_set(LAPIC_TIMER_INITIAL, ns);
	return true;
}

static void give_back(void)
{
	lapic_set(LAPIC_TIMER_INITIAL, 0);
	lapic_set(LAPIC_LVT_TIMER, lvt_for_qemu(&timers[cpu_index()]));
}

bool lapic_slice_begin(uint32_t us)
{
	return borrow(false, us * NS_IN_US);
}

void lapic_slice_end(void)
{
	give_back();
}

void lapic_nap(void)
{
	/* Periodic: an NMI that comes before HLT must not be the last one. */
	unsigned share = (cpu_count() + NAP_CPUS - 1) / NAP_CPUS;
	if (borrow(true, share * NAP_NS)) {
		cpu_wait_nmi();
		give_back();
	}
}

/* --- registers ------------------------------------------------------------------------------ */

bool lapic_x2apic_read(uint32_t msr, uint64_t *value)
{
	struct timer *timer = &timers[cpu_index()];
	if (msr == MSR_IA32_TSC_DEADLINE) {
		*value = read_deadline(timer);
		return true;
	}
	unsigned reg = msr - MSR_X2APIC_BASE;
	if (reg >= LAPIC_ISR && reg <= LAPIC_IRR_LAST) {
		*value = lapic_get(reg);
		return true;
	}
	switch (reg) {
	case LAPIC_ID:
		*value = ipi_own_id();
		return true;
	case LAPIC_LDR:
		*value = field_put(LOGICAL_CLUSTER, ipi_own_id() / CLUSTER_SIZE) |
			 BIT64(ipi_own_id() % CLUSTER_SIZE);
		return true;
	case LAPIC_ICR:
		*value = icrs[cpu_index()];
		return true;
	case LAPIC_LVT_TIMER:
		*value = timer->lvt;
		return true;
	case LAPIC_TIMER_INITIAL:
		*value = timer->initial;
		return true;
	case LAPIC_TIMER_CURRENT:
		*value = deadline_mode(timer) ? 0 : counter_ns(timer) / count_ns(timer);
		return true;
	case LAPIC_TIMER_DIVIDE:
		*value = timer->divide;
		return true;
	case LAPIC_LVT_LINT1:
		*value = lint1s[cpu_index()];
		return true;
	case LAPIC_VERSION:
	case LAPIC_TPR:
	case LAPIC_PPR:
	case LAPIC_SVR:
	case LAPIC_ESR:
	case LAPIC_LVT_THERMAL:
	case LAPIC_LVT_PERF:
	case LAPIC_LVT_LINT0:
	case LAPIC_LVT_ERROR:
		*value = lapic_get(reg);
		return true;
	default:
		return false;
	}
}

/* Bits that may be set in a register that can be written with 32 bits; 0 also for none. */
static uint64_t writable(unsigned reg)
{
	switch (reg) {
	case LAPIC_TPR:
	case LAPIC_SELF_IPI:
		return MASK64(7, 0);
	case LAPIC_SVR:
		return SVR_VALID;
	case LAPIC_LVT_TIMER:
		return LVT_TIMER_VALID;
	case LAPIC_LVT_THERMAL:
	case LAPIC_LVT_PERF:
		return LVT_LOCAL_VALID;
	case LAPIC_LVT_LINT0:
	case LAPIC_LVT_LINT1:
		return LVT_LINT_VALID;
	case LAPIC_LVT_ERROR:
		return LVT_ERROR_VALID;
	case LAPIC_TIMER_INITIAL:
		return MASK64(31, 0);
	case LAPIC_TIMER_DIVIDE:
		return DIVIDE_VALID;
	default: /* EOI and ESR take 0 only */
		return 0;
	}
}

bool lapic_x2apic_write(uint32_t msr, uint64_t value)
{
	struct timer *timer = &timers[cpu_index()];
	if (msr == MSR_IA32_TSC_DEADLINE) {
		write_deadline(timer, value);
		return true;
	}
	unsigned reg = msr - MSR_X2APIC_BASE;
	if (reg == LAPIC_ICR) {
		if (!send_ipis(value)) {
			return false;
		}
		icrs[cpu_index()] = value;
		return true;
	}
	if ((value & ~writable(reg)) != 0) {
		return false;
	}
	switch (reg) {
	case LAPIC_LVT_TIMER:
		return write_lvt_timer(timer, (uint32_t)value);
	case LAPIC_TIMER_INITIAL:
		write_initial(timer, (uint32_t)value);
		return true;
	case LAPIC_TIMER_DIVIDE:
		/* A running count starts over with the new divisor. */
		timer->divide = (uint32_t)value;
		if (counter_runs(timer)) {
			write_initial(timer, timer->initial);
		}
		return true;
	case LAPIC_SELF_IPI:
		return send_ipis(value | field_put(ICR_SHORTHAND, ICR_SHORTHAND_SELF));
	case LAPIC_LVT_LINT1:
		lint1s[cpu_index()] = (uint32_t)value & (uint32_t) ~(LVT_STATUS | LVT_REMOTE_IRR);
		return true;
	case LAPIC_EOI:
		note_eoi(timer);
		lapic_set(reg, 0);
		return true;
	case LAPIC_TPR:
	case LAPIC_SVR:
	case LAPIC_ESR:
	case LAPIC_LVT_THERMAL:
	case LAPIC_LVT_PERF:
	case LAPIC_LVT_LINT0:
	case LAPIC_LVT_ERROR:
		lapic_set(reg, (uint32_t)value);
		return true;
	default:
		return false;
	}
}

void lapic_reset(bool boot_cpu)
{
	if (boot_cpu) { /* for all: CPUs have no index yet */
		for (unsigned i = 0; i < MACHINE_MAX_CPUS; i++) {
			timers[i].lvt = LVT_MASKED;
			lint1s[i] = LVT_MASKED;
		}
	}
	lapic_set(LAPIC_TPR, 0);
	lapic_set(LAPIC_TIMER_INITIAL, 0);
	lapic_set(LAPIC_LVT_TIMER, LVT_MASKED);
	lapic_set(LAPIC_LVT_THERMAL, LVT_MASKED);
	lapic_set(LAPIC_LVT_PERF, LVT_MASKED);
	/* The PICs' ExtINT reaches the BSP without more ado, as under KVM. */
	lapic_set(LAPIC_LVT_LINT0, boot_cpu ? LVT_MODE_EXTINT : LVT_MASKED);
	lapic_set(LAPIC_LVT_LINT1, LVT_MODE_NMI);
	lapic_set(LAPIC_LVT_ERROR, LVT_MASKED);
	lapic_set(LAPIC_SVR, SVR_RESET);
}

static bool any_set(unsigned first)
{
	uint32_t any = 0;
	for (unsigned i = 0; i < VECTOR_WORDS; i++) {
		any |= lapic_get(first + i);
	}
	return any != 0;
}

bool lapic_pending(void)
{
	return any_set(LAPIC_IRR);
}

void lapic_renew(void)
{
	lapic_set(LAPIC_TIMER_INITIAL, 0);
	lapic_set(LAPIC_LVT_TIMER, LVT_MASKED);
	while (any_set(LAPIC_ISR)) {
		lapic_set(LAPIC_EOI, 0);
	}
	lapic_set(LAPIC_TPR, 0);
	lapic_set(LAPIC_SVR, SVR_RESET | SVR_ENABLED);
	while (any_set(LAPIC_IRR)) {
		(void)cpu_wait_interrupt();
		lapic_set(LAPIC_EOI, 0);
	}
	timers[cpu_index()] = (struct timer){ .lvt = LVT_MASKED };
	icrs[cpu_index()] = 0;
	lint1s[cpu_index()] = LVT_MASKED;
	lapic_reset(cpu_index() == 0);
}
