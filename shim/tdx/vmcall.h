// One function per TDG.VP.VMCALL sub-function: requests to the untrusted host.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// ST_HOST_REFUSED: R10 was not 0. ST_TDX: the module refused the call itself. The register stands
// in the refusal's text. Out parameters are untouched on failure. What they hold on success is the
// host's word and nothing more.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/base/status.h"
#include "arch/tdx/ghci.h"
#include "arch/x86/insn.h"

/* size is 1, 2 or 4; *value is masked to size, the bytes above it are 0. */
enum status vmcall_io_read(uint16_t port, unsigned size, uint32_t *value) MUST_CHECK;
enum status vmcall_io_write(uint16_t port, unsigned size, uint32_t value) MUST_CHECK;

enum status vmcall_rdmsr(uint32_t index, uint64_t *value) MUST_CHECK;
enum status vmcall_wrmsr(uint32_t index, uint64_t value) MUST_CHECK;

enum status vmcall_cpuid(uint32_t leaf, uint32_t subleaf, struct cpuid_result *result) MUST_CHECK;

/* interrupts_blocked: RFLAGS.IF of the code that executed HLT was 0. */
enum status vmcall_hlt(bool interrupts_blocked) MUST_CHECK;

/* gpa_raw carries the SHARED bit; size is 1, 2, 4 or 8; *value is masked to size. */
enum status vmcall_mmio_read(uint64_t gpa_raw, unsigned size, uint64_t *value) MUST_CHECK;
enum status vmcall_mmio_write(uint64_t gpa_raw, unsigned size, uint64_t value) MUST_CHECK;

enum status vmcall_wbinvd(void) MUST_CHECK;

/*
 * MapGPA for the whole range, with as many calls as the host asks for. ST_HOST_LIED: the host's
 * address to continue from, whatever its SHARED bit, is unaligned or outside [first page not done,
 * end). ST_TIMEOUT: the host asked for a retry without progress too often.
 */
enum status vmcall_map_gpa(struct gpa_range range, enum share share, unsigned gpaw) MUST_CHECK;

/* ReportFatalError. text: TDVMCALL_FATAL_MESSAGE_SIZE bytes, NUL padded. Never returns, whatever
 * the host answers. */
_Noreturn void vmcall_report_fatal(uint32_t code, const char *text);
