// Acceptance of a memory map by several vCPUs at once (TD only).
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
//	boot processor                              each AP that helps
//	accept_map_start(&work, &map);
//	accept_map_finish(&work, patience);         accept_map_help(&work, vcpu);
//
// Each vCPU takes a part, 2 MiB or less, by a cursor that only rises, so that no page has two
// takers, and takes the next when it is done: one that comes late, or that the host holds, costs no
// more than what it would have done itself. One that the host holds inside its part is waited for,
// and in the end named. The first that fails lets nobody take another part.
//
// A vCPU is inside from before it looks whether the work is open until it has left. The boot
// processor closes it, then waits until nobody is inside: from then on all of it is its own again,
// and one that comes later turns back.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/status.h"
#include "linker/memmap.h"
#include "loader/memory/memory_map.h"
#include "shim/tdx/accept.h"

#define ACCEPT_VCPUS (1 + AP_WORKERS)

/* What one vCPU has done in all rounds. Its own while it is inside; then it belongs to the boot
 * processor. */
struct accept_share {
	struct accept accept;
	enum status status; /* of its last part */
	bool inside;        /* written by it, read by the boot processor: atomic, as is part */
	uint64_t part;      /* where its last part starts */
};

/* Zeros: nothing was ever done, and no work is open. */
struct accept_map {
	struct memory_map *map; /* read only while the work is open */
	uint64_t total;         /* bytes that are to be accepted, and at which */
	uint64_t next_line;     /*   of them progress is told again */
	struct accept_share shares[ACCEPT_VCPUS];
	/* Atomic: */
	bool open;
	uint64_t cursor; /* what lies below has been taken */
	uint64_t done;   /* bytes accepted */
	/* By range of the map: a unit of it had to be split, the rest is asked for by 4 KiB. */
	bool split[MEMORY_MAP_ENTRIES];
};

/* Opens the work: all unaccepted memory of the map, which must not change before the end. */
void accept_map_start(struct accept_map *work, struct memory_map *map);

/* Takes parts as long as there are any; vcpu is from 1 to AP_WORKERS. Never fails: what goes wrong
 * is told by accept_map_finish(). */
void accept_map_help(struct accept_map *work, uint32_t vcpu);

/*
 * The boot processor takes parts, too, tells progress, and waits for the others. Then all
 * unaccepted memory of the map is MEMORY_ACCEPTED. Else a refusal names vCPU and place: a status of
 * accept_pages(), or ST_TIMEOUT: for patience ticks of the TSC a vCPU has not left its part, and it
 * may still be inside.
 */
enum status accept_map_finish(struct accept_map *work, uint64_t patience) MUST_CHECK;

/* The pages that all of them have accepted, and their mismatches. */
struct accept accept_map_sum(const struct accept_map *work);

/*
 * On KVM, which has 4 KiB pages only, a GiB takes some seconds: from ACCEPT_LINE_MIN bytes on, at
 * most ACCEPT_LINES lines tell how far it is. A line costs some 40 TDVMCALLs, a GiB 262,144
 * accepts.
 */
#define ACCEPT_LINE_MIN UINT64_C(0x40000000)
#define ACCEPT_LINES 16
