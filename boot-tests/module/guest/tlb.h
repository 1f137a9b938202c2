// The TLBs of the CPUs: what a vCPU reaches by translations that its tables may have lost since.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX module base specification, TLB tracking; SDM 3C 29.4]
//
// QEMU empties its TLB at each VMRUN and #VMEXIT, which hides what a host forgets. Where the
// platform has memory for it, each CPU has nested tables of its own, and the vCPU runs on those. A
// nested fault copies what Secure EPT or shared EPT have for that GPA; what they lose later stays
// here until the TLB is emptied, as hardware may keep it:
//
//   TDH.VP.ENTER        of a vCPU whose TLB epoch is old; of another than was here before
//   TDH.VP.FLUSH        of a vCPU, on its CPU
//   module_invept()     on that CPU, by the host: nothing else does it for the shared EPT
//   all CPUs            when the host breaks the integrity of a page: no TLB hides that
//   any time            when it is full
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "boot-tests/module/td.h"

/* Of a new platform: MODULE_TLB_SIZE bytes for each of its CPUs; null: TLBs are as QEMU's. */
void tlb_reset(void *memory);

/* The vCPU has no translations on the calling CPU any more. */
void tlb_empty(const struct vcpu *vcpu);

/* Before and after each VMRUN: the vCPU runs on the TLB of the calling CPU. */
void tlb_begin(struct vcpu *vcpu);
void tlb_end(struct vcpu *vcpu);
/* After a nested fault of these accesses (EPT_QUAL_READ and so on). True: the tables grant them,
 * and the TLB has that now, which it had not; it is no EPT violation. */
bool tlb_fill(struct vcpu *vcpu, uint64_t gpa_raw, uint64_t access);

/* The machine's own eye: where the vCPU gets by the TLB of its CPU; false: nowhere. */
bool tlb_find(const struct vcpu *vcpu, uint64_t gpa_raw, hpa_t *out);
/* The first GPA for which that is not what its tables say. */
bool tlb_find_stale(const struct vcpu *vcpu, uint64_t *gpa_raw);

/* A range that was blocked and tracked, when the TD is about to lose what it has there: in no TLB
 * that a vCPU of it may still use. Else the epochs have failed, and the machine ends. */
void tlb_check_gone(const struct td *td, gpa_t address, enum pg_level level);
