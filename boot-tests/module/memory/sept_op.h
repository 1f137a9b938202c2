// What all SEAMCALLs on a Secure EPT entry share: operand, locks, walk, error outputs.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5, "GPA and level" operand, extended error information of SEPT operations]
#pragma once

#include "boot-tests/module/memory/sept.h"
#include "boot-tests/module/seamcall.h"
#include "boot-tests/module/td.h"

/* An entry of the TD that a leaf holds, and how it holds the tree around it. */
struct sept_op {
	const struct td *td;
	gpa_t address;
	enum lock_mode tree;
	struct sept_walk walk;
};

/* Level and private GPA of an operand of level min to max, and in the TD's tree; false when it is
 * not one. */
bool sept_operand(const struct tdcs *tdcs, uint64_t raw, enum pg_level min, enum pg_level max,
		  gpa_t *address, enum pg_level *level);

/*
 * Checks the operand, locks the tree, walks to the entry and locks it. Failures, which leave
 * nothing locked: OPERAND_INVALID | RCX; OPERAND_BUSY | SEPT_TREE; EPT_WALK_FAILED or OPERAND_BUSY
 * with RCX, both with the last entry described in out->rcx and out->rdx.
 */
uint64_t sept_open(const struct td *td, uint64_t raw, enum pg_level min, enum pg_level max,
		   enum lock_mode tree, struct sept_op *op, struct seam_regs *out);
/* The same for the page of any size that maps the GPA raw: where none is mapped there is
 * EPT_ENTRY_NOT_PRESENT | RCX, with the last entry. */
uint64_t sept_open_mapped(const struct td *td, uint64_t raw, enum lock_mode tree,
			  struct sept_op *op, struct seam_regs *out);
void sept_close(const struct sept_op *op);

/* Describes the entry in out->rcx and out->rdx. */
void sept_describe(const struct sept_op *op, struct seam_regs *out);
/* The same, and returns status | RCX. */
uint64_t sept_refuse(const struct sept_op *op, uint64_t status, struct seam_regs *out);

/*
 * May the entry lose what it maps? Where blocks must be tracked it has to be blocked, and past
 * every TLB: else GPA_RANGE_NOT_BLOCKED, described in out, or TLB_TRACKING_NOT_DONE, both with RCX.
 */
uint64_t sept_check_tracked(const struct sept_op *op, struct seam_regs *out);

/*
 * Locks the PAMT entry, exclusive, of the table that the entry holds. EPT_ENTRY_STATE_INCORRECT: it
 * holds none, and is described in out; or OPERAND_BUSY; both with RCX. pamt_close() ends it.
 */
uint64_t sept_lock_table(const struct sept_op *op, struct pamt_entry **table,
			 struct seam_regs *out);

/* May the module read the page? Poison ends the TD: TD_FATAL. */
uint64_t sept_check_content(const struct sept_op *op);

/* Writes the entry. */
void sept_update(const struct sept_op *op, enum sept_state state, hpa_t page);
