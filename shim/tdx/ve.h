// Virtualization exceptions: does with TDVMCALLs what the instruction would have done.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include "arch/base/status.h"
#include "arch/tdx/ve_info.h"
#include "arch/x86/frame.h"

/*
 * Handles the #VE that interrupted frame: 64-bit code, its memory mapped here as it sees it. info
 * is what TDG.VP.VEINFO.GET said; until the caller has fetched it, another #VE is a #DF. gpaw: 48
 * or 52; bit gpaw - 1 of a GPA is SHARED.
 *
 * ST_OK: frame is ready to return to, after the instruction or, for a repeated string instruction
 * that has not finished, at it. Any other status is fatal, RIP has not moved:
 *   ST_HOST_REFUSED  the host does not do that access (an MSR it does not have)
 *   ST_HOST_LIED     private memory, or what is reported is not what the instruction does
 *   ST_UNSUPPORTED   a cause or an instruction that the shim has no business with
 *   others           from vmcall.h and decode_insn()
 */
enum status ve_handle(struct trap_frame *frame, const struct ve_info *info,
		      unsigned gpaw) MUST_CHECK;
