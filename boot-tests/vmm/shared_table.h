// The shared half of the TD's nested paging: shared RAM maps to the host addresses from a base on,
// devices to nothing (#VE), private RAM to nothing (TD exit).
// SPDX-License-Identifier: BSD-2-Clause-Patent
// [boot-tests/module/seamcall.h, "The shared EPT"]
#pragma once

#include <stdint.h>

#include "arch/base/addr.h"
#include "boot-tests/vmm/td_layout.h"
#include "linker/memmap.h"

#define SHARED_TABLE_GIBS ((FOUR_GIB + TD_HIGH_MEMORY_MAX) / 0x40000000)

struct shared_table {
	hpa_t root;
	hpa_t base; /* of shared GPA 0; 2 MiB aligned */
	enum pg_level top; /* of the entries of the root */
	uint64_t *directory[SHARED_TABLE_GIBS]; /* an entry for each 2 MiB */
};

/* All RAM private. RAM is a multiple of 2 MiB in each of its two parts. top: PG_512G or PG_256T, as
 * in the TD's Secure EPT. */
void shared_table_init(struct shared_table *table, hpa_t base, const struct td_memory *memory,
		       enum pg_level top);

/* Gives its frames back; no TD uses it. */
void shared_table_destroy(struct shared_table *table);

/* Maps the 2 MiB of RAM at base by the attributes of its pages: bit 1 is shared. Makes entries
 * visible whole; the caller flushes the TLBs when a page became private. */
void shared_table_update(struct shared_table *table, gpa_t base, const uint64_t shared[8]);
