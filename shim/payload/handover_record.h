// What the shim hands over: the record that the steps of a boot fill, whatever the payload is.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/addr.h"
#include "loader/memory/regions.h"

struct handover {
	gpa_t entry;             /* of 64-bit code */
	gpa_t argument;          /* what the entry finds in RSI and RDI */
	struct gpa_range window; /* writable and executable: the payload and what it unpacks */
	gpa_t cr3;               /* the hand-over table, which has that window */
	gpa_t rsdp;              /* 0: no ACPI tables, so that no AP can be woken */
	/* What the payload must leave alone, and its type in an e820 table. */
	unsigned reserved_count;
	struct e820_overlay reserved[REGIONS_RESERVED_MAX];
};
