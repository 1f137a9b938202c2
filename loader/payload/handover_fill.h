// Writes what a payload that is no Linux kernel gets: arch/lintel/handover.h.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/addr.h"
#include "arch/lintel/handover.h"
#include "arch/tdx/mailbox.h"
#include "loader/memory/e820.h"
#include "loader/memory/memory_map.h"
#include "loader/memory/regions.h"

/* What cuts the memory map: the reserved regions, the shim's RAM, payload and initrd. */
#define HANDOVER_OVERLAYS_MAX (REGIONS_RESERVED_MAX + 3)
#define HANDOVER_RANGES_MAX (MEMORY_MAP_ENTRIES + 2 * HANDOVER_OVERLAYS_MAX)

/* In one piece, which the structure in front leads to. */
struct handover_space {
	struct lintel_handover head;
	struct lintel_range ranges[HANDOVER_RANGES_MAX];
	uint32_t apic_ids[MAILBOX_MAX_VCPUS];
};

struct handover_parts {
	uint32_t flags;
	uint32_t gpa_width;
	uint32_t vcpu_count;           /* at most MAILBOX_MAX_VCPUS */
	const struct mailbox *mailbox; /* all APs have arrived in it; NULL: a plain VM */
	gpa_t reset_vector;
	struct gpa_range payload;
	gpa_t initrd;
	uint64_t initrd_size; /* 0: none */
	gpa_t cmdline;
	gpa_t rsdp;
	bool memory_left; /* there is a table of unaccepted memory */
	const struct e820_overlay *reserved;
	unsigned reserved_count; /* as regions_reserved() made them */
};

/* Writes all of *out, which the payload has at base. */
void handover_fill(struct handover_space *out, gpa_t base, const struct memory_map *map,
		   const struct handover_parts *parts);
