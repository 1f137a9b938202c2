// Names of leaves, exit reasons and TDVMCALLs, as the specifications have them.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "arch/tdx/ghci.h"
#include "arch/tdx/module.h"
#include "arch/tdx/ve_info.h"

/* By number, the TDVMCALLs by tdvmcall_key(); null: nothing we know has it. Leaves are without TDG.
 * and TDH. */
extern const char *const tdg_leaf_names[TDG_LEAF_COUNT];
extern const char *const tdh_leaf_names[TDH_LEAF_COUNT];
extern const char *const exit_reason_names[EXIT_REASON_COUNT];
extern const char *const tdvmcall_names[TDVMCALL_KEY_COUNT];
