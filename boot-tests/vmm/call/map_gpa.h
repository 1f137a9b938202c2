// TDG.VP.VMCALL<MapGPA>: conversion in chunks, as KVM does it.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [GHCI 1.5 3.2; linux arch/x86/kvm/vmx/tdx.c tdx_map_gpa]
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "boot-tests/module/seamcall.h"

struct host_td;

/* How a host answers; all 0 is KVM with QEMU. */
struct map_gpa_policy {
	uint64_t retry;    /* bytes after which each call is answered RETRY, a multiple of 4 KiB;
			    * 0: after each 2 MiB with an interrupt pending */
	uint64_t again;    /* for each chunk, RETRY without progress so often: KVM's user space
			    * answers EAGAIN */
	bool bare_address; /* R11 of a RETRY lacks the request's SHARED bit */
};

/* R12 GPA with its SHARED bit, R13 bytes; R11 where a RETRY goes on, or the address that failed.
 * Returns R10. */
uint64_t map_gpa(struct host_td *td, unsigned index, struct seam_regs *regs);
