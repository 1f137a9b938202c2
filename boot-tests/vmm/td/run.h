// The life of TDs: a list of them, each built, run with each vCPU on its own CPU, and taken down.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
//   struct run_td --> built --> vCPUs enter and leave <------------------------.
//                                     | a vCPU's loop returns with a verdict   |
//                                     v                                        |
//                                   ending: the others are kicked, each comes  | built again,
//                                     | out and is flushed on its own CPU      | if a host
//                                     v                                        | script says so
//                                   all out: td_destroy(), nothing is left ----'
//                                     |
//                                     v
//                                   gone. If its end is that of all: the others are ended in the
//                                   same way, the machine's books must balance, the machine ends
#pragma once

#include "boot-tests/vmm/device/blob.h"
#include "boot-tests/vmm/td/td_place.h"

/* A TD that is to be built and run. */
struct run_td {
	struct td_place place;
	const struct config *config;
	struct blob firmware;
};

/*
 * Builds and runs count TDs, which must stay. On the BSP, once: each CPU is in one place, and
 * one place's end is that of all. Ends the machine by the verdict on that TD, or on the first that
 * cannot be built. module_hkid: the module's own key id.
 */
_Noreturn void run_all(const struct run_td *tds, unsigned count, uint32_t module_hkid);
