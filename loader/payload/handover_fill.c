// The hand-over structure, its memory map and its ids.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/payload/handover_fill.h"

#include <stddef.h>

#include "arch/base/abi.h"
#include "arch/base/bits.h"
#include "arch/base/check.h"
#include "linker/memmap.h"

ABI_SIZE(struct lintel_handover, 0x98);
ABI_FIELD(struct lintel_handover, ranges, 0x20, 8);
ABI_FIELD(struct lintel_handover, payload, 0x30, 8);
ABI_FIELD(struct lintel_handover, rsdp, 0x58, 8);
ABI_FIELD(struct lintel_handover, mailbox, 0x70, 8);
ABI_FIELD(struct lintel_handover, unaccepted, 0x90, 8);
ABI_SIZE(struct lintel_range, 24);
ABI_FIELD(struct lintel_range, type, 0x10, 4);
_Static_assert(sizeof(struct handover_space) <= HANDOVER_SETUP_SIZE,
	       "It stands where the kernel's setup part was.");

/* The type of a region that regions_reserved() names, by its base. */
static uint32_t type_of(uint64_t base)
{
	switch (base) {
	case ACPI_ARENA:
		return LINTEL_MEMORY_ACPI;
	case EFI_ARENA:
		return LINTEL_MEMORY_UNACCEPTED_TABLE;
	case EVENT_LOG:
		return LINTEL_MEMORY_EVENT_LOG;
	default:
		return LINTEL_MEMORY_FIRMWARE;
	}
}

/* Of two that overlap the later one counts. */
static unsigned handover_fill_overlays(const struct lintel_handover *head,
				       const struct e820_overlay *reserved, unsigned reserved_count,
				       struct e820_overlay *out)
{
	unsigned count = 0;
	out[count++] = (struct e820_overlay){ { gpa(SHIM_RAM), SHIM_RAM_END - SHIM_RAM },
					      LINTEL_MEMORY_BOOT };
	for (unsigned i = 0; i < reserved_count; i++) {
		struct gpa_range range = reserved[i].range;
		out[count++] = (struct e820_overlay){ range, type_of(range.base.v) };
	}
	out[count++] = (struct e820_overlay){ { gpa(head->payload), head->payload_size },
					      LINTEL_MEMORY_PAYLOAD };
	if (head->initrd_size != 0) {
		uint64_t size = align_up(head->initrd_size, MEM_PAGE_SIZE);
		out[count++] =
			(struct e820_overlay){ { gpa(head->initrd), size }, LINTEL_MEMORY_INITRD };
	}
	return count;
}

/* Returns how many. */
static uint32_t fill_ranges(struct lintel_range *out, const struct memory_map *map,
			    const struct e820_overlay *overlays, unsigned overlay_count)
{
	static const uint32_t types[MEMORY_KINDS] = {
		[MEMORY_ACCEPTED] = LINTEL_MEMORY_FREE,
		[MEMORY_UNACCEPTED] = LINTEL_MEMORY_UNACCEPTED,
		[MEMORY_LEFT] = LINTEL_MEMORY_UNACCEPTED,
		[MEMORY_RESERVED] = LINTEL_MEMORY_RESERVED,
	};
	struct e820_entry entries[HANDOVER_RANGES_MAX];
	unsigned count = 0;
	CHECK(e820_build_types(map, types, overlays, overlay_count, entries, HANDOVER_RANGES_MAX,
			       &count) == ST_OK);
	for (unsigned i = 0; i < count; i++) {
		out[i].base = entries[i].base;
		out[i].size = entries[i].size;
		out[i].type = entries[i].type;
	}
	return count;
}

void handover_fill(struct handover_space *space, gpa_t base, const struct memory_map *map,
		   const struct e820_overlay *reserved, unsigned reserved_count,
		   const struct mailbox *mailbox)
{
	struct lintel_handover *head = &space->head;
	struct e820_overlay overlays[HANDOVER_OVERLAYS_MAX];
	CHECK(reserved_count <= REGIONS_RESERVED_MAX && head->vcpu_count <= MAILBOX_MAX_VCPUS);
	unsigned overlay_count = handover_fill_overlays(head, reserved, reserved_count, overlays);
	head->magic = LINTEL_HANDOVER_MAGIC;
	head->version = LINTEL_HANDOVER_VERSION;
	head->size = sizeof(*head);
	head->range_count = fill_ranges(space->ranges, map, overlays, overlay_count);
	head->ranges = base.v + offsetof(struct handover_space, ranges);
	head->page_table = HANDOVER_TABLES;
	if (mailbox == NULL) {
		return;
	}
	head->apic_ids = base.v + offsetof(struct handover_space, apic_ids);
	head->event_log = EVENT_LOG;
	head->event_log_size = EVENT_LOG_SIZE;
	head->mailbox = MAILBOX;
	head->ap_table = AP_TABLE;
	for (uint32_t i = 0; i < head->vcpu_count; i++) {
		space->apic_ids[i] = mailbox->arrived[i] - 1;
	}
}
