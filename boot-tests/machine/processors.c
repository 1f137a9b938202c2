// Descriptors and numbers of the CPUs, their NMIs and their stop.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "boot-tests/machine/processors.h"

#include <stddef.h>

#include "arch/base/bits.h"
#include "arch/base/check.h"
#include "arch/x86/cpu.h"
#include "arch/x86/cpuid.h"
#include "arch/x86/desc.h"
#include "arch/x86/frame.h"
#include "arch/x86/insn.h"
#include "boot-tests/machine/ipi.h"
#include "boot-tests/machine/memory.h"

/* A slot is a CPU in the order of arrival; it never changes. Its TSS selector tells the CPU which
 * one it is. */
#define TSS_SELECTOR(slot) (8 * MACHINE_GDT_FLAT_COUNT + 16 * (slot))
#define TSS_TYPE MASK64(47, 47) | 9 * BIT64(40)
#define VECTOR_COUNT 256
#define DF_IST 1

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

/* machine_entry.nasm */
extern const uint8_t exception_stubs[];
extern const uint8_t interrupt_stubs[];
extern const uint8_t cpu_wait_open[];
extern const uint8_t cpu_wait_over[];
extern const uint8_t cpu_wait_nmi_open[];
extern const uint8_t cpu_wait_nmi_over[];

/* machine.lds.S */
extern struct cpu_stack cpu_stacks[MACHINE_MAX_CPUS];

static bool stopping;
static bool stop_asked;

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
		ipi_send_nmi_others();
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

void cpu_handle_nmi(struct trap_frame *frame)
{
	if (__atomic_load_n(&stopping, __ATOMIC_ACQUIRE)) {
		cpu_stop();
	}
	look_for_stop();
	end_wait(frame, cpu_wait_open, cpu_wait_over);
	end_wait(frame, cpu_wait_nmi_open, cpu_wait_nmi_over);
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
				 interrupt_stubs + (i - EXCEPTION_COUNT) * EXCEPTION_STUB_SIZE,
			 i == VECTOR_DF ? DF_IST : 0);
	}
}

void cpu_prepare(unsigned slot)
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

void cpu_arrive(unsigned slot)
{
	struct desc_pointer gdtr = { sizeof(gdt) - 1, (uintptr_t)gdt };
	struct desc_pointer idtr = { sizeof(idt) - 1, (uintptr_t)idt };
	insn_lgdt(&gdtr);
	insn_lidt(&idtr);
	insn_ltr((uint16_t)TSS_SELECTOR(slot));
	/* The xAPIC's own register has 8 bits of it. */
	apic_id_of_slot[slot] = insn_cpuid(CPUID_TOPOLOGY, 0).edx;
}

void cpu_init(void)
{
	make_idt();
	cpu_prepare(0);
	cpu_arrive(0);
	apic_id_of_index[0] = apic_id_of_slot[0];
}

/* The BSP is 0; the others follow by APIC id. */
void cpu_number_all(unsigned arrived)
{
	count = arrived;
	for (unsigned slot = 1; slot < count; slot++) {
		unsigned index = 1;
		for (unsigned other = 1; other < count; other++) {
			index += apic_id_of_slot[other] < apic_id_of_slot[slot];
		}
		index_of_slot[slot] = index;
		apic_id_of_index[index] = apic_id_of_slot[slot];
	}
}
