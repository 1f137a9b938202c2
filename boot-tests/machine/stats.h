// What happened, by count: filled by module and vmm, printed as JSON when the TD ends.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/tdx/module.h"

#define STATS_MAX_VCPUS 64
#define STATS_VE_REASONS 80
#define STATS_VMCALL_INSTRUCTIONS 80 /* sub-functions below 0x10000, by number */
#define STATS_VMCALL_SERVICES 8      /* sub-functions 0x10000... */
#define STATS_KVM_HYPERCALLS 16      /* TDVMCALLs with R10 != 0, by that number */

/* Successful calls of one SEAMCALL leaf, and the instructions in them; with stats_icount only. */
struct stats_cost {
	uint64_t calls;
	uint64_t instructions;
};

/* Counted with stats_add() only: vCPUs run at the same time. */
struct stats {
	uint64_t tdcall[TDG_LEAF_COUNT];
	uint64_t tdcall_unknown; /* of leaves that do not exist or are not built */
	uint64_t seamcall[TDH_LEAF_COUNT];
	uint64_t vmcall_instruction[STATS_VMCALL_INSTRUCTIONS];
	uint64_t vmcall_service[STATS_VMCALL_SERVICES];
	uint64_t kvm_hypercall[STATS_KVM_HYPERCALLS];
	uint64_t ve[STATS_VE_REASONS];
	uint64_t accept[2]; /* by level: successful TDG.MEM.PAGE.ACCEPT */
	uint64_t accept_size_mismatch;
	uint64_t exits[STATS_MAX_VCPUS];           /* #VMEXITs on each CPU */
	uint64_t td_exits[STATS_MAX_VCPUS];        /* returns of TDH.VP.ENTER on each CPU */
	uint8_t mrtd[SHA384_SIZE];                 /* of the first TD */
	uint8_t rtmr[4][SHA384_SIZE];              /* of the TD that was the last to extend one */
	struct stats_cost cost[TDH_LEAF_COUNT][2]; /* by level of the GPA in RCX, for MEM.PAGE.* */
	uint64_t bare_exit;                        /* instructions of svm_bare_exit() */
};
extern struct stats stats;

/* QEMU runs one CPU at a time and its TSC counts instructions (-icount shift=0). */
extern bool stats_icount;

/* Between the readings begin and end of the TSC one call of the leaf succeeded. */
void stats_add_cost(uint64_t leaf, uint64_t rcx, uint64_t begin, uint64_t end);

/* Returns what it was before. */
static inline uint64_t stats_add(uint64_t *counter)
{
	return __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

/* The names that the statistics use; NULL: one without a name. */
const char *stats_exit_name(uint64_t reason);
const char *stats_vmcall_name(uint64_t sub_function);

/* Writes the "S " line. */
void stats_print(void);
