// The local APIC of the QEMU CPU we run on, shown in x2APIC form: QEMU 7.2 under TCG has xAPIC
// only.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* msr: 0x800 to 0x83F, or IA32_TSC_DEADLINE. False: no such register, or not readable/writable, or
 * a value with reserved bits, or INIT/SIPI: nothing was done. Timer counts are in the TD's crystal
 * clock (25 MHz). A deadline is in the CPU's own TSC: the caller takes the TD's TSC offset off. */
bool lapic_x2apic_read(uint32_t msr, uint64_t *value);
bool lapic_x2apic_write(uint32_t msr, uint64_t value);

/* One IPI to the CPU with this index: delivery mode and vector of an ICR value, fixed or NMI.
 * False: another mode, nothing was sent. */
bool lapic_send_ipi(unsigned index, uint64_t icr);

/* From now on these CPUs, by index, send IPIs among themselves only; before, all are one group. */
void lapic_group(unsigned first, unsigned count);

/* Sets the TD's task priority: for a write of CR8 that had to be intercepted. */
void lapic_set_tpr(uint8_t tpr);

/* The state a TD's virtual APIC starts with. Once on each CPU. */
void lapic_reset(bool boot_cpu);
/* On a CPU whose TD has ended, before another one comes, GIF clear: takes the interrupts that were
 * under way, and sets the state that lapic_reset() sets. */
void lapic_renew(void);
/* Has this CPU an interrupt that has not been delivered yet? */
bool lapic_pending(void);

/*
 * Halts this CPU for about a millisecond, if the TD's timer is not running: the timer is borrowed
 * and wakes the CPU by NMI, so that no interrupt of the TD is taken, lost or changed. An NMI from
 * another CPU ends the nap early. Interrupts off, GIF clear.
 */
void lapic_nap(void);

/* This CPU gets an NMI after us microseconds, unless lapic_slice_end() is called before. False: the
 * TD's timer, which is borrowed for it, is running, and nothing was done. */
bool lapic_slice_begin(uint32_t us);
void lapic_slice_end(void);
