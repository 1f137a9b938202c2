// Brings the TDX module up: what Linux does before the first TD.
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [linux arch/x86/virt/vmx/tdx/tdx.c init_tdx_module()]
//
// KEYID partitioning, SYS.INIT, LP.INIT on all CPUs, SYS.RD, TDMRs, SYS.CONFIG, SYS.KEY.CONFIG,
// SYS.TDMR.INIT. What fails gives back all it has taken, and the host never tries again.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/status.h"
#include "boot-tests/vmm/init/tdmr.h"

enum tdx_state { TDX_UNINITIALIZED, TDX_INITIALIZED, TDX_FAILED };

struct tdx_host {
	enum tdx_state state;
	bool quiet;           /* no log lines: for tests that fail it many times */
	uint32_t global_hkid; /* the module's; those of TDs follow */
	uint32_t td_hkids;    /* how many */
	struct tdmr_sysinfo sysinfo;
	struct tdmr_range cmrs[TDX_MAX_CMRS];
	unsigned cmr_count;
	struct tdmr_memory memory;
	uint64_t lost;           /* bytes that the limit of reserved areas has cost */
	struct tdx_tdmrs *tdmrs; /* what SYS.CONFIG was given */
	void *pamt;              /* all PAMTs, in one piece */
	uint64_t pamt_size;
};

/*
 * Brings the module up for the RAM given, which the frame allocator has: PAMTs come from there.
 * Reads fields, calls all CPUs. ST_BAD_ARGUMENT: it failed before. Else the status of what failed:
 * ST_UNSUPPORTED, ST_TDX, ST_NO_SPACE, ST_NO_MEMORY, ST_BAD_RANGE, ST_NOT_FOUND (none of the RAM is
 * convertible); nothing is then taken.
 */
enum status tdx_enable(struct tdx_host *host, const struct tdmr_range *ram, unsigned ram_count,
		       enum tdmr_mode mode) MUST_CHECK;

/* Gives back what a host has taken that brought its module up; the module must be loaded anew. */
void tdx_release(struct tdx_host *host);

const struct tdmr_info *tdx_tdmr(const struct tdx_host *host, unsigned index);

/* One field into to, which has size bytes; ST_BAD_ARGUMENT, and no SEAMCALL, when the id says
 * another size. */
enum status tdx_read_field(const struct tdx_host *host, uint64_t id, void *to,
			   size_t size) MUST_CHECK;
