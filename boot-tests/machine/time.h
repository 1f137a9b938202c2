// The machine's clock: the TSC, whose frequency is measured once against the ACPI timer.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Once, on the BSP. False: there is no ACPI timer. */
bool time_init(void);

/* Frequency of the TSC in kHz. */
uint64_t time_tsc_khz(void);
/* Microseconds since time_init(); before it 0. */
uint64_t time_us(void);
void time_delay_us(uint64_t us);
