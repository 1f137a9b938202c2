// Runs TDs, each vCPU on its own CPU, until they end; then takes them down and ends the machine.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
//   a CPU finds the end: run_end()      the others: kicked, flushed each on its own CPU, halt
//     \--> all are out --> td_destroy() --> nothing may be left --> machine_exit()
//
// The end of the first TD is that of the machine; a second one may end before and leaves the first
// alone, or is stopped.
#pragma once

#include "boot-tests/machine/exit.h"
#include "boot-tests/vmm/device/blob.h"
#include "boot-tests/vmm/td/host_td.h"

/* Before the first TD is built: what is taken now must be what is taken behind the end of all.
 * module_hkid: the module's own key id. */
void run_init(uint32_t module_hkid);
/* Builds a TD that will run there, the first one first. Ends the machine when that fails. config
 * must stay. */
void run_add(const struct td_place *place, const struct config *config, struct blob firmware);
/* On the boot CPU, once: every CPU has a place. */
_Noreturn void run_all(void);

/* Makes every vCPU that is inside the TD, but the caller's, leave it: its next entry flushes its
 * TLB. Does not wait. */
void run_kick_all(struct host_td *td);
/* The same for all TDs that run, if any. */
void run_kick_tds(void);

/*
 * The TD ends, for a reason of one line: code and reason are the machine's, those of the first
 * caller. With no lock held; returns, and no vCPU of the TD enters again.
 */
void run_end(struct host_td *td, enum machine_exit_code code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* It does: whoever waits on behalf of a vCPU gives up. */
bool run_ending(const struct host_td *td);
