// Bringing CPUs up, and giving them work.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

/* Brings up all CPUs by INIT-SIPI-SIPI, each in 64-bit mode on the machine's own tables and stack;
 * returns when all have arrived and have their numbers. A CPU that has no work waits. */
void smp_start_all(void);
/* Runs function(index) on every CPU, the caller's included, and returns when all have. The BSP
 * only; before smp_run_all(). */
void smp_call_all(void (*function)(unsigned index));
/* Runs entry(index) on every CPU, the caller's included; entry never returns. */
_Noreturn void smp_run_all(void (*entry)(unsigned index));
