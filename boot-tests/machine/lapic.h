// The local APIC of the QEMU CPU we run on, shown in x2APIC form: QEMU 7.2 under TCG has xAPIC only.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* msr: 0x800 to 0x83F, or IA32_TSC_DEADLINE. False: no such register, or not readable/writable, or
 * a value with reserved bits, or INIT/SIPI: nothing was done. Timer counts are in the TD's crystal
 * clock (25 MHz). */
bool lapic_x2apic_read(uint32_t msr, uint64_t *value);
bool lapic_x2apic_write(uint32_t msr, uint64_t value);
