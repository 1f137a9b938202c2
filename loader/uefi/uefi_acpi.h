// The firmware's ACPI tables with another MADT: one whose wake-up structure names our mailbox.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The firmware's own tables stay as they are. Copied are RSDP, root table and MADT; all others are
// named by the copy of the root table as by its original.
#pragma once

#include <stdint.h>

#include "arch/acpi/sdt.h"
#include "arch/base/addr.h"
#include "arch/base/status.h"
#include "arch/tdx/mailbox.h"

struct uefi_acpi {
	const struct acpi_header *root; /* XSDT, or RSDT where there is none */
	const struct acpi_madt *madt;
	uint64_t mailbox; /* the firmware's; 0: none */
	/* x2APIC ids of the processors that are enabled. */
	unsigned cpu_count;
	uint32_t ids[MAILBOX_MAX_VCPUS];
};

struct uefi_acpi_fault {
	const char *field;
	uint64_t value;
	uint64_t address; /* of the table, or the RSDP */
	const char *rule; /* one clause for people */
};

/* Reads the tables of an RSDP; memory is mapped one to one. ST_BAD_FORMAT: a table breaks its own
 * rules; ST_NOT_FOUND: there is no MADT; ST_NO_SPACE: more than can be copied, or more processors
 * than the mailbox has room for. */
enum status uefi_acpi_read(gpa_t rsdp, struct uefi_acpi *out,
			   struct uefi_acpi_fault *fault) MUST_CHECK;

/* Bytes of copies of RSDP, root table and MADT. */
uint64_t uefi_acpi_size(const struct uefi_acpi *acpi);

/* Writes copies of RSDP (first), root table and MADT at out, for an OS that finds them at base. */
void uefi_acpi_copy(const struct uefi_acpi *acpi, gpa_t mailbox, gpa_t reset_vector, void *out,
		    gpa_t base);
