// What all SEAMCALLs on a Secure EPT entry share: operand, walk, entry lock, error outputs.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5, "GPA and level" operand, extended error information of SEPT operations]
#pragma once

#include "boot-tests/module/seamcall.h"
#include "boot-tests/module/sept.h"
#include "boot-tests/module/td.h"

/* Level and private GPA of an operand of level min to max, and in the TD's tree; false when it is
 * not one. */
bool sept_operand(const struct tdcs *tdcs, uint64_t raw, enum pg_level min, enum pg_level max,
		  gpa_t *address, enum pg_level *level);

/*
 * Checks the operand, walks to its entry and locks it. Failures: OPERAND_INVALID, EPT_WALK_FAILED
 * or OPERAND_BUSY, all with RCX; a failed walk is described in out->rcx and out->rdx.
 */
uint64_t sept_open(const struct td *td, uint64_t raw, enum pg_level min, enum pg_level max,
		   struct sept_walk *walk, struct seam_regs *out);

/* Describes the entry in out->rcx and out->rdx, unlocks it and returns status | RCX. */
uint64_t sept_refuse(const struct sept_walk *walk, uint64_t status, struct seam_regs *out);

/*
 * May the entry, locked, lose what it maps? Where blocks must be tracked it has to be blocked, and
 * past every TLB. Failures unlock it: GPA_RANGE_NOT_BLOCKED with RCX, described in out, or
 * TLB_TRACKING_NOT_DONE.
 */
uint64_t sept_check_tracked(const struct td *td, const struct sept_walk *walk,
			    struct seam_regs *out);

/* May the module read the page of a locked entry? Poison ends the TD: TD_FATAL, and the entry is
 * unlocked. */
uint64_t sept_check_content(const struct td *td, const struct sept_walk *walk);

/* Writes and unlocks the entry. */
void sept_update(const struct td *td, const struct sept_walk *walk, enum sept_state state,
		 hpa_t page);
