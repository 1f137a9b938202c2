// The rate of the time-stamp counter, for bounds of waits.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [SDM 2A CPUID leaf 15H]
#pragma once

#include <stdint.h>

/* Ticks a second as CPUID tells them, in a TD the module's word; where it does not, more than any
 * CPU has, so that a wait is rather too long. */
uint64_t tsc_hz_at_most(void);
