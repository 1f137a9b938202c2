// The local APIC of the QEMU CPU we run on: its registers in the xAPIC page.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [SDM 3A 11.5, 11.6, 11.12]
#pragma once

#include <stdint.h>

#include "arch/base/bits.h"

#define LAPIC_BASE 0xFEE00000

/* Register numbers: MSR 0x800 + n, or LAPIC_BASE + 16 * n. */
enum lapic_register {
	LAPIC_ID = 0x02,
	LAPIC_VERSION = 0x03,
	LAPIC_TPR = 0x08,
	LAPIC_PPR = 0x0A,
	LAPIC_EOI = 0x0B,
	LAPIC_LDR = 0x0D,
	LAPIC_SVR = 0x0F,
	LAPIC_ISR = 0x10,
	LAPIC_IRR = 0x20,
	LAPIC_IRR_LAST = 0x27,
	LAPIC_ESR = 0x28,
	LAPIC_ICR = 0x30,
	LAPIC_ICR_HIGH = 0x31, /* xAPIC only */
	LAPIC_LVT_TIMER = 0x32,
	LAPIC_LVT_THERMAL = 0x33,
	LAPIC_LVT_PERF = 0x34,
	LAPIC_LVT_LINT0 = 0x35,
	LAPIC_LVT_LINT1 = 0x36,
	LAPIC_LVT_ERROR = 0x37,
	LAPIC_TIMER_INITIAL = 0x38,
	LAPIC_TIMER_CURRENT = 0x39,
	LAPIC_TIMER_DIVIDE = 0x3E,
	LAPIC_SELF_IPI = 0x3F,
};

#define ICR_VECTOR MASK64(7, 0)
#define ICR_DELIVERY MASK64(10, 8)
#define ICR_DELIVERY_FIXED 0
#define ICR_DELIVERY_LOWEST 1
#define ICR_DELIVERY_NMI 4
#define ICR_DELIVERY_INIT 5
#define ICR_DELIVERY_SIPI 6
#define ICR_LEVEL_ASSERT BIT64(14)
#define ICR_SHORTHAND MASK64(19, 18)
#define ICR_SHORTHAND_NONE 0
#define ICR_SHORTHAND_SELF 1
#define ICR_SHORTHAND_ALL 2
#define ICR_SHORTHAND_OTHERS 3

static inline uint32_t lapic_get(unsigned reg)
{
	return *(const volatile uint32_t *)(uintptr_t)(LAPIC_BASE + 16 * reg);
}

static inline void lapic_set(unsigned reg, uint32_t value)
{
	*(volatile uint32_t *)(uintptr_t)(LAPIC_BASE + 16 * reg) = value;
}
