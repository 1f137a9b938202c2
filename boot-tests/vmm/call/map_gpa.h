// TDG.VP.VMCALL<MapGPA>: conversion in chunks, as KVM does it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [GHCI 1.5 3.2; linux arch/x86/kvm/vmx/tdx.c tdx_map_gpa]
#pragma once

#include <stdint.h>

#include "boot-tests/module/seamcall.h"

struct host_td;

/* R12 GPA with its SHARED bit, R13 bytes; R11 where a RETRY goes on, or the address that failed.
 * Returns R10. */
uint64_t map_gpa(struct host_td *td, unsigned index, struct seam_regs *regs);
