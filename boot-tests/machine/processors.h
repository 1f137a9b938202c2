// The machine's CPUs, one QEMU CPU for each vCPU of the TD.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Interrupts are off in the machine, and GIF is clear once svm_cpu_init() has run: a physical
// interrupt or NMI comes in only where processors.c or svm.c opens a window for it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define MACHINE_MAX_CPUS 64

/* The boot CPU alone: descriptors, exceptions, time, LAPIC. Called by boot.c. */
void cpu_init(void);

/* CPUs that QEMU started; known after cpu_start_all(). */
unsigned cpu_count(void);
/* 0 for the boot CPU, then in the order of their APIC ids. */
unsigned cpu_index(void);
/* APIC id of CPU index; ids may have gaps. */
uint32_t cpu_apic_id(unsigned index);

/* Brings up all CPUs by INIT-SIPI-SIPI, each in 64-bit mode on the machine's own tables and stack;
 * returns when all have arrived. A CPU that has no work waits. */
void cpu_start_all(void);
/* Runs function(index) on every CPU, the caller's included, and returns when all have. The boot CPU
 * only; before cpu_run_all(). */
void cpu_call_all(void (*function)(unsigned index));
/* Runs entry(index) on every CPU, the caller's included; entry never returns. */
_Noreturn void cpu_run_all(void (*entry)(unsigned index));

/*
 * Waits, with interrupts enabled and the CPU halted, for one interrupt and returns its vector (32
 * to 255). The interrupt is accepted by the LAPIC (in service) but no EOI is sent: the TD does that
 * once it has been given the vector. An NMI ends the wait too, also one that came before it: 0.
 * This is what an idle vCPU costs the host. After svm_cpu_init() only.
 */
uint8_t cpu_wait_interrupt(void);

/* Halts the CPU until an NMI comes, or not at all if one has come; interrupts stay pending. After
 * svm_cpu_init() only. */
void cpu_wait_nmi(void);
/* Takes the NMI that is pending behind a #VMEXIT. */
void cpu_take_nmi(void);

/* Frequency of the TSC in kHz, measured once against the ACPI timer. */
uint64_t cpu_tsc_khz(void);
/* Microseconds since the machine's start. */
uint64_t cpu_time_us(void);
void cpu_delay_us(uint64_t us);

/*
 * tools/tdrun asks for the end of the run: it has QEMU log a corrected error, which is no
 * exception, in an error bank of each CPU ("mce") and send all an NMI by LINT1 ("inject-nmi").
 * Every svm_enter() then returns with VMEXIT_NMI. True from then on.
 */
bool cpu_stop_asked(void);

/* Halts the calling CPU for good. */
_Noreturn void cpu_stop(void);
/* Makes all other CPUs stop at their next #VMEXIT. */
void cpu_stop_others(void);
