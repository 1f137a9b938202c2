// The payload's test cases: "case=NAME[,NAME...]" on the command line runs them in that order.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "boot-tests/payload/info.h"

/* The map, the CPUs and the entry state are what the boot protocol promises. */
void case_hello(const struct info *info);
/* No page of the hand-off table is both writable and executable but the kernel's window and the
 * first 2 MiB. */
void case_wx(const struct info *info);
/* Every AP wakes on the AP table, goes back by ResetVector and wakes again: "rounds=N", 3. */
void case_aps(const struct info *info);
/* One AP stores through the AP table: survives with CR0.WP=0, dies with CR0.WP=1. */
void case_ap_store(const struct info *info);
/* Every page of RAM is there once, and zero where the firmware had no business. */
void case_memory(const struct info *info);
/* A page goes shared and back: never shows one world's bytes to the other. */
void case_share(const struct info *info);

/* These end the TD in the way their names say. */
void case_unaccepted(const struct info *info);
void case_no_memory(const struct info *info);
void case_fatal_error(const struct info *info);
void case_triple_fault(const struct info *info);
void case_exception(const struct info *info);
void case_hang(const struct info *info);
