// One function per TDCALL leaf that the shim uses (TDG.VP.VMCALL: see vmcall.h).
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Each returns ST_TDX when the module refuses, with RAX in the refusal's text; out parameters are
// then untouched. Where a caller can do something about the completion code it is returned raw
// beside the status, and nothing is recorded.
#pragma once

#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/base/status.h"
#include "arch/tdx/ve_info.h"

struct td_info {
	unsigned gpaw; /* 48 or 52 */
	uint64_t attributes;
	uint32_t vcpu_count;
	uint32_t vcpu_index;
};

/* TDG.VP.INFO. ST_BAD_FORMAT: a GPA width that TDX does not have. */
enum status td_info(struct td_info *info) MUST_CHECK;

/* TDG.VP.VEINFO.GET. Must be the first thing a #VE handler does. */
enum status td_veinfo_get(struct ve_info *info) MUST_CHECK;

/* TDG.MEM.PAGE.ACCEPT. *raw receives the completion code, also on failure. */
enum status td_page_accept(gpa_t page, enum pg_level level, uint64_t *raw) MUST_CHECK;

/* TDG.VM.RD, TDG.VM.WR (only the bits of mask are written). */
enum status td_vm_rd(uint64_t field, uint64_t *value) MUST_CHECK;
enum status td_vm_wr(uint64_t field, uint64_t value, uint64_t mask) MUST_CHECK;

/* TDG.MR.RTMR.EXTEND: digest is 48 bytes, private, 64-byte aligned, identity mapped. */
enum status td_rtmr_extend(unsigned index, const uint8_t *digest) MUST_CHECK;
