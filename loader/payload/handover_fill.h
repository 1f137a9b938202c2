// Writes what a payload that is no Linux kernel gets: arch/lintel/handover.h.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

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

/* The hand-over structure, and in one piece with it what it leads to. */
struct handover_space {
	struct lintel_handover head;
	struct lintel_range ranges[HANDOVER_RANGES_MAX];
	uint32_t apic_ids[MAILBOX_MAX_VCPUS];
};

/*
 * Completes *space, which the payload has at base. Of its head the caller has set flags, gpa_width,
 * vcpu_count (at most MAILBOX_MAX_VCPUS), reset_vector (in a TD), and where payload, initrd,
 * command line, RSDP and table of unaccepted memory are; all else is 0. map, reserved: what the
 * payload is told of memory, reserved as regions_reserved() made it. mailbox: in which all APs have
 * arrived; NULL: a plain VM.
 */
void handover_fill(struct handover_space *space, gpa_t base, const struct memory_map *map,
		   const struct e820_overlay *reserved, unsigned reserved_count,
		   const struct mailbox *mailbox);
