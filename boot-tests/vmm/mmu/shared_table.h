// The shared half of the TD's nested paging: shared RAM maps to the host addresses from a base on,
// devices to nothing (#VE), private RAM to nothing (TD exit).
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [boot-tests/module/seamcall.h, "The shared EPT"]
#pragma once

#include <stdint.h>

#include "arch/base/addr.h"
#include "boot-tests/vmm/td/td_layout.h"
#include "linker/memmap.h"

#define SHARED_TABLE_GIBS ((FOUR_GIB + TD_HIGH_MEMORY_MAX) / 0x40000000)

/* Where the shared half of RAM is. Both 2 MiB aligned. */
struct shared_backing {
	hpa_t base;  /* of GPA 0 */
	hpa_t upper; /* of [TD_LOW_MEMORY_SPLIT, 4 GiB); 0: as the rest */
};

struct shared_table {
	hpa_t root;
	struct shared_backing backing;
	struct td_memory memory;
	enum pg_level top;                      /* of the entries of the root */
	uint64_t *directory[SHARED_TABLE_GIBS]; /* an entry for each 2 MiB */
};

/* All RAM private. top: PG_512G or PG_256T, as in the TD's Secure EPT. */
void shared_table_init(struct shared_table *table, struct shared_backing backing,
		       const struct td_memory *memory, enum pg_level top);

/* The host's view of the shared byte at a GPA. */
hpa_t shared_table_backing(const struct shared_table *table, gpa_t address);

/* Gives its frames back; no TD uses it. */
void shared_table_destroy(struct shared_table *table);

/* Maps the 2 MiB at base, some of which is RAM, by the attributes of its pages: bit 1 is shared
 * RAM. Makes entries visible whole; the caller flushes the TLBs when a page became private. */
void shared_table_update(struct shared_table *table, gpa_t base, const uint64_t shared[8]);
