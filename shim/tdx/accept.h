// Acceptance of private memory, and conversion of pages between private and shared (TD only).
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/base/status.h"
#include "loader/memory/memory_map.h"
#include "shim/tdx/page_walk.h"

/* One run of acceptance: what was done, and where and why it stopped. */
struct accept {
	struct page_walk walk;
	uint64_t large;      /* pages of 2 MiB accepted */
	uint64_t small;      /* pages of 4 KiB accepted */
	uint64_t mismatches; /* requests of 2 MiB where the host has 4 KiB: one a range */
	uint64_t raw;        /* the last completion code of the module */
	uint64_t done;       /* bytes accepted */
	uint64_t total;      /* bytes that it is to accept; 0: not running */
	uint64_t next_line;  /* of done, where progress is told again */
};

/*
 * Accepts every page of range once, private and zeroed afterwards. On failure accept->walk.cursor
 * is the page and accept->raw the reason. ST_ALREADY_ACCEPTED: the page has another owner and may
 * hold anything. ST_TIMEOUT: busy for too long.
 */
enum status accept_range(struct accept *accept, struct gpa_range range) MUST_CHECK;

/*
 * On KVM, which has 4 KiB pages only, a GiB takes some seconds: from ACCEPT_LINE_MIN bytes on, at
 * most ACCEPT_LINES lines tell how far it is. A line costs some 100 TDVMCALLs, a GiB 262,144
 * accepts.
 */
#define ACCEPT_LINE_MIN UINT64_C(0x40000000)
#define ACCEPT_LINES 16

/* Accepts all unaccepted memory of the map; each range done becomes MEMORY_ACCEPTED. */
enum status accept_map(struct accept *accept, struct memory_map *map) MUST_CHECK;

/*
 * Converts private memory, accepted or not, to shared, or shared memory to private and accepts it.
 * The contents are lost both ways. The caller's page table decides which alias it then sees.
 */
enum status share_range(struct accept *accept, struct gpa_range range, enum share share,
			unsigned gpaw) MUST_CHECK;
