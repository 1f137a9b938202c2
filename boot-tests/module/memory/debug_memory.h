// What TDH.MEM.RD and TDH.MEM.WR share: 8 bytes of the memory of a TD that may be debugged.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "boot-tests/module/memory/sept_op.h"

/* Finds the 8 bytes at the GPA raw and locks the entry that maps them. Failures: TD_NON_DEBUG, and
 * those of sept_open_mapped() and sept_check_content(). */
uint64_t debug_memory_open(const struct td *td, uint64_t raw, struct sept_op *op, uint64_t **found,
			   struct seam_regs *out);
