// The trust border: all that a host VMM can ask of the TDX module.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [TDX ABI 1.5 SEAMCALL]
#pragma once

#include <stdint.h>

#include "arch/base/addr.h"

/* Registers of one SEAMCALL, in and out. XMM registers are not modelled. */
struct seam_regs {
	uint64_t rax, rcx, rdx, rbx, rbp, rsi, rdi;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
};

/* Executes the leaf in rax; the completion status is returned and stands in rax. TDH.VP.ENTER runs
 * the vCPU on the calling CPU and returns at the next TD exit. */
uint64_t seamcall(struct seam_regs *regs);

/* What BIOS, fuses and QEMU fix before a module can be loaded. Once, before the first seamcall(). */
struct module_platform {
	uint64_t tsc_khz;
	hpa_t memory_base; /* all memory that may become private: one convertible memory range */
	hpa_t memory_end;
};
void module_load(const struct module_platform *platform);

/*
 * Stands for a posted-interrupt descriptor: an external interrupt the host took while the vCPU was
 * not running. It is delivered at the next TDH.VP.ENTER.
 */
void module_post_interrupt(hpa_t tdvpr, uint8_t vector);
