// TDG.VP.VMCALL<MapGPA>: conversion in chunks, as KVM does it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [GHCI 1.5 3.2; linux arch/x86/kvm/vmx/tdx.c tdx_map_gpa]
#pragma once

#include <stdint.h>

#include "boot-tests/module/seamcall.h"

struct config;
struct mmu;
struct verdict;

/*
 * R12 GPA with its SHARED bit, R13 bytes; R11 where a RETRY goes on, or the address that failed.
 * *again: RETRYs without progress for the vCPU's next chunk so far. Returns R10; a SEAMCALL that
 * fails ends the TD.
 */
uint64_t map_gpa(struct mmu *mmu, const struct config *config, uint64_t *again,
		 struct seam_regs *regs, struct verdict *verdict);
