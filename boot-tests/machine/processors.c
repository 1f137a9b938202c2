// Bringing CPUs up, exceptions of the machine itself, time.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/processors.h"

#include <stddef.h>

#include "arch/base/bits.h"
#include "arch/base/check.h"
#include "arch/base/mem.h"
#include "arch/qemu/fw_cfg.h"
#include "arch/x86/cpu.h"
#include "arch/x86/desc.h"
#include "arch/x86/frame.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/chipset.h"
#include "boot-tests/machine/exit.h"
#include "boot-tests/machine/fw_cfg_dma.h"
#include "boot-tests/machine/lapic.h"
#include "boot-tests/machine/memory.h"

/* A slot is a CPU in the order of arrival; it never changes. Its TSS selector tells the CPU which
 * one it is. */
#define TSS_SELECTOR(slot) (8 * MACHINE_GDT_FLAT_COUNT + 16 * (slot))
#define TSS_TYPE MASK64(47, 47) | 9 * BIT64(40)
#define EXCEPTION_STUB_SIZE 16
#define INTERRUPT_STUB_SIZE 16
#define EXCEPTION_COUNT 32
#define VECTOR_COUNT 256
#define DF_IST 1

#define PM_TIMER_HZ 3579545
#define PM_TIMER_MASK MASK64(23, 0)
#define CALIBRATION_TICKS (PM_TIMER_HZ / 50)
#define CALIBRATION_SAMPLES 16
/* TSC clocks; no host is so fast that this passes in 20 ms. */
#define CALIBRATION_LIMIT 10000000000

#define INIT_WAIT_US 10000
#define SIPI_WAIT_US 200
#define ARRIVAL_TIMEOUT_US 10000000
#define WAKE_WAIT_US 1000

/* cpu_stop_asked(): the bank that tools/tdrun names. [SDM 3B 16.3.2] */
#define STOP_BANK 9
#define STOP_BANK_STATUS (MSR_IA32_MC0_STATUS + 4 * STOP_BANK)

/* One slot's stack: from the bottom a guard page, the stack of #DF, a guard page, the stack. */
struct cpu_stack {
	uint8_t guard_df[MEM_PAGE_SIZE];
	uint8_t df[MEM_PAGE_SIZE];
	uint8_t guard[MEM_PAGE_SIZE];
	uint8_t stack[MACHINE_STACK_SIZE - 3 * MEM_PAGE_SIZE];
};
_Static_assert(sizeof(struct cpu_stack) == MACHINE_STACK_SIZE, "smp.nasm multiplies by this.");

/* boot.nasm, smp.nasm, machine_entry.nasm */
extern const uint8_t smp_trampoline[];
extern const uint8_t smp_trampoline_end[];
extern const uint8_t exception_stubs[];
extern const uint8_t interrupt_stubs[];
extern const uint8_t cpu_wait_open[];
extern const uint8_t cpu_wait_over[];
extern const uint8_t cpu_wait_nmi_open[];
extern const uint8_t cpu_wait_nmi_over[];
void exception(struct trap_frame *frame);
_Noreturn void cpu_ap_main(unsigned slot);

__attribute__((aligned(MEM_PAGE_SIZE))) struct cpu_stack cpu_stacks[MACHINE_MAX_CPUS];
/* CPUs that came through smp_start, and of those the ones that are ready for work. */
uint32_t cpu_arrivals;
static unsigned ready;
static unsigned working;
static bool stopping;
static bool stop_asked;
static void (*work)(unsigned index);
/* A call is made once by each CPU that finds a new number of calls. */
static void (*call)(unsigned index);
static unsigned calls;
static unsigned called;

static uint64_t gdt[MACHINE_GDT_FLAT_COUNT + 2 * MACHINE_MAX_CPUS] = {
	[MACHINE_CODE64 / 8] = GDT_CODE64,
	[MACHINE_DATA / 8] = GDT_DATA,
	[MACHINE_CODE32 / 8] = GDT_CODE32,
};
static struct idt_gate idt[VECTOR_COUNT];
static struct tss64 tss[MACHINE_MAX_CPUS];

static unsigned count = 1;
static uint32_t apic_id_of_slot[MACHINE_MAX_CPUS];
static unsigned index_of_slot[MACHINE_MAX_CPUS];
static uint32_t apic_id_of_index[MACHINE_MAX_CPUS];

static uint64_t tsc_khz;
static uint64_t tsc_start;

unsigned cpu_count(void)
{
	return count;
}

unsigned cpu_index(void)
{
	return index_of_slot[(insn_str() - TSS_SELECTOR(0)) / 16];
}

uint32_t cpu_apic_id(unsigned index)
{
	CHECK(index < count);
	return apic_id_of_index[index];
}

_Noreturn void cpu_stop(void)
{
	insn_cli();
	for (;;) {
		insn_hlt();
	}
}

void cpu_stop_others(void)
{
	__atomic_store_n(&stopping, true, __ATOMIC_RELEASE);
	if (count > 1) {
		lapic_send_nmi_others();
	}
}

bool cpu_stop_asked(void)
{
	return __atomic_load_n(&stop_asked, __ATOMIC_ACQUIRE);
}

/* Nothing else writes the bank: the TD has none of the CPU's own. */
static void look_for_stop(void)
{
	if ((insn_rdmsr(STOP_BANK_STATUS) & MCI_STATUS_VALID) != 0) {
		insn_wrmsr(STOP_BANK_STATUS, 0);
		__atomic_store_n(&stop_asked, true, __ATOMIC_RELEASE);
	}
}

/* An NMI before HLT in [open, over): the HLT is not for it any more. */
static void end_wait(struct trap_frame *frame, const uint8_t *open, const uint8_t *over)
{
	if (frame->rip >= (uintptr_t)open && frame->rip < (uintptr_t)over) {
		frame->rip = (uintptr_t)over;
	}
}

/* Called by the stubs of exception.inc. */
void exception(struct trap_frame *frame)
{
	if (frame->vector == VECTOR_NMI) {
		if (__atomic_load_n(&stopping, __ATOMIC_ACQUIRE)) {
			cpu_stop();
		}
		look_for_stop();
		end_wait(frame, cpu_wait_open, cpu_wait_over);
		end_wait(frame, cpu_wait_nmi_open, cpu_wait_nmi_over);
		return; /* it has done its work: it ended HLT or the TD's run */
	}
	machine_exit(EXIT_BUG,
		     "bug of the machine: exception %llu, error code 0x%llx, at RIP 0x%llx, "
		     "RSP 0x%llx, CR2 0x%llx, CPU %u",
		     (unsigned long long)frame->vector, (unsigned long long)frame->error_code,
		     (unsigned long long)frame->rip, (unsigned long long)frame->rsp,
		     (unsigned long long)insn_read_cr2(), cpu_index());
}

static void set_gate(unsigned vector, const uint8_t *stub, uint8_t ist)
{
	uint64_t offset = (uintptr_t)stub;
	idt[vector] = (struct idt_gate){
		.offset_low = (uint16_t)offset,
		.selector = MACHINE_CODE64,
		.ist = ist,
		.type = IDT_INTERRUPT_GATE,
		.offset_mid = (uint16_t)field_get(MASK64(31, 16), offset),
		.offset_high = (uint32_t)field_get(MASK64(63, 32), offset),
	};
}

static void make_idt(void)
{
	for (unsigned i = 0; i < VECTOR_COUNT; i++) {
		set_gate(i,
			 i < EXCEPTION_COUNT ?
				 exception_stubs + i * EXCEPTION_STUB_SIZE :
				 interrupt_stubs + (i - EXCEPTION_COUNT) * INTERRUPT_STUB_SIZE,
			 i == VECTOR_DF ? DF_IST : 0);
	}
}

/* The guard pages and the TSS of one slot; on the boot CPU, before the slot is used. */
static void make_slot(unsigned slot)
{
	struct cpu_stack *stack = &cpu_stacks[slot];
	memory_guard(stack->guard_df);
	memory_guard(stack->guard);
	tss[slot].ist[DF_IST - 1] = (uintptr_t)stack->df + sizeof(stack->df);
	tss[slot].io_map_base = sizeof(tss[slot]);
	uint64_t base = (uintptr_t)&tss[slot];
	uint64_t *descriptor = &gdt[TSS_SELECTOR(slot) / 8];
	descriptor[0] = field_put(MASK64(15, 0), sizeof(tss[slot]) - 1) |
			field_put(MASK64(39, 16), base) | TSS_TYPE |
			field_put(MASK64(63, 56), base >> 24);
	descriptor[1] = base >> 32;
}

static void load_descriptors(unsigned slot)
{
	struct desc_pointer gdtr = { sizeof(gdt) - 1, (uintptr_t)gdt };
	struct desc_pointer idtr = { sizeof(idt) - 1, (uintptr_t)idt };
	insn_lgdt(&gdtr);
	insn_lidt(&idtr);
	insn_ltr((uint16_t)TSS_SELECTOR(slot));
}

struct clocks {
	uint64_t tsc;
	uint64_t ticks; /* of the ACPI timer */
};

/* Reads both at the same moment, as far as the host lets us. */
static struct clocks read_clocks(void)
{
	struct clocks clocks = { 0, 0 };
	uint64_t best = UINT64_MAX;
	for (unsigned i = 0; i < CALIBRATION_SAMPLES; i++) {
		uint64_t before = insn_rdtsc();
		uint64_t ticks = insn_in32(CHIPSET_PM_TIMER) & PM_TIMER_MASK;
		uint64_t gap = insn_rdtsc() - before;
		if (gap < best) {
			best = gap;
			clocks = (struct clocks){ before + gap / 2, ticks };
		}
	}
	return clocks;
}

static void calibrate_tsc(void)
{
	chipset_pm_on();
	struct clocks start = read_clocks();
	uint64_t ticks;
	do {
		ticks = (insn_in32(CHIPSET_PM_TIMER) - start.ticks) & PM_TIMER_MASK;
	} while (ticks < CALIBRATION_TICKS && insn_rdtsc() - start.tsc < CALIBRATION_LIMIT);
	struct clocks end = read_clocks();
	chipset_pm_restore();
	ticks = (end.ticks - start.ticks) & PM_TIMER_MASK;
	if (ticks < CALIBRATION_TICKS) {
		machine_exit(EXIT_SETUP, "no ACPI timer at port 0x%x", CHIPSET_PM_TIMER);
	}
	tsc_khz = (end.tsc - start.tsc) * PM_TIMER_HZ / ticks / 1000;
	tsc_start = start.tsc;
}

uint64_t cpu_tsc_khz(void)
{
	return tsc_khz;
}

uint64_t cpu_time_us(void)
{
	return tsc_khz == 0 ? 0 : (insn_rdtsc() - tsc_start) * 1000 / tsc_khz;
}

void cpu_delay_us(uint64_t us)
{
	uint64_t start = cpu_time_us();
	while (cpu_time_us() - start < us) {
		insn_pause();
	}
}

void cpu_init(void)
{
	make_idt();
	make_slot(0);
	load_descriptors(0);
	lapic_reset(true);
	apic_id_of_slot[0] = lapic_id();
	apic_id_of_index[0] = lapic_id();
	calibrate_tsc();
}

/* From smp.nasm, on the slot's stack and the machine's tables. */
_Noreturn void cpu_ap_main(unsigned slot)
{
	load_descriptors(slot);
	lapic_reset(false);
	apic_id_of_slot[slot] = lapic_id();
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

/* The boot CPU is 0; the others follow by APIC id. */
static void number_cpus(void)
{
	for (unsigned slot = 1; slot < count; slot++) {
		unsigned index = 1;
		for (unsigned other = 1; other < count; other++) {
			index += apic_id_of_slot[other] < apic_id_of_slot[slot];
		}
		index_of_slot[slot] = index;
		apic_id_of_index[index] = apic_id_of_slot[slot];
	}
}

void cpu_start_all(void)
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
		make_slot(slot);
	}
	memcpy(hpa_ptr(hpa(MACHINE_TRAMPOLINE)), smp_trampoline,
	       (size_t)(smp_trampoline_end - smp_trampoline));
	lapic_send_init_others();
	cpu_delay_us(INIT_WAIT_US);
	lapic_send_sipi_others(MACHINE_TRAMPOLINE);
	cpu_delay_us(SIPI_WAIT_US);
	lapic_send_sipi_others(MACHINE_TRAMPOLINE);

	uint64_t start = cpu_time_us();
	while (__atomic_load_n(&ready, __ATOMIC_ACQUIRE) < expected - 1u) {
		if (cpu_time_us() - start > ARRIVAL_TIMEOUT_US) {
			machine_exit(EXIT_SETUP, "only %u of %u CPUs have started",
				     __atomic_load_n(&ready, __ATOMIC_ACQUIRE) + 1, expected);
		}
		insn_pause();
	}
	count = expected;
	number_cpus();
}

/* Wakes the other CPUs until all have counted themselves. */
static void wait_for_others(const unsigned *counter)
{
	uint64_t start = cpu_time_us();
	while (__atomic_load_n(counter, __ATOMIC_ACQUIRE) < count - 1) {
		if (cpu_time_us() - start > ARRIVAL_TIMEOUT_US) {
			machine_exit(EXIT_SETUP, "a CPU does not take its work");
		}
		lapic_send_nmi_others();
		cpu_delay_us(WAKE_WAIT_US);
	}
}

void cpu_call_all(void (*function)(unsigned index))
{
	call = function;
	__atomic_store_n(&called, 0, __ATOMIC_RELAXED);
	__atomic_fetch_add(&calls, 1, __ATOMIC_RELEASE);
	function(0);
	wait_for_others(&called);
}

_Noreturn void cpu_run_all(void (*entry)(unsigned index))
{
	__atomic_store_n(&work, entry, __ATOMIC_RELEASE);
	wait_for_others(&working);
	entry(0);
	bug(__FILE__, __LINE__, "the boot CPU's work has ended");
}
