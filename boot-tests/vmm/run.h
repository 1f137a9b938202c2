// Runs the TD, each vCPU on its own CPU, until it ends; then takes it down and ends the machine.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
//   a vCPU finds the end: run_end()     the others: kicked, flushed each on its own CPU, halt
//     \--> all are out --> td_destroy() --> nothing may be left --> machine_exit()
#pragma once

#include "boot-tests/machine/exit.h"
#include "boot-tests/vmm/td.h"

/* Before the TD is built: what is taken now must be what is taken behind its end. */
void run_init(uint32_t global_hkid);
/* On the boot CPU, once. */
_Noreturn void run_td(struct td *td);

/* Makes every vCPU that is inside the TD, but the caller's, leave it: its next entry flushes its
 * TLB. Does not wait. */
void run_kick_all(struct td *td);
/* The same for all TDs that run, if any. */
void run_kick_tds(void);

/*
 * The TD ends, for a reason of one line: code and reason are the machine's, those of the first caller.
 * By a CPU that runs one of its vCPUs, with no lock held; returns, and the vCPU does not enter again.
 */
void run_end(struct td *td, enum machine_exit_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* It does: whoever waits on behalf of a vCPU gives up. */
bool run_ending(const struct td *td);

/* No vCPU runs: takes down what was built of the TD and ends the machine, with EXIT_BUG when a page,
 * a frame or a key id is left. */
_Noreturn void run_finish(struct td *td, enum machine_exit_code code, const char *reason);
