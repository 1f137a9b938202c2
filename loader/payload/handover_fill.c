// The hand-over structure, its memory map and its ids.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "loader/payload/handover_fill.h"

#include <stddef.h>

#include "arch/base/abi.h"
#include "arch/base/bits.h"
#include "arch/base/check.h"
#include "arch/base/mem.h"
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

/* Of a region that regions_reserved() names. */
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
static unsigned handover_fill_overlays(const struct handover_parts *parts, struct e820_overlay *out)
{
	unsigned count = 0;
	out[count++] = (struct e820_overlay){ { gpa(SHIM_RAM), SHIM_RAM_END - SHIM_RAM },
					      LINTEL_MEMORY_BOOT };
	CHECK(parts->reserved_count <= REGIONS_RESERVED_MAX);
	for (unsigned i = 0; i < parts->reserved_count; i++) {
		struct gpa_range range = parts->reserved[i].range;
		out[count++] = (struct e820_overlay){ range, type_of(range.base.v) };
	}
	out[count++] = (struct e820_overlay){ parts->payload, LINTEL_MEMORY_PAYLOAD };
	if (parts->initrd_size != 0) {
		uint64_t size = align_up(parts->initrd_size, MEM_PAGE_SIZE);
		out[count++] =
			(struct e820_overlay){ { parts->initrd, size }, LINTEL_MEMORY_INITRD };
	}
	return count;
}

static uint32_t fill_ranges(struct lintel_range *out, const struct memory_map *map,
			    const struct handover_parts *parts)
{
	static const uint32_t types[MEMORY_KINDS] = {
		[MEMORY_ACCEPTED] = LINTEL_MEMORY_FREE,
		[MEMORY_UNACCEPTED] = LINTEL_MEMORY_UNACCEPTED,
		[MEMORY_LEFT] = LINTEL_MEMORY_UNACCEPTED,
		[MEMORY_RESERVED] = LINTEL_MEMORY_RESERVED,
	};
	struct e820_overlay overlays[HANDOVER_OVERLAYS_MAX];
	struct e820_entry entries[HANDOVER_RANGES_MAX];
	unsigned count = 0;
	unsigned overlay_count = handover_fill_overlays(parts, overlays);
	CHECK(e820_build_types(map, types, overlays, overlay_count, entries, HANDOVER_RANGES_MAX,
			       &count) == ST_OK);
	for (unsigned i = 0; i < count; i++) {
		out[i] = (struct lintel_range){ entries[i].base, entries[i].size, entries[i].type,
						0 };
	}
	return count;
}

void handover_fill(struct handover_space *out, gpa_t base, const struct memory_map *map,
		   const struct handover_parts *parts)
{
	struct lintel_handover *head = &out->head;
	memset(out, 0, sizeof(*out));
	head->magic = LINTEL_HANDOVER_MAGIC;
	head->version = LINTEL_HANDOVER_VERSION;
	head->size = sizeof(*head);
	head->flags = parts->flags;
	head->gpa_width = parts->gpa_width;
	head->vcpu_count = parts->vcpu_count;
	head->range_count = fill_ranges(out->ranges, map, parts);
	head->ranges = base.v + offsetof(struct handover_space, ranges);
	head->payload = parts->payload.base.v;
	head->payload_size = parts->payload.size;
	head->initrd = parts->initrd.v;
	head->initrd_size = parts->initrd_size;
	head->cmdline = parts->cmdline.v;
	head->rsdp = parts->rsdp.v;
	head->page_table = HANDOVER_TABLES;
	head->unaccepted = parts->memory_left ? UNACCEPTED_TABLE : 0;
	if (parts->mailbox == NULL) {
		return;
	}
	head->apic_ids = base.v + offsetof(struct handover_space, apic_ids);
	head->event_log = EVENT_LOG;
	head->event_log_size = EVENT_LOG_SIZE;
	head->mailbox = MAILBOX;
	head->reset_vector = parts->reset_vector.v;
	head->ap_table = AP_TABLE;
	CHECK(parts->vcpu_count <= MAILBOX_MAX_VCPUS);
	for (uint32_t i = 0; i < parts->vcpu_count; i++) {
		out->apic_ids[i] = parts->mailbox->arrived[i] - 1;
	}
}
