// The machine's CPUs, one QEMU CPU for each vCPU of the TD.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Interrupts are off in the machine, and GIF is clear once svm_cpu_init() has run: a physical
// interrupt or NMI comes in only where cpu_wait_interrupt() and the like or svm.c open a window for
// it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/x86/frame.h"
#include "linker/memmap.h"

/* A slot is a CPU in the order of arrival, the BSP's is 0. */

/* On the BSP, first: descriptors, exceptions, its own slot and index. */
void cpu_init(void);
/* Guard pages and TSS of a slot; on the BSP, before the slot is used. */
void cpu_prepare(unsigned slot);
/* On the slot's CPU, on the slot's stack. */
void cpu_arrive(unsigned slot);
/* Gives all CPUs their indices once so many have arrived, the BSP included. */
void cpu_number_all(unsigned arrived);

/* CPUs that have their indices. */
unsigned cpu_count(void);
/* 0 for the BSP, then in the order of their APIC ids. */
unsigned cpu_index(void);
/* APIC id of CPU index; ids may have gaps. */
uint32_t cpu_apic_id(unsigned index);

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
/* Takes the NMI that is pending after a #VMEXIT. */
void cpu_take_nmi(void);

/* Exception 2. It has done its work when it has ended HLT or the TD's run. */
void cpu_handle_nmi(struct trap_frame *frame);

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
