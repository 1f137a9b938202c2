// What the shim hands over: the record that the steps of a boot fill, whatever the payload is.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/base/addr.h"
#include "linker/memmap.h"
#include "loader/memory/e820.h"

/* Use of the hand-off window, up to HANDOFF_TABLES. */
#define HANDOFF_BOOT_PARAMS HANDOFF_PAGES
#define HANDOFF_CMDLINE (HANDOFF_PAGES + 0x1000)
#define HANDOFF_CMDLINE_SIZE 0xF000
/* The setup part of a kernel that the host hands over; only until the kernel is loaded. */
#define HANDOFF_SETUP (HANDOFF_PAGES + 0x10000)
#define HANDOFF_SETUP_SIZE 0x20000

#define HANDOVER_RESERVED_MAX 3

struct handover {
	gpa_t entry;             /* of 64-bit code */
	gpa_t rsi;               /* what the entry finds in RSI */
	struct gpa_range window; /* writable and executable: the payload and what it unpacks */
	gpa_t cr3;               /* the hand-over table, which has that window */
	gpa_t rsdp;              /* 0: no ACPI tables, so that no AP can be woken */
	/* What the payload must leave alone, and its type in an e820 table. */
	unsigned reserved_count;
	struct e820_overlay reserved[HANDOVER_RESERVED_MAX];
};

/*
 * Reserves what has to stay as it is when the shim is gone. acpi_used: bytes of the ACPI arena with
 * tables in them. td: APs wait in the image, and there is an event log.
 */
void handover_reserve(struct handover *handover, bool td, uint32_t acpi_used);
