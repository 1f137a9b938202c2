// What the firmware told the payload: boot_params, memory map, ACPI.
// SPDX-License-Identifier: BSD-2-Clause-Patent
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/acpi/sdt.h"
#include "arch/linux/boot_params.h"
#include "arch/x86/desc.h"

#define INFO_MAX_CPUS 255

/* CPU state at the 64-bit entry. */
struct entry_state {
	uint64_t cr0, cr3, cr4, efer, rflags;
	struct desc_pointer idt; /* the firmware's */
};

struct info {
	const struct linux_boot_params *params;
	const char *cmdline;
	struct entry_state entry;
	uint32_t apic_ids[INFO_MAX_CPUS]; /* enabled CPUs in MADT order */
	unsigned cpu_count;
	uint64_t mailbox; /* 0: the MADT has no wake-up structure */
	uint64_t reset_vector;
	const struct acpi_ccel *ccel; /* NULL: there is no such table */
};

/* Reads all of it; the ACPI tables' checksums are tested on the way. */
void info_read(struct info *info, const struct linux_boot_params *params,
	       const struct entry_state *entry);

/* The value of "NAME=" on the command line, up to the next space: its length, or 0. name includes
 * the "=". */
unsigned info_option(const struct info *info, const char *name, const char **value);
/* A decimal value, or 0x and a hexadecimal one; the given one where the option is absent. */
uint64_t info_option_number(const struct info *info, const char *name, uint64_t absent);

/* The e820 type of the page at address; 0 where no entry covers it. */
uint32_t info_memory_type(const struct info *info, uint64_t address);
