// What the shim hands over: the record that the steps of a boot fill, whatever the payload is.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "shim/payload/handover.h"

static void reserve(struct handover *handover, uint64_t base, uint64_t size, uint32_t type)
{
	handover->reserved[handover->reserved_count++] =
		(struct e820_overlay){ { gpa(base), size }, type };
}

void handover_reserve(struct handover *handover, bool td, uint32_t acpi_used)
{
	handover->reserved_count = 0;
	if (acpi_used > 0) {
		reserve(handover, ACPI_ARENA, align_up(acpi_used, MEM_PAGE_SIZE), E820_ACPI);
	}
	if (td) {
		reserve(handover, EVENT_LOG, EVENT_LOG_SIZE, E820_NVS);
		/* The mailbox page, and around it in the image what an AP runs on when it comes
		 * back: park loop, AP table, GDT. Type 4, as type 2 would be mapped shared. */
		reserve(handover, AP_TABLE, FOUR_GIB - AP_TABLE, E820_NVS);
	}
}
