// Judges the tables that a host gives a TD: which of them the kernel gets, and where they may lead.
// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// The files of tables are measured, so a table's own bytes are never a surprise. What they lead to
// would be: the kernel follows an address, and nobody has measured what is there.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/acpi/sdt.h"
#include "arch/base/addr.h"
#include "arch/base/status.h"

/* Where the tables go. memory is how the shim reaches base, which is page aligned. */
struct acpi_arena {
	uint8_t *memory;
	gpa_t base;
	uint32_t size;
	uint32_t used;
};

/* Part of a refusal: a table by the four characters of its signature, "%c%c%c%c". */
#define ACPI_CHARACTERS(signature)                                              \
	(char)(signature), (char)((signature) >> 8), (char)((signature) >> 16), \
		(char)((signature) >> 24)

/* What becomes of a table that RSDT or XSDT lists. */
enum acpi_verdict {
	ACPI_DROPPED,
	ACPI_KEPT,
	ACPI_CODE, /* kept: AML, which the kernel runs */
};
enum acpi_verdict acpi_verdict_on(uint32_t signature);

/* Does [offset, offset + size) lie in [0, limit)? */
static inline bool acpi_fits(uint64_t offset, uint64_t size, uint64_t limit)
{
	return offset <= limit && size <= limit - offset;
}

/* A table that lies whole in the used part of the arena and whose bytes add up to 0. */
enum status acpi_table_at(const struct acpi_arena *arena, uint64_t address,
			  struct acpi_header **out) MUST_CHECK;

/*
 * What a kept table says about other places. FADT: FACS and DSDT are none or whole tables in the
 * arena, both fields of each agree; its registers are no memory. TPM2: its log lies in the arena.
 */
enum status acpi_table_check(const struct acpi_arena *arena,
			     const struct acpi_header *table) MUST_CHECK;
