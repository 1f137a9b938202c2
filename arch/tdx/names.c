// Names of leaves, exit reasons and TDVMCALLs, as the specifications have them.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arch/tdx/names.h"

#define BY_NUMBER(identifier, number, name) [number] = (name),

const char *const tdg_leaf_names[TDG_LEAF_COUNT] = {
#define TDG_LEAF BY_NUMBER
#include "arch/tdx/leaves.def"
};

const char *const tdh_leaf_names[TDH_LEAF_COUNT] = {
#define TDH_LEAF BY_NUMBER
#include "arch/tdx/leaves.def"
};

const char *const exit_reason_names[EXIT_REASON_COUNT] = {
#define EXIT_REASON BY_NUMBER
#include "arch/tdx/exit_reasons.def"
};

const char *const tdvmcall_names[TDVMCALL_KEY_COUNT] = {
#define EXIT_REASON BY_NUMBER
#include "arch/tdx/exit_reasons.def"
#define TDVMCALL(identifier, number, name) [TDVMCALL_KEY_FIRST + (number)-TDVMCALL_FIRST] = (name),
#include "arch/tdx/vmcalls.def"
};
