// What the page tables of a vCPU map, in the trace.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "boot-tests/module/td.h"

/*
 * At a TDVMCALL of a TD that is traced: the first page tables that a vCPU has there, each once, as
 * runs of equal permissions. A line "tables CR3 0x.. CR0 0x.. IDT 0x.." comes first; then for each
 * run "maps 0xFIRST 0xLAST rwxu at 0xGPA", with - for a permission that is not there and the
 * SHARED bit in the GPA.
 */
void guest_tables_trace(struct vcpu *vcpu);
