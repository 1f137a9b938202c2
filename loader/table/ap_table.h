// The AP table: a read-only identity page table for exactly [0, 4 GiB), for the CR3 of every AP.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Every leaf is read + execute; no entry on any level is writable; A and D are preset so that no
// walk ever changes a byte; the SHARED bit is clear. 2 MiB leaves: PML4, PDPT, 4 PDs.
#pragma once

#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/base/status.h"
#include "linker/memmap.h"

/* pages: AP_TABLE_PAGES * 512 entries, 4 KiB aligned; base: where the CPU will find them.
 * ST_BAD_ARGUMENT: base is unaligned or does not end at or below 4 GiB. */
enum status ap_table_build(uint64_t *pages, gpa_t base) MUST_CHECK;
