// The statistics of a run: counts of events, measurements, costs of SEAMCALLs; one line of JSON.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* QEMU runs one CPU at a time and its TSC counts instructions (-icount shift=0). */
extern bool stats_icount;

/* Between the readings begin and end of the TSC one call of the leaf succeeded; counted with
 * stats_icount only. */
void stats_add_cost(uint64_t leaf, uint64_t rcx, uint64_t begin, uint64_t end);
/* How much of a TD's memory was shared when the TD ended. */
void stats_set_shared_pages(uint64_t pages);
/* Readings of the TSC where the first vCPU is about to run, and where the TD ends: the first end
 * counts. What is between is told with stats_icount only. */
void stats_run_begins(uint64_t tsc);
void stats_run_ends(uint64_t tsc);
/* What svm_bare_exit() has measured, for the statistics. */
void stats_set_bare_exit(uint64_t instructions);

/* Writes the "S " line. */
void stats_print(void);
